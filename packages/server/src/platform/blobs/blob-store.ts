import type { Readable } from 'node:stream';
import type { Digest } from '@entrepot/oci/digest';

/**
 * Where the bytes of one blob lie inside a store. Opaque outside the adapter that made it; kept in the metadata
 * database. It carries a generation, so that a late delete can never hit the bytes of a later upload.
 */
export type BlobLocation = string & { readonly __brand: 'BlobLocation' };

/** An inclusive byte range, already checked against the size of the blob. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** What an adapter must remember about a staged upload between requests. JSON; kept with the upload's row. */
export type StageState = string;

export interface BlobReader {
  /** Size in bytes, or undefined when nothing lies at the location. */
  stat(location: BlobLocation): Promise<{ readonly size: number } | undefined>;
  /**
   * Opens the bytes, or the given part of them. The stream is destroyed to cancel the read.
   * Fails with `blob-not-found` when nothing lies there, with `storage-failed` or `unavailable` when the store does not
   * answer, `storage-failed` also when the blob is shorter than the range.
   */
  open(location: BlobLocation, range?: ByteRange): Promise<Readable>;
}

/** What arrived by one append. */
export interface Appended {
  readonly state: StageState;
  /** Bytes kept by this append; they count even when `failure` is set. */
  readonly written: number;
  /** Why the source ended early (client gone, silence), when it did. The bytes before it are kept. */
  readonly failure?: unknown;
}

/** What the caller knows of the staged bytes when it asks for a commit. */
export interface CommitRequest {
  readonly digest: Digest;
  readonly size: number;
  /** True when the caller hashed every staged byte itself and the hash is `digest`; else the adapter re-reads them. */
  readonly verified: boolean;
}

/**
 * Staging: bytes arrive in order, over any number of requests, processes and replicas, and become a blob in one step.
 * One append at a time per id; the caller holds the upload's lock.
 */
export interface BlobStage {
  create(id: string): Promise<StageState>;
  /**
   * Appends the source at `offset`, dropping anything staged beyond it. `onChunk` sees every byte in order, before it is kept.
   * Rejects with `storage-full`, `storage-failed` or `unavailable` when the store cannot keep the bytes; then nothing after
   * `offset` counts. Rejects with `upload-invalid` when bytes before `offset` are gone: the upload is to be started again.
   */
  append(
    id: string,
    state: StageState,
    offset: number,
    source: AsyncIterable<Uint8Array>,
    onChunk: (chunk: Uint8Array) => void,
  ): Promise<Appended>;
  /**
   * Makes the staged bytes durable under a final, new location: file and folder are synced before it resolves.
   * Rejects with `digest-mismatch` or `size-invalid` when the bytes are not what was asked for; the staged bytes stay
   * until `cancel`. A failed sync is never tried again on the same bytes: they are dropped, `storage-failed`.
   */
  commit(id: string, state: StageState, request: CommitRequest): Promise<BlobLocation>;
  /** Drops the staged bytes. Silent when there are none. */
  cancel(id: string, state: StageState): Promise<void>;
}

export interface BlobStore extends BlobReader, BlobStage, AsyncDisposable {
  /** What it is, for logs and errors, without credentials: `filesystem /data/blobs`, `s3 bucket/prefix`. */
  readonly description: string;
  /**
   * Writes, reads back and removes a probe. Rejects with the reason when the store cannot serve, and with
   * `storage-failed` when the signal is aborted, where the store can give up.
   */
  probe(signal?: AbortSignal): Promise<void>;
  /** Removes the bytes at a location. Silent when nothing lies there. */
  delete(location: BlobLocation): Promise<void>;
}

/** A store that can send the client to the bytes itself. */
export interface BlobRedirector {
  /** A signed address that serves the blob for a limited time, or undefined when this one is to be streamed. */
  redirect(location: BlobLocation, headers: { readonly contentType: string }): Promise<string | undefined>;
}

export function isBlobRedirector(store: BlobReader): store is BlobReader & BlobRedirector {
  return 'redirect' in store && typeof store.redirect === 'function';
}

/** A file of this machine that is to become a blob, as it was when somebody looked at its bytes. */
export interface AdoptedFile {
  readonly path: string;
  readonly size: number;
  /** Device, inode and times of the file: when they differ, its bytes may. */
  readonly identity: string;
}

/** `link` gives the file a second name, `copy` copies its bytes, `either` links where that is possible. */
export type AdoptionKind = 'link' | 'copy' | 'either';

/** A store that can make a blob of a file of this machine without its bytes passing through this process. */
export interface BlobAdopter {
  /** A location for a digest where nothing lies yet, so that it can be written down before something does. */
  reserve(digest: Digest): BlobLocation;
  /**
   * Puts the file under the reserved location; the caller has hashed its bytes. They are durable after `settle`. A file
   * that a link would share with whoever may write to it is copied. Fails with `blob-not-found` when there is no such
   * file, with `conflict` when it is not the one that was looked at, with `unsupported` when it cannot be linked and
   * must be, with `storage-full` or `storage-failed` when the store cannot keep it; then nothing lies there.
   */
  adopt(location: BlobLocation, file: AdoptedFile, how: AdoptionKind): Promise<'linked' | 'copied'>;
  /** Resolves when everything that was adopted under these locations is durable. */
  settle(locations: readonly BlobLocation[]): Promise<void>;
}

export function isBlobAdopter(store: BlobReader): store is BlobReader & BlobAdopter {
  return 'adopt' in store && typeof store.adopt === 'function';
}

/** What tells a file from others and from itself with other bytes. Symbolic links have one of their own. */
export function identityOf(file: {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
}): string {
  return `${file.dev}:${file.ino}:${file.size}:${file.mtimeNs}`;
}
