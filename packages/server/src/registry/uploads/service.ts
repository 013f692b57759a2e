import { type Digest, type DigestAlgorithm, digestAlgorithm } from '@entrepot/oci/digest';
import type { InclusiveRange } from '@entrepot/oci/range';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { NewId } from '#kernel/ids';
import type { Transact, Transaction } from '#kernel/transaction';
import type { BlobStore, StageState } from '#platform/blobs';
import type { BlobRecords } from '#registry/blobs';
import { type Admit, isPushRefused, type PushGate } from '#registry/ports';
import type { RepositoryStore } from '#registry/repositories';
import { createRunningHashes, finishHash, type RunningHash } from './running-hashes.ts';
import type { Upload, UploadKey, UploadStore } from './store.ts';
import { createOwnLocks, createSharedLocks, withUpload } from './upload-locks.ts';

/** Bytes a request brings, with what it says about them. */
export interface Chunk {
  readonly source: AsyncIterable<Uint8Array>;
  /** From `Content-Range`: where the bytes belong. Absent in a stream, whose bytes go at the end. */
  readonly range?: InclusiveRange;
  readonly contentLength?: number;
}

export interface Uploads {
  /** Opens an upload in the repository, which is made if it is not there. Fails with `too-many-requests` beyond the limit. */
  begin(where: Omit<UploadKey, 'id'>, algorithm: DigestAlgorithm): Promise<UploadKey>;
  /** How many bytes the upload holds. Fails with `upload-not-found`. */
  status(key: UploadKey): Promise<{ readonly size: number }>;
  /**
   * Adds bytes at the end. Fails with `upload-range-invalid` and adds nothing when they belong elsewhere. When the
   * sender breaks off, what arrived is kept and counts. When a push policy refuses more bytes, the upload is gone.
   */
  append(key: UploadKey, chunk: Chunk): Promise<{ readonly size: number }>;
  /**
   * Adds the last bytes, if any, and makes the upload a blob of the repository: durable when this resolves. Fails with
   * `digest-mismatch` when the bytes are others, or with what a push policy refuses them for, and the upload is gone.
   */
  finish(
    key: UploadKey,
    digest: Digest,
    chunk: Chunk | undefined,
  ): Promise<{ readonly size: number; readonly warnings: readonly string[] }>;
  /** Gives the upload up. Fails with `upload-not-found`. */
  cancel(key: UploadKey): Promise<void>;
  /** Removes uploads that nobody touched for so long, and what `dropAbandoned` left; answers how many. */
  purge(olderThanMs: number): Promise<number>;
  /**
   * Drops the bytes of uploads that went with their project; answers of how many. Those that a request still writes to
   * stay for the next time. Rejects when the store did not drop some; they stay as well.
   */
  dropAbandoned(): Promise<number>;
  /** Lets go of all uploads that requests of an earlier life of this process held. */
  releaseAll(): Promise<void>;
}

export interface UploadsDeps {
  readonly store: UploadStore;
  readonly blobs: BlobRecords;
  readonly repositories: RepositoryStore;
  readonly bytes: BlobStore;
  readonly gate: PushGate;
  readonly transact: Transact;
  readonly clock: Clock;
  readonly newId: NewId;
  /** Uploads open at once: of one account, and of all. */
  readonly maxOpenPerOwner: number;
  readonly maxOpen: number;
  /** Whether no other process writes to this database. */
  readonly alone: boolean;
}

/** The bytes that an upload may have. */
type Room = Awaited<ReturnType<PushGate['roomOf']>>;

/** Stages that are dropped side by side. */
const abandonedPerRound = 20;

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** Stops at the first bytes that are too many. */
async function* onlyWithin(room: Room, size: number, source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let now = size;
  for await (const part of source) {
    now += part.length;
    room.assert(now);
    yield part;
  }
}

const notFound = (id: string) => new RegistryError('upload-not-found', `There is no upload ${id} here.`);

/** Whether the bytes that arrived are not what was announced, and never will be. */
const isSpoilt = (error: unknown) =>
  error instanceof RegistryError && (error.code === 'digest-mismatch' || error.code === 'size-invalid');

