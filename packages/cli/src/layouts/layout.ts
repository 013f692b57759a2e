import type { Descriptor } from '@entrepot/oci/descriptor';
import type { Digest } from '@entrepot/oci/digest';

/** An image or index that a layout lists. */
export interface LayoutEntry {
  readonly descriptor: Descriptor;
  readonly name: string | undefined;
}

/** Content on this machine that can be read like an OCI layout. Dispose it when done. */
export interface LayoutReader extends AsyncDisposable {
  /** The place, for telling. */
  readonly place: string;
  /** What it lists, in its order. Rejects with LocalFileError when the list cannot be read. */
  list(): Promise<readonly LayoutEntry[]>;
  /** The size of a blob or manifest; undefined when it is not there. */
  findBlob(digest: Digest): Promise<number | undefined>;
  /** The bytes of a blob from `offset` on, unverified. Fails when it is not there. */
  openBlob(digest: Digest, offset: number): AsyncIterable<Uint8Array>;
}

/** A layout that takes content. What is not finished before it is disposed of leaves nothing behind but whole blobs. */
export interface LayoutWriter extends LayoutReader {
  /** Keeps a blob. Rejects with ContentMismatchError when the bytes do not have the digest; then nothing is kept. */
  writeBlob(digest: Digest, bytes: AsyncIterable<Uint8Array>): Promise<void>;
  /**
   * Lists what was written: the image that was meant, under its name if it has one, and what refers to it. Only now
   * does anybody find it.
   */
  finish(root: LayoutEntry, referrers: readonly Descriptor[]): Promise<void>;
}
