import type { StageState } from '#platform/blobs';
import { RegistryError } from '#kernel/errors';

/** A part of the upload that is stored. Its number is its place in the list, counted from 1. */
export interface StoredPart {
  readonly etag: string;
  readonly size: number;
}

/** The bytes after the last full part, kept as an object of their own so that any process can go on from them. */
export interface StoredTail {
  readonly key: string;
  readonly size: number;
  /** The ETag of the same bytes as the last part of the multipart upload, when one is open. */
  readonly etag?: string;
}

/** What lies in the bucket for an upload. A new value is made by each append; the one before stays usable. */
export interface Staged {
  /** The key of the object that the parts become. */
  readonly key: string;
  readonly uploadId?: string;
  /** The part size that the upload began with. */
  readonly partSize?: number;
  readonly parts: readonly StoredPart[];
  readonly tail?: StoredTail;
  /** How many tails were written so far; decides where the next one goes. */
  readonly tails: number;
}

/** Sum of the bytes of the full parts. */
export function partBytes(staged: Staged): number {
  return staged.parts.reduce((sum, part) => sum + part.size, 0);
}

/** Sum of all staged bytes. */
export function stagedBytes(staged: Staged): number {
  return partBytes(staged) + (staged.tail?.size ?? 0);
}

/**
 * Where the tail with this number goes. The first goes to the final key, so that a small blob is one object that never
 * moves; later ones take turns, so that the tail of the recorded state is not overwritten by an append that is lost.
 */
export function tailKey(key: string, number: number): string {
  return number === 0 ? key : `${key}.${number % 2 === 1 ? 1 : 2}`;
}

/** All keys that tails with numbers below this one may lie at. */
export function tailKeys(key: string, count: number): string[] {
  return Array.from({ length: Math.min(count, 3) }, (_, number) => tailKey(key, number));
}

type Written = [
  version: 1,
  key: string,
  uploadId: string | null,
  partSize: number | null,
  parts: (readonly [etag: string, size: number])[],
  tail: readonly [key: string, size: number, etag: string | null] | null,
  tails: number,
];

/** The state as text; short, because it is written to the database with every append. */
export function writeState(staged: Staged): StageState {
  const { key, uploadId = null, partSize = null, parts, tail, tails } = staged;
  const written: Written = [
    1,
    key,
    uploadId,
    partSize,
    parts.map(({ etag, size }) => [etag, size]),
    tail === undefined ? null : [tail.key, tail.size, tail.etag ?? null],
    tails,
  ];
  return JSON.stringify(written);
}

/** Reads a state again. Throws `upload-invalid` for a text that another kind of store wrote. */
export function readState(text: StageState, isKey: (key: string) => boolean): Staged {
  const written = parse(text);
  if (!Array.isArray(written) || written[0] !== 1 || typeof written[1] !== 'string' || !isKey(written[1])) {
    throw new RegistryError('upload-invalid', 'The upload was begun in another blob store; start it again.');
  }
  const [, key, uploadId, partSize, parts, tail, tails] = written as Written;
  return {
    key,
    ...(uploadId === null ? {} : { uploadId }),
    ...(partSize === null ? {} : { partSize }),
    parts: parts.map(([etag, size]) => ({ etag, size })),
    ...(tail === null ? {} : { tail: { key: tail[0], size: tail[1], ...(tail[2] === null ? {} : { etag: tail[2] }) } }),
    tails,
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
