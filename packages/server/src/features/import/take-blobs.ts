import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { type Digest, digestAlgorithm, digestHex } from '@entrepot/oci/digest';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { Transact } from '#kernel/transaction';
import {
  type AdoptedFile,
  type BlobAdopter,
  type BlobLocation,
  type BlobStore,
  identityOf,
  isBlobAdopter,
} from '#platform/blobs';
import { isFault, type Fault } from './fault.ts';
import type { ImportStore } from './store.ts';
import type { ImportOptions, SourceBlobs } from './types.ts';
import type { Verifier } from './verifier.ts';

/** Bytes that lie in the blob store and that no row names yet. */
export interface TakenBlob {
  readonly digest: Digest;
  readonly size: number;
  readonly location: BlobLocation;
  readonly how: 'linked' | 'copied';
  /** To be claimed by who records them; none where the store itself knows of bytes without a name. */
  readonly note: number | undefined;
}

export interface TakeBlobs {
  /** Brings files into the blob store, durable when this resolves. What cannot be had comes as a fault. */
  take(digests: readonly Digest[], source: SourceBlobs): Promise<Map<Digest, TakenBlob | Fault>>;
  /** Removes what was brought in and will not be recorded. */
  drop(blobs: readonly TakenBlob[]): Promise<void>;
}

export interface TakeBlobsDeps {
  readonly bytes: BlobStore;
  readonly store: Pick<ImportStore, 'reserve' | 'claim'>;
  readonly verifier: Verifier;
  readonly transact: Transact;
  readonly clock: Clock;
  readonly options: Pick<ImportOptions, 'how' | 'trustDigests' | 'jobs'>;
  /** Files of the source that changed before this time, in milliseconds, are on the disk. */
  readonly syncedBefore: number;
}

interface Candidate extends AdoptedFile {
  readonly digest: Digest;
}

