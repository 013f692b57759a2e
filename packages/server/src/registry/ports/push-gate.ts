import type { Digest } from '@entrepot/oci/digest';
import { RegistryError } from '#kernel/errors';
import type { Transaction } from '#kernel/transaction';
import type { PushedContent, PushPlace, PushPolicy, PushVerdict, Refused } from './push-policy.ts';

/**
 * Asks for the content, in the transaction that gives it to the repository. Throws what a policy refuses with. Who
 * pushes manifests calls what it answers with when they are written: some policies judge by that.
 */
export type Admit = (tx: Transaction, content: PushedContent) => Promise<() => Promise<void>>;

/** The bytes that an upload may have. */
export interface Room {
  readonly bytes: number;
  /** Throws when the upload would have more. */
  assert(size: number): void;
}

/** Asks every policy that has a say in pushes. The first that refuses decides; its code and message are thrown. */
export interface PushGate {
  openUpload(place: PushPlace): Promise<void>;
  roomOf(place: PushPlace, digest?: Digest): Promise<Room>;
  /**
   * Runs a push, which asks for its content by `admit`. Answers also with what the policies warn of; tells the policy
   * that refused, when the push is undone.
   */
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

/** Whether a policy refused a push with it. */
export function isPushRefused(error: unknown): boolean {
  return error instanceof PushRefused;
}

export function createPushGate(policies: readonly PushPolicy[]): PushGate {
  async function telling<T>(place: PushPlace, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof PushRefused) {
        // Refused it is, whether others get to know or not.
        await error.policy.refused(place, error.verdict).catch(() => undefined);
      }
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
    async roomOf(place, digest) {
      let bytes = Number.POSITIVE_INFINITY;
      let refuse = (_size: number): PushRefused | undefined => undefined;
      for (const policy of policies) {
        const room = await policy.roomOf(place, digest);
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
          const confirms = new Map<PushPolicy, () => Promise<PushVerdict>>();
          const heed = (policy: PushPolicy, verdict: PushVerdict) => {
            if (verdict.kind === 'refused') throw new PushRefused(policy, verdict);
            if (verdict.warning === undefined) warnings.delete(policy);
            else warnings.set(policy, verdict.warning);
            return verdict.confirm;
          };
          for (const policy of policies) {
            const confirm = heed(policy, await policy.admit(tx, place, content));
            if (confirm !== undefined) confirms.set(policy, confirm);
          }
          return async () => {
            for (const [policy, confirm] of confirms) heed(policy, await confirm());
          };
        }),
      );
      for (const [policy, warning] of warnings) {
        // The push is made; what fails here is told by the next one.
        await policy.warned(place, warning).catch(() => undefined);
      }
      return { result, warnings: [...warnings.values()] };
    },
  };
}
