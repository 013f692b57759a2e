import { createHash } from 'node:crypto';
import { type Digest, digestAlgorithm, digestHex } from '@entrepot/oci/digest';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { NewId } from '#kernel/ids';
import type { Transact } from '#kernel/transaction';
import type { BlobLocation, BlobStore } from '#platform/blobs';
import { type BlobTiers, isBlobArchive, type Tier } from '#platform/blobs/capabilities';
import type { Pace } from '#platform/pace';
import type { TieringStore } from './store.ts';
import type { MovableBlob } from './types.ts';

export interface MoveOptions {
  readonly to: Tier;
  readonly pace: Pace;
  readonly signal: AbortSignal;
}

/** What became of a move. */
export type Moved =
  | 'moved'
  /** It lies in another place than it did, or is gone: nothing is to be done any more. */
  | 'changed'
  /** Its bytes are not its own. */
  | 'damaged'
  /** It is being fetched from an archive. */
  | 'archived';

/**
 * Moves a blob: copied and hashed on the way, durable and read back before the database names the copy, in one step. The
 * old bytes lie in the trash for a while, for readers that looked before. Whatever ends it in between leaves the blob
 * where it was, and at most bytes that nobody names. Rejects when a store fails, and with the signal's reason.
 */
export type MoveBlob = (blob: MovableBlob, options: MoveOptions) => Promise<Moved>;

export interface MoverDeps {
  readonly store: Pick<TieringStore, 'move'>;
  readonly bytes: BlobStore & BlobTiers;
  readonly transact: Transact;
  readonly clock: Clock;
  readonly newId: NewId;
  /** How long the trash is kept, and how long what was moved out of the hot tier is to be kept of that. */
  readonly trashMs: number;
  readonly keepHotMs: number;
  /** Told of a blob whose bytes are not its own. */
  readonly onSuspect: (digest: Digest) => void;
}

export function createMover(deps: MoverDeps): MoveBlob {
  const { store, bytes, transact, clock, newId, trashMs, keepHotMs, onSuspect } = deps;

  /** Puts the bytes into a tier; undefined when they are not those of the digest. */
  async function copy({ digest, size, location }: MovableBlob, { to, pace, signal }: MoveOptions) {
    const target = bytes.tiers[to];
    const source = await bytes.open(location);
    const hash = createHash(digestAlgorithm(digest));
    const id = newId();
    let state = await target.create(id);
    async function* paced(): AsyncGenerator<Uint8Array> {
      for await (const chunk of source) {
        await pace.spend((chunk as Buffer).length, signal);
        yield chunk as Buffer;
      }
    }
    try {
      const appended = await target.append(id, state, 0, paced(), (chunk) => void hash.update(chunk));
      state = appended.state;
      if (appended.failure !== undefined) throw appended.failure;
      if (appended.written !== size || hash.digest('hex') !== digestHex(digest)) {
        await target.cancel(id, state);
        return undefined;
      }
      return await target.commit(id, state, { digest, size, verified: true });
    } catch (error) {
      await target.cancel(id, state).catch(() => undefined);
      throw error;
    } finally {
      source.destroy();
    }
  }

  /** What was written is read again, unless it went to an archive: then its size is what can be known of it. */
  async function isRight(location: BlobLocation, { digest, size }: MovableBlob, signal: AbortSignal): Promise<boolean> {
    if (isBlobArchive(bytes) && bytes.archivesAt(location)) return (await bytes.stat(location))?.size === size;
    const hash = createHash(digestAlgorithm(digest));
    for await (const chunk of await bytes.open(location)) {
      signal.throwIfAborted();
      hash.update(chunk as Buffer);
    }
    return hash.digest('hex') === digestHex(digest);
  }

  async function forget(location: BlobLocation): Promise<void> {
    await bytes.delete(location).catch(() => undefined);
  }

  return async (blob, options) => {
    const { to, signal } = options;
    if (bytes.tierOf(blob.location) === to) return 'changed';
    let made: BlobLocation | undefined;
    try {
      made = await copy(blob, options);
    } catch (error) {
      signal.throwIfAborted();
      if (isArchived(error)) return 'archived';
      if (error instanceof RegistryError && error.code === 'blob-not-found') {
        onSuspect(blob.digest);
        return 'damaged';
      }
      throw error;
    }
    if (made === undefined) {
      onSuspect(blob.digest);
      return 'damaged';
    }
    const location = made;
    if (!(await isRight(location, blob, signal))) {
      await forget(location);
      throw new RegistryError('storage-failed', `The ${to} tier gave back other bytes than it was given.`);
    }
    const at = clock();
    // What leaves the hot tier is to make room there before the rest of the trash would.
    const soonerMs = to === 'cold' ? Math.max(0, trashMs - keepHotMs) : 0;
    const moved = await transact((tx) => store.move(tx, { blob, to: location, at, soonerMs, used: to === 'hot' }));
    if (moved) return 'moved';
    await forget(location);
    return 'changed';
  };
}

function isArchived(error: unknown): boolean {
  return error instanceof RegistryError && (error.detail as { archived?: unknown } | undefined)?.archived === true;
}
