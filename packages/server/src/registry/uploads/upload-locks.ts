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

interface Lease {
  readonly upload: Upload;
  /** Lets go, and stores how far the upload is where it is still there. */
  release(progress: UploadProgress | undefined): Promise<void>;
}

export interface UploadLocks {
  /** Takes an upload for one request. `busy` while another one has it, undefined when there is no such upload. */
  take(key: UploadKey): Promise<Lease | 'busy' | undefined>;
  /** Whether a request of this process has the upload now. */
  holds(id: string): boolean;
}

/** For a process that serves alone: what it holds, it knows itself. */
export function createOwnLocks(deps: { store: UploadStore; transact: Transact; clock: Clock }): UploadLocks {
  const { store, transact, clock } = deps;
  const held = new Set<string>();

  async function take(key: UploadKey): Promise<Lease | undefined> {
    const upload = await store.find(key);
    if (upload === undefined) return undefined;
    return {
      upload,
      async release(progress) {
        try {
          const moved = progress !== undefined && (progress.size !== upload.size || progress.stage !== upload.stage);
          if (moved) await transact((tx) => store.save(tx, key.id, { ...progress, at: clock() }), { durable: false });
        } finally {
          held.delete(key.id);
        }
      },
    };
  }

  return {
    holds: (id) => held.has(id),
    async take(key) {
      if (held.has(key.id)) return 'busy';
      held.add(key.id);
      let lease: Lease | undefined;
      try {
        lease = await take(key);
      } finally {
        if (lease === undefined) held.delete(key.id);
      }
      return lease;
    },
  };
}

/** For processes and replicas that share a database: the upload's row says who has it, for as long as he says so. */
export function createSharedLocks(deps: {
  store: UploadStore;
  transact: Transact;
  clock: Clock;
  newId: NewId;
}): UploadLocks {
  const { store, transact, clock, newId } = deps;
  async function take(key: UploadKey): Promise<Lease | 'busy' | undefined> {
    const lockId = newId();
    const taken = await transact((tx) => store.lock(tx, key, { id: lockId, now: clock(), until: clock() + leaseMs }), {
      durable: false,
    });
    if (taken === undefined || taken === 'busy') return taken;
    const renewal = setInterval(() => {
      transact((tx) => store.renewLock(tx, key.id, lockId, clock() + leaseMs), { durable: false }).catch(
        () => undefined,
      );
    }, renewMs);
    return {
      upload: taken,
      async release(progress) {
        clearInterval(renewal);
        if (progress === undefined) return;
        await transact((tx) => store.saveAndUnlock(tx, key.id, lockId, { ...progress, at: clock() }), {
          durable: false,
        });
      },
    };
  }
  // The rows say so, and whoever looks for old uploads reads them.
  return { take, holds: () => false };
}

/**
 * Runs work on an upload that no other request touches meanwhile. Fails with `upload-not-found`, which is also what
 * somebody else's upload looks like, or with `upload-busy`.
 */
export async function withUpload<T>(locks: UploadLocks, key: UploadKey, work: LockedWork<T>): Promise<T> {
  const lease = await locks.take(key);
  if (lease === undefined) throw new RegistryError('upload-not-found', `There is no upload ${key.id} here.`);
  if (lease === 'busy') {
    throw new RegistryError('upload-busy', 'Another request is writing to this upload.', { retryAfter: 1 });
  }
  let now: UploadProgress | undefined = { size: lease.upload.size, stage: lease.upload.stage };
  try {
    return await work(
      lease.upload,
      (progress) => {
        now = progress;
      },
      () => {
        now = undefined;
      },
    );
  } finally {
    await lease.release(now);
  }
}