export function createTakeBlobs(deps: TakeBlobsDeps): TakeBlobs {
  const { bytes, store, verifier, transact, clock, options } = deps;

  /** Those whose bytes are what they should be. */
  async function verify(digests: readonly Digest[], { folder, pathOf }: SourceBlobs, faults: Map<Digest, Fault>) {
    const files = digests.map((digest) => ({
      digest,
      root: folder.root,
      parts: pathOf(digest),
      syncedBefore: deps.syncedBefore,
    }));
    const verified = await verifier.verify(files);
    return digests.flatMap((digest, at): Candidate[] => {
      const one = verified[at];
      if (one !== undefined && !isFault(one)) return [{ digest, ...one }];
      if (one !== undefined) faults.set(digest, one);
      return [];
    });
  }

  /** Those that are there, whatever their bytes. */
  function look(digests: readonly Digest[], { folder, pathOf }: SourceBlobs, faults: Map<Digest, Fault>): Candidate[] {
    return digests.flatMap((digest) => {
      const file = folder.look(pathOf(digest));
      if (file === undefined || isFault(file)) {
        faults.set(digest, file ?? { reason: 'blob-missing', message: `The bytes of ${digest} are not there.` });
        return [];
      }
      const { path, stats } = file;
      if (Number(stats.ctimeMs) >= deps.syncedBefore) syncFile(path);
      return [{ digest, path, size: Number(stats.size), identity: identityOf(stats) }];
    });
  }

  async function adopt(store_: BlobAdopter, candidates: readonly Candidate[], faults: Map<Digest, Fault>) {
    const planned = candidates.map((file) => ({ file, location: store_.reserve(file.digest) }));
    const notes = await transact(
      (tx) =>
        store.reserve(
          tx,
          planned.map(({ file: { digest, size }, location }) => ({ digest, size, location })),
          clock(),
        ),
      { durable: false, unread: true },
    );
    const taken: TakenBlob[] = [];
    const unused: number[] = [];
    await inTurn(planned, options.jobs * 2, async ({ file, location }) => {
      const note = notes.get(location);
      try {
        const how = await store_.adopt(location, file, options.how);
        taken.push({ digest: file.digest, size: file.size, location, how, note });
      } catch (error) {
        faults.set(file.digest, toFault(error, file.digest));
        if (note !== undefined) unused.push(note);
      }
    });
    await store_.settle(taken.map(({ location }) => location));
    if (unused.length > 0) await transact((tx) => store.claim(tx, unused), { durable: false, unread: true });
    return taken;
  }

  /** For stores that take bytes only: read once, hashed on the way. */
  async function upload({ digest, path }: { digest: Digest; path: string }): Promise<TakenBlob> {
    const id = randomBytes(16).toString('hex');
    const fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK);
    const hash = options.trustDigests ? undefined : createHash(digestAlgorithm(digest));
    const stage = await bytes.create(id);
    const source = fs.createReadStream('', { fd, highWaterMark: 512 * 1024 });
    const { state, written, failure } = await bytes.append(id, stage, 0, source, (part) => hash?.update(part));
    try {
      if (failure !== undefined) throw failure;
      if (hash !== undefined && hash.digest('hex') !== digestHex(digest)) {
        throw new RegistryError('digest-mismatch', `The bytes under ${digest} have another digest.`);
      }
      const location = await bytes.commit(id, state, { digest, size: written, verified: true });
      return { digest, size: written, location, how: 'copied', note: undefined };
    } catch (error) {
      await bytes.cancel(id, state);
      throw error;
    }
  }

  return {
    async take(digests, source) {
      const result = new Map<Digest, TakenBlob | Fault>();
      const faults = new Map<Digest, Fault>();
      let taken: TakenBlob[] = [];
      if (isBlobAdopter(bytes)) {
        const files = options.trustDigests ? look(digests, source, faults) : await verify(digests, source, faults);
        taken = await adopt(bytes, files, faults);
      } else {
        await inTurn(look(digests, source, faults), options.jobs * 2, async (file) => {
          try {
            taken.push(await upload(file));
          } catch (error) {
            faults.set(file.digest, toFault(error, file.digest));
          }
        });
      }
      for (const blob of taken) result.set(blob.digest, blob);
      for (const [digest, fault] of faults) result.set(digest, fault);
      return result;
    },

    async drop(blobs) {
      for (const { location } of blobs) await bytes.delete(location);
      const notes = blobs.flatMap(({ note }) => note ?? []);
      if (notes.length > 0) await transact((tx) => store.claim(tx, notes), { durable: false, unread: true });
    },
  };
}

/** Bytes that were just written have to be on the disk before a row says that they are here. */
function syncFile(path: string): void {
  const fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK);
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** What ends the whole import is thrown: a full disk is nothing about one blob. */
function toFault(error: unknown, digest: Digest): Fault {
  const { code } = error as { code?: string };
  if (!(error instanceof RegistryError)) {
    if (code === 'ENOENT') return { reason: 'blob-missing', message: `The bytes of ${digest} are not there.` };
    if (code === 'ELOOP') return { reason: 'symbolic-link', message: `${digest} is a symbolic link.` };
    if (code === 'EACCES' || code === 'EPERM' || code === 'EIO') {
      return { reason: 'unreadable', message: `The bytes of ${digest} cannot be read: ${code}.` };
    }
    throw error;
  }
  const message = `${digest}: ${error.message}`;
  switch (error.code) {
    case 'blob-not-found':
      return { reason: 'blob-missing', message };
    case 'digest-mismatch':
      return { reason: 'blob-corrupt', message };
    case 'conflict':
      return { reason: 'blob-changed', message };
    case 'unsupported':
      return { reason: 'blob-refused', message };
    default:
      throw error;
  }
}

/** Does it to all of them, so many at a time. The first failure is thrown when the others that run have ended. */
async function inTurn<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<void>): Promise<void> {
  const rest = items[Symbol.iterator]();
  const lane = async () => {
    for (const item of rest) await work(item);
  };
  const ends = await Promise.allSettled(Array.from({ length: atOnce }, lane));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
