import { isIPv6 } from 'node:net';
import { anonymous, type UserActor } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { Transact } from '#kernel/transaction';
import { createExpiring } from '#platform/cache';
import { createSecretDigest, type PasswordHasher } from '#platform/crypto';
import type { Eventually } from '#kernel/eventually';
import type { Audit } from '#tenancy/audit';
import type { UserStore } from '#tenancy/users';
import { failuresKeptSince, waitOf } from './back-off.ts';
import { createLocalAuthenticator } from './local-authenticator.ts';
import type { LoginFailureStore } from './store.ts';
import type { Authenticator, LoginOrigin, LoginVerdict } from './types.ts';

export interface Logins {
  /**
   * Checks a name and password. A verdict is kept for half a minute, so that a client that sends its password with each
   * request pays for the hash once. Fails with `unauthorized`, the same for a wrong name and a wrong password, and with
   * `login-throttled` after too many failures of this name from this address, longer each time. Fails with `unavailable`, which counts as
   * no failure, when the place that knows the account cannot say.
   */
  signIn(name: string, password: string, origin: LoginOrigin): Eventually<UserActor>;
  /** Forgets every verdict, after an account was changed on this node. */
  forget(): void;
}

export interface LoginsDeps {
  readonly users: Pick<UserStore, 'find'>;
  /** Other places that know accounts, asked in this order for those that are not ours. */
  readonly elsewhere?: readonly Authenticator[];
  readonly failures: LoginFailureStore;
  readonly transact: Transact;
  readonly hasher: PasswordHasher;
  readonly audit: Pick<Audit, 'note' | 'noteRefusal'>;
  readonly clock: Clock;
  readonly attempts: number;
  readonly windowMs: number;
}

/** A disabled user or a changed password is noticed after so long at most. */
const verdictTtlMs = 30_000;
const longestName = 255;

export function createLogins(deps: LoginsDeps): Logins {
  const { failures, transact, hasher, audit, clock } = deps;
  const places = [createLocalAuthenticator(deps), ...(deps.elsewhere ?? [])];
  const verdicts = createExpiring<UserActor>({ capacity: 10_000, ttlMs: verdictTtlMs, clock });
  const digest = createSecretDigest();
  /** Checks under way: a client that opens ten connections at once pays for one hash. */
  const pending = new Map<string, Promise<UserActor>>();

  /** How many guesses at each name from each network are being checked now. */
  const guesses = new Map<string, number>();

  function beginGuess(at: string): Disposable & { readonly beside: number } {
    const beside = guesses.get(at) ?? 0;
    guesses.set(at, beside + 1);
    const end = () => {
      const left = (guesses.get(at) ?? 1) - 1;
      if (left > 0) guesses.set(at, left);
      else guesses.delete(at);
    };
    return { beside, [Symbol.dispose]: end };
  }

  /** Asks one place after another until one knows the account. */
  async function ask(name: string, password: string, origin: LoginOrigin): Promise<LoginVerdict> {
    for (const place of places) {
      const verdict = await place.signIn(name, password, origin);
      if (verdict !== 'unknown') return verdict;
    }
    // Nobody's password takes as long as somebody's.
    await hasher.verify(password, undefined);
    return 'refused';
  }

  async function check(key: string, name: string, password: string, origin: LoginOrigin): Promise<UserActor> {
    const network = networkOf(origin.address);
    const since = clock() - deps.windowMs;
    // No account has a longer name or one with a NUL, which PostgreSQL refuses; such guesses are counted all the same.
    const tried = name.slice(0, longestName).replaceAll('\0', '\ufffd');
    // Directories take a name in any case; each would give as many guesses again.
    const counted = tried.toLowerCase();
    using guess = beginGuess(`${network} ${counted}`);
    const told = await failures.tell(counted, network, { since, keptSince: failuresKeptSince(clock(), deps.windowMs) });
    const wait = waitOf({ ...told, recent: told.recent + guess.beside }, clock(), deps);
    if (wait > 0) {
      audit.noteRefusal({
        action: 'login',
        asker: { actor: anonymous, address: origin.address, requestId: origin.requestId },
        resource: tried,
        outcome: 'failure',
        detail: { error: 'login-throttled' },
      });
      throw new RegistryError('login-throttled', 'Too many failed sign-ins from this address; try again later.', {
        retryAfter: Math.ceil(wait / 1000),
      });
    }
    // What no account can be called is asked of nobody.
    const known = tried === name ? ask(name, password, origin) : hasher.verify(password, undefined).then(refuse);
    const verdict = await known;
    const asker = { actor: anonymous, address: origin.address, requestId: origin.requestId };
    if (verdict === 'unavailable') {
      const detail = { error: 'unavailable' };
      audit.noteRefusal({ action: 'login', asker, resource: tried, outcome: 'failure', detail });
      throw new RegistryError(
        'unavailable',
        'The directory that knows this account does not answer, so nothing can be said about the password. Try again later; local accounts are not affected.',
        { retryAfter: 30 },
      );
    }
    const actor = typeof verdict === 'string' ? undefined : verdict;
    audit.note({
      action: 'login',
      asker: { ...asker, actor: actor ?? anonymous },
      resource: tried,
      outcome: actor === undefined ? 'failure' : 'success',
    });
    if (actor === undefined) {
      const failure = {
        userName: counted,
        address: network,
        at: clock(),
        forgetBefore: failuresKeptSince(clock(), deps.windowMs),
      };
      await transact((tx) => failures.insert(tx, failure), { durable: false });
      throw new RegistryError('unauthorized', 'The user name or password is not right.');
    }
    verdicts.set(key, actor);
    return actor;
  }

  return {
    forget: () => verdicts.clear(),
    signIn(name, password, origin) {
      const key = digest(`${name}\u0000${password}`);
      const known = verdicts.get(key);
      if (known !== undefined) return known;
      const running = pending.get(key);
      if (running !== undefined) return running;
      const checking = check(key, name, password, origin).finally(() => pending.delete(key));
      pending.set(key, checking);
      return checking;
    },
  };
}

const refuse = (): LoginVerdict => 'refused';

/** One household or server has a whole IPv6 /64 to itself; counting single addresses there would count nothing. */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const groups = [...left, ...Array.from({ length: zeros }, () => '0'), ...right];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
