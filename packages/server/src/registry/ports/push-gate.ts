import { RegistryError } from '#kernel/errors';
import type { Transaction } from '#kernel/transaction';
import type { PushedContent, PushPlace, PushPolicy, Refused } from './push-policy.ts';

/** Asks for the content, in the transaction that gives it to the repository. Throws what a policy refuses with. */
export type Admit = (tx: Transaction, content: PushedContent) => Promise<void>;

/** Asks every policy that has a say in pushes. The first that refuses decides; its code and message are thrown. */
export interface PushGate {
  openUpload(place: PushPlace): Promise<void>;
  /** The bytes that an upload may have. `assert` throws when it would have more. */
  roomOf(place: PushPlace): Promise<{ readonly bytes: number; assert(size: number): void }>;
  /** Runs a push, which asks for its content by `admit`. Answers also with what the policies warn of. */
  through<T>(
    place: PushPlace,
    push: (admit: Admit) => Promise<T>,
  ): Promise<{ readonly result: T; readonly warnings: readonly string[] }>;
}

/** A refusal that knows who refused, for as long as it is inside the gate. */
class PushRefused extends RegistryError {
  readonly policy: PushPolicy;
  readonly verdict: Refused;
  constructor(policy: PushPolicy, verdict: Refused) {
    super(verdict.code, verdict.message);
    this.policy = policy;
    this.verdict = verdict;
  }
}

export function createPushGate(policies: readonly PushPolicy[]): PushGate {
  async function telling<T>(place: PushPlace, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof PushRefused) await error.policy.refused(place, error.verdict);
      throw error;
    }
  }

  return {
    openUpload: (place) =>
      telling(place, async () => {
        for (const policy of policies) {
          const verdict = await policy.openUpload(place);
          if (verdict.kind === 'refused') throw new PushRefused(policy, verdict);
        }
      }),
    async roomOf(place) {
      let bytes = Number.POSITIVE_INFINITY;
      let refuse = (_size: number): PushRefused | undefined => undefined;
      for (const policy of policies) {
        const room = await policy.roomOf(place);
        if (room.bytes >= bytes) continue;
        bytes = room.bytes;
        refuse = (size) => new PushRefused(policy, room.refuse(size));
      }
      return {
        bytes,
        assert(size) {
          const error = size > bytes ? refuse(size) : undefined;
          if (error !== undefined) throw error;
        },
      };
    },
    async through(place, push) {
      const warnings = new Map<PushPolicy, string>();
      const result = await telling(place, () =>
        push(async (tx, content) => {
          for (const policy of policies) {
            const verdict = await policy.admit(tx, place, content);
            if (verdict.kind === 'refused') throw new PushRefused(policy, verdict);
            if (verdict.warning === undefined) warnings.delete(policy);
            else warnings.set(policy, verdict.warning);
          }
        }),
      );
      for (const [policy, warning] of warnings) await policy.warned(place, warning);
      return { result, warnings: [...warnings.values()] };
    },
  };
}
