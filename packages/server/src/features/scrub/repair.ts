import type { Readable } from 'node:stream';
import { hash } from 'node:crypto';
import { type Digest, digestAlgorithm, toDigest } from '@entrepot/oci/digest';
import type { Asker } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import type { NewId } from '#kernel/ids';
import type { Transact } from '#kernel/transaction';
import type { BlobLocation, BlobStore } from '#platform/blobs';
import type { RepairSource, WantedContent } from '#registry/ports/repair';
import type { Audit } from '#tenancy/audit';
import { checkBytes, type CheckOptions } from './check-bytes.ts';
import type { ScrubStore } from './store.ts';
import type { Kept } from './types.ts';

/** Makes right what was found wrong, where good bytes can be had. */
export interface Repair {
  /** Answers where the good bytes came from; undefined when there are none to be had now. */
  mendBlob(asker: Asker, blob: Kept, options: CheckOptions): Promise<string | undefined>;
  mendManifest(asker: Asker, digest: Digest, options: CheckOptions): Promise<string | undefined>;
  /** Where good bytes of the blob lie, without doing anything. Sources outside are not asked. */
  findCopy(blob: Kept, options: CheckOptions): Promise<string | undefined>;
}

export interface RepairDeps {
  readonly store: ScrubStore;
  readonly bytes: BlobStore;
  readonly sources: readonly RepairSource[];
  readonly transact: Transact;
  readonly audit: Pick<Audit, 'write'>;
  readonly clock: Clock;
  readonly newId: NewId;
}

/** Names under which content is looked for elsewhere. */
const holdersAsked = 5;
/** As large as a manifest may be configured to be. */
const largestManifest = 256 * 1024 * 1024;

export function createRepair(deps: RepairDeps): Repair {
  const { store, bytes, sources, transact, audit, clock, newId } = deps;

  /** Puts the stream into the store under a new location; undefined unless it is the content. */
  async function keep(source: Readable, { digest, size }: Kept, { pace, signal }: CheckOptions) {
    const id = newId();
    let state = await bytes.create(id);
    async function* paced(): AsyncGenerator<Uint8Array> {
      let read = 0;
      for await (const chunk of source) {
        const some = chunk as Buffer;
        read += some.length;
        // Whoever sends more than there should be is not to fill the disk.
        if (read > size) return;
        await pace.spend(some.length, signal);
        yield some;
      }
    }
    try {
      const appended = await bytes.append(id, state, 0, paced(), () => undefined);
      state = appended.state;
      signal.throwIfAborted();
      if (appended.failure === undefined && appended.written === size) {
        return await bytes.commit(id, state, { digest, size, verified: false });
      }
    } catch (error) {
      await bytes.cancel(id, state).catch(() => undefined);
      if (isMismatch(error)) return undefined;
      throw error;
    } finally {
      source.destroy();
    }
    await bytes.cancel(id, state);
    return undefined;
  }

  async function settle(asker: Asker, blob: Kept, location: BlobLocation, by: string): Promise<string | undefined> {
    const mended = await transact(async (tx) => {
      if (!(await store.mend(tx, blob, location, by, clock()))) return false;
      await audit.write(tx, {
        action: 'repair-content',
        asker,
        resource: blob.digest,
        digest: blob.digest,
        outcome: 'success',
        detail: { from: by },
      });
      return true;
    });
    if (mended) return by;
    // Somebody was quicker, or the blob is gone: nobody knows of these bytes.
    if (location !== blob.location) await bytes.delete(location);
    return undefined;
  }

  async function* copiesOf(blob: Kept, options: CheckOptions): AsyncGenerator<{ by: string; location: BlobLocation }> {
    for (const copy of await store.listCopies(blob.digest, blob.size)) {
      const finding = await checkBytes(bytes, { ...blob, location: copy.location }, options);
      if (finding.kind === 'sound') yield { by: copy.from, location: copy.location };
    }
  }

  async function* outside(wanted: Omit<WantedContent, 'repositories'>, signal: AbortSignal) {
    if (sources.length === 0) return;
    const repositories = await store.listHolders(wanted.digest, holdersAsked);
    for (const source of sources) {
      const found = await source.find({ ...wanted, repositories }, signal);
      if (found !== undefined) yield { by: source.name, stream: found };
    }
  }

  const isSoundInPlace = async (blob: Kept, options: CheckOptions) =>
    (await checkBytes(bytes, blob, options)).kind === 'sound';

  return {
    async mendBlob(asker, blob, options) {
      if (await isSoundInPlace(blob, options)) return settle(asker, blob, blob.location, 'its own place');
      for await (const { by, location } of copiesOf(blob, options)) {
        const made = await keep(await bytes.open(location), blob, options);
        if (made !== undefined) return settle(asker, blob, made, by);
      }
      for await (const { by, stream } of outside({ kind: 'blob', ...blob }, options.signal)) {
        const made = await keep(stream, blob, options);
        if (made !== undefined) return settle(asker, blob, made, by);
      }
      return undefined;
    },

    async mendManifest(asker, digest, { signal }) {
      const algorithm = digestAlgorithm(digest);
      for await (const { by, stream } of outside({ kind: 'manifest', digest, size: 0 }, signal)) {
        const content = await gather(stream);
        if (content === undefined || toDigest(algorithm, hash(algorithm, content, 'hex')) !== digest) continue;
        const mended = await transact(async (tx) => {
          if (!(await store.mendManifest(tx, digest, content, by, clock()))) return false;
          const detail = { from: by };
          await audit.write(tx, {
            action: 'repair-content',
            asker,
            resource: digest,
            digest,
            outcome: 'success',
            detail,
          });
          return true;
        });
        return mended ? by : undefined;
      }
      return undefined;
    },

    async findCopy(blob, options) {
      if (await isSoundInPlace(blob, options)) return 'its own place';
      for await (const { by } of copiesOf(blob, options)) return by;
      return undefined;
    },
  };
}

const isMismatch = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'digest-mismatch' || error.code === 'size-invalid');

/** A manifest whole; undefined when it breaks off, or is none by its size. */
async function gather(stream: Readable): Promise<Uint8Array | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      size += (chunk as Buffer).length;
      if (size > largestManifest) return undefined;
      chunks.push(chunk as Buffer);
    }
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks, size);
}