export function createUploads(deps: UploadsDeps): Uploads {
  const { store, blobs, repositories, bytes, gate, transact, clock, newId } = deps;
  const hashes = createRunningHashes();
  const locks = deps.alone ? createOwnLocks(deps) : createSharedLocks(deps);

  function assertFits(upload: Upload, { range, contentLength }: Chunk): void {
    if (range === undefined) return;
    if (range.first !== upload.size) {
      throw new RegistryError(
        'upload-range-invalid',
        `The next byte of this upload is ${upload.size}, not ${range.first}.`,
        {
          detail: { size: upload.size },
        },
      );
    }
    const length = range.last - range.first + 1;
    if (contentLength !== undefined && contentLength !== length) {
      throw new RegistryError('size-invalid', `Content-Range names ${length} bytes, Content-Length ${contentLength}.`);
    }
  }

  /** Takes the bytes in; answers with the upload as it is then. A failure of the sender is thrown after `progress` was told. */
  async function take(
    upload: Upload,
    algorithm: DigestAlgorithm,
    chunk: Chunk,
    room: Room,
    progress: (now: { size: number; stage: StageState }) => void,
  ): Promise<{ size: number; stage: StageState; running: RunningHash | undefined }> {
    assertFits(upload, chunk);
    if (chunk.contentLength !== undefined) room.assert(upload.size + chunk.contentLength);
    const source = Number.isFinite(room.bytes) ? onlyWithin(room, upload.size, chunk.source) : chunk.source;
    const running = hashes.take(upload.id, algorithm, upload.size);
    const appended = await bytes.append(upload.id, upload.stage, upload.size, source, (part) => {
      running?.hash.update(part);
      if (running !== undefined) running.size += part.length;
    });
    const size = upload.size + appended.written;
    const { range } = chunk;
    if (range !== undefined && appended.failure === undefined && appended.written !== range.last - range.first + 1) {
      // The progress stays where it was: the next append starts there and drops what came now.
      throw new RegistryError(
        'size-invalid',
        `Content-Range names ${range.last - range.first + 1} bytes, ${appended.written} arrived.`,
      );
    }
    progress({ size, stage: appended.state });
    if (appended.failure !== undefined) {
      if (running?.size === size) hashes.put(upload.id, running);
      throw appended.failure;
    }
    return { size, stage: appended.state, running };
  }

  /**
   * The upload as it stands. Where the hash was lost, a killed process or a refused chunk may have left bytes beyond the
   * recorded end: an empty append cuts them off.
   */
  async function settle(upload: Upload, algorithm: DigestAlgorithm) {
    const { id, size, stage } = upload;
    const running = hashes.take(id, algorithm, size);
    if (running !== undefined && size > 0) return { size, stage, running };
    const { state } = await bytes.append(id, stage, size, nothing(), () => undefined);
    return { size, stage: state, running };
  }

  async function drop(id: string, stage: StageState): Promise<void> {
    hashes.forget(id);
    await bytes.cancel(id, stage);
    await transact((tx) => store.delete(tx, id), { durable: false });
  }

  async function dropAbandoned(): Promise<number> {
    let dropped = 0;
    let failure: PromiseRejectedResult | undefined;
    for (let after: string | undefined = ''; after !== undefined; ) {
      const listed = await store.listAbandoned(clock(), after, abandonedPerRound);
      const free = listed.filter(({ id }) => !locks.holds(id));
      const outcomes = await Promise.allSettled(
        free.map(async ({ id, stage }) => {
          hashes.forget(id);
          await bytes.cancel(id, stage);
          await transact((tx) => store.deleteAbandoned(tx, id), { durable: false });
        }),
      );
      dropped += outcomes.filter(({ status }) => status === 'fulfilled').length;
      failure ??= outcomes.find((outcome) => outcome.status === 'rejected');
      after = listed.at(abandonedPerRound - 1)?.id;
    }
    if (failure !== undefined) throw failure.reason;
    return dropped;
  }

  /** Makes the staged bytes a blob of the repository and ends the upload, in one transaction. */
  async function keep(
    upload: Upload,
    digest: Digest,
    size: number,
    stage: StageState,
    verified: boolean,
    admit: Admit,
  ): Promise<void> {
    const end = async (tx: Transaction, blobId: number) => {
      await admit(tx, { blobs: [{ digest, size }] });
      if (!(await store.delete(tx, upload.id))) throw notFound(upload.id);
      await blobs.link(tx, upload.repositoryId, blobId, clock());
    };
    // Whoever uploaded all bytes of a blob we hold needs no second copy of it.
    if (verified && (await blobs.findAnywhere(digest)) !== undefined) {
      const known = await transact(async (tx) => {
        const id = await blobs.touch(tx, digest, clock());
        if (id !== undefined) await end(tx, id);
        return id !== undefined;
      });
      if (known) return bytes.cancel(upload.id, stage);
    }
    const location = await bytes.commit(upload.id, stage, { digest, size, verified });
    let added = false;
    try {
      await transact(async (tx) => {
        const blob = await blobs.insert(tx, { digest, size, location, at: clock() });
        await end(tx, blob.id);
        added = blob.added;
      });
    } finally {
      // Not in the database, or a push of the same content was first: these bytes are nobody's.
      if (!added) await bytes.delete(location);
    }
  }

  return {
    async begin(where, algorithm) {
      await gate.openUpload(where);
      if ((await store.countOpen()) >= deps.maxOpen) {
        throw new RegistryError(
          'unavailable',
          `There are ${deps.maxOpen} uploads open, as many as this registry allows.`,
          {
            retryAfter: 60,
          },
        );
      }
      const id = newId();
      const stage = await bytes.create(id);
      try {
        await transact(
          async (tx) => {
            if ((await store.countOf(tx, where.owner)) >= deps.maxOpenPerOwner) {
              throw new RegistryError(
                'too-many-requests',
                `You have ${deps.maxOpenPerOwner} uploads open: finish or cancel some.`,
                { retryAfter: 60 },
              );
            }
            const repositoryId = await repositories.ensure(tx, where.projectId, where.repository, clock());
            await store.insert(tx, { id, repositoryId, algorithm, size: 0, stage, owner: where.owner, at: clock() });
          },
          { durable: false },
        );
      } catch (error) {
        await bytes.cancel(id, stage);
        throw error;
      }
      return { ...where, id };
    },

    async status(key) {
      const upload = await store.find(key);
      if (upload === undefined) throw notFound(key.id);
      return { size: upload.size };
    },

    append: (key, chunk) =>
      withUpload(locks, key, async (upload, progress, ended) => {
        const taken = await gate.through(key, async () => {
          try {
            return await take(upload, upload.algorithm, chunk, await gate.roomOf(key), progress);
          } catch (error) {
            if (isPushRefused(error)) {
              await drop(upload.id, upload.stage);
              ended();
            }
            throw error;
          }
        });
        const { size, running } = taken.result;
        if (running !== undefined) hashes.put(upload.id, running);
        return { size };
      }),

    finish: (key, digest, chunk) =>
      withUpload(locks, key, async (upload, progress, ended) => {
        // Nothing is hashed yet in an empty upload, so the digest decides how.
        const algorithm = upload.size === 0 ? digestAlgorithm(digest) : upload.algorithm;
        let { stage } = upload;
        let whole = false;
        const { result, warnings } = await gate.through(key, async (admit) => {
          try {
            const room = await gate.roomOf(key, digest);
            const taken =
              chunk === undefined
                ? await settle(upload, algorithm)
                : await take(upload, algorithm, chunk, room, (now) => {
                    stage = now.stage;
                    progress(now);
                  });
            const { size, running } = taken;
            stage = taken.stage;
            whole = true;
            room.assert(size);
            const verified =
              running !== undefined && running.algorithm === digestAlgorithm(digest) && running.size === size;
            if (verified && finishHash(running) !== digest) {
              throw new RegistryError('digest-mismatch', `The ${size} bytes received are not ${digest}.`);
            }
            await keep(upload, digest, size, stage, verified, admit);
            ended();
            return size;
          } catch (error) {
            if (isPushRefused(error) || (whole && isSpoilt(error))) {
              await drop(upload.id, stage);
              ended();
            }
            throw error;
          }
        });
        return { size: result, warnings };
      }),

    cancel: (key) =>
      withUpload(locks, key, async (upload, _progress, ended) => {
        await drop(upload.id, upload.stage);
        ended();
      }),

    releaseAll: () => transact((tx) => store.unlockAll(tx), { durable: false }),

    dropAbandoned,

    async purge(olderThanMs) {
      let purged = 0;
      for (;;) {
        const now = clock();
        const stale = await store.listStale(now - olderThanMs, now, 100);
        const free = stale.filter((upload) => !locks.holds(upload.id));
        for (const upload of free) await drop(upload.id, upload.stage);
        purged += free.length;
        if (stale.length < 100 || free.length === 0) return purged + (await dropAbandoned());
      }
    },
  };
}
