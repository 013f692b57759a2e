import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import { createExpiring } from '#platform/cache';

/** So long after somebody made an account from an address, nobody makes another from it. */
const pauseMs = 30_000;

/** Keeps those who make their own accounts from making very many. */
export interface Registration {
  /** Fails with `too-many-requests`; otherwise the next from the address waits. */
  admit(address: string): void;
}

/** Each node counts for itself: a few more accounts are no harm, a flood would be. */
export function createRegistration({ clock }: { readonly clock: Clock }): Registration {
  const seen = createExpiring<number>({ capacity: 100_000, ttlMs: pauseMs, clock });
  return {
    admit(address) {
      // One client has a whole IPv6 /64.
      const network = address.includes(':') ? address.split(':').slice(0, 4).join(':') : address;
      const last = seen.get(network);
      if (last !== undefined) {
        const retryAfter = Math.max(1, Math.ceil((last + pauseMs - clock()) / 1000));
        throw new RegistryError('too-many-requests', `An account was just made from here; wait ${retryAfter} s.`, {
          retryAfter,
        });
      }
      seen.set(network, clock());
    },
  };
}
