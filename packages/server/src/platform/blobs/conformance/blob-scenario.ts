import assert from 'node:assert/strict';
import { createCipheriv, createHash, randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { BlobLocation, BlobStore, CommitRequest, StageState } from '#platform/blobs';
import type { ErrorCode } from '#kernel/errors';
import { RegistryError } from '#kernel/errors';
import { type Digest, parseDigest } from '@entrepot/oci/digest';

/** A store under test and what a test must be able to see of it. */
export interface BlobStoreSubject extends AsyncDisposable {
  readonly store: BlobStore;
  /** The store as a second process or replica on the same data has it. */
  readonly reopen: () => Promise<BlobStore>;
  /**
   * Names of staged bytes that are left over, for the message of a failing test. The locations that were committed are
   * given for stores that keep blobs and staged bytes side by side.
   */
  readonly litter: (committed: ReadonlySet<string>) => Promise<string[]>;
}

/** A store under test that remembers what was committed. */
export interface WatchedSubject {
  readonly store: BlobStore;
  readonly reopen: () => Promise<BlobStore>;
  /** Fails when staged bytes are left. */
  readonly assertNoLitter: () => Promise<void>;
}

/** Watches the commits of a store and of those that are opened after it. */
export function watch(subject: BlobStoreSubject): WatchedSubject {
  const committed = new Set<string>();
  const watched = (store: BlobStore): BlobStore =>
    new Proxy(store, {
      get(target, property) {
        if (property === 'commit') {
          return async (...args: Parameters<BlobStore['commit']>) => {
            const location = await target.commit(...args);
            committed.add(location);
            return location;
          };
        }
        const value: unknown = Reflect.get(target, property, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
  return {
    store: watched(subject.store),
    reopen: async () => watched(await subject.reopen()),
    assertNoLitter: async () => assert.deepEqual(await subject.litter(committed), []),
  };
}

/** One promise of the port. */
export interface BlobScenario {
  readonly name: string;
  readonly run: (subject: WatchedSubject) => Promise<void>;
}

/** Bytes that look random and are the same for the same seed. */
export function someBytes(size: number, seed = 1): Buffer {
  return createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16)).update(Buffer.alloc(size));
}

/** The digest of the bytes. */
export function digestOf(bytes: Uint8Array, algorithm: 'sha256' | 'sha512' = 'sha256'): Digest {
  return parseDigest(`${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`);
}

/** A new upload id, as the registry makes them. */
export function newUploadId(): string {
  return randomUUID();
}

/** The bytes as a source, in chunks of the given sizes over and over; fails after the last when told to. */
export async function* sourceOf(
  bytes: Uint8Array,
  chunkSizes: readonly number[] = [64 * 1024],
  failure?: Error,
): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (let turn = 0; at < bytes.byteLength; turn++) {
    const size = chunkSizes[turn % chunkSizes.length] ?? bytes.byteLength;
    yield bytes.subarray(at, at + size);
    at += size;
    if (turn % 16 === 0) {
      await new Promise(setImmediate);
    }
  }
  if (failure !== undefined) {
    throw failure;
  }
}

/** What a commit of exactly these bytes asks for. */
export function requestFor(bytes: Uint8Array, verified = true): CommitRequest {
  return { digest: digestOf(bytes), size: bytes.byteLength, verified };
}

/** An append that must keep everything. */
export async function stage(
  store: BlobStore,
  id: string,
  state: StageState,
  offset: number,
  bytes: Uint8Array,
  chunkSizes?: readonly number[],
): Promise<StageState> {
  const hash = createHash('sha256');
  const appended = await store.append(id, state, offset, sourceOf(bytes, chunkSizes), (chunk) => hash.update(chunk));
  assert.equal(appended.failure, undefined);
  assert.equal(appended.written, bytes.byteLength);
  assert.equal(hash.digest('hex'), createHash('sha256').update(bytes).digest('hex'), 'onChunk saw other bytes');
  return appended.state;
}

/** A whole upload. */
export async function pushBlob(store: BlobStore, bytes: Uint8Array, verified = true): Promise<BlobLocation> {
  const id = newUploadId();
  const state = await stage(store, id, await store.create(id), 0, bytes);
  return store.commit(id, state, requestFor(bytes, verified));
}

/** Reads a stream to its end. */
export async function readAll(stream: Readable): Promise<Buffer> {
  return Buffer.concat(await stream.toArray());
}

/** Fails unless the store has exactly these bytes at the location. */
export async function assertBlob(store: BlobStore, location: BlobLocation, bytes: Uint8Array): Promise<void> {
  assert.deepEqual(await store.stat(location), { size: bytes.byteLength });
  const stored = await readAll(await store.open(location));
  assert.equal(stored.byteLength, bytes.byteLength);
  assert.ok(stored.equals(bytes), 'the store returned other bytes');
}

/** Fails unless the work rejects with this code. */
export async function assertFails(work: Promise<unknown>, code: ErrorCode): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof RegistryError, `expected a RegistryError, got ${String(error)}`);
    assert.equal(error.code, code);
    return true;
  });
}
