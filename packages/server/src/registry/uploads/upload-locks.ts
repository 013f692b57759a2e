import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { NewId } from '#kernel/ids';
import type { Transact } from '#kernel/transaction';
import type { StageState } from '#platform/blobs';
import type { Upload, UploadKey, UploadStore } from './store.ts';

/** A request that died holds an upload for so long; one that lives says so three times in between. */
const leaseMs = 30_000;
const renewMs = 10_000;

export interface UploadProgress {
  readonly size: number;
  readonly stage: StageState;
}

export type LockedWork<T> = (
  upload: Upload,
  /** Says how far the upload is; stored when the work ends, whichever way it ends. */
  progress: (now: UploadProgress) => void,
  /** Says that there is no such upload any more. */
  ended: () => void,
) => Promise<T>;

/**
 * Runs work on an upload that no other request touches meanwhile, here or on another node. Fails with
 * `upload-not-found`, which is also what somebody else's upload looks like, or with `upload-busy`.
 */
export function createUploadLocks(deps: { store: UploadStore; transact: Transact; clock: Clock; newId: NewId }) {
  const { store, transact, clock, newId } = deps;
  return async <T>(key: UploadKey, work: LockedWork<T>): Promise<T> => {
    const lockId = newId();
    const taken = await transact((tx) => store.lock(tx, key, { id: lockId, now: clock(), until: clock() + leaseMs }), {
      durable: false,
    });
    if (taken === undefined) throw new RegistryError('upload-not-found', `There is no upload ${key.id} here.`);
    if (taken === 'busy') {
      throw new RegistryError('upload-busy', 'Another request is writing to this upload.', { retryAfter: 1 });
    }
    const renewal = setInterval(() => {
      transact((tx) => store.renewLock(tx, key.id, lockId, clock() + leaseMs), { durable: false }).catch(
        () => undefined,
      );
    }, renewMs);
    let now: UploadProgress = { size: taken.size, stage: taken.stage };
    let open = true;
    try {
      return await work(
        taken,
        (progress) => {
          now = progress;
        },
        () => {
          open = false;
        },
      );
    } finally {
      clearInterval(renewal);
      if (open) {
        await transact((tx) => store.saveAndUnlock(tx, key.id, lockId, { ...now, at: clock() }), { durable: false });
      }
    }
  };
}
