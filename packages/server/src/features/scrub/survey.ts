import type { BlobStore } from '#platform/blobs';
import { checkBytes, type CheckOptions } from './check-bytes.ts';
import type { ScrubStore } from './store.ts';
import type { Finding, Kept } from './types.ts';

export interface SurveyOptions extends CheckOptions {
  /** Reads every byte; else only looks whether it is there, in its size. */
  readonly deep: boolean;
}

export interface Surveyed {
  readonly blob: Kept;
  readonly finding: Finding;
}

/** Blobs whose files are looked at, at once. */
const atOnce = 32;
const blobsAtOnce = 2000;

/** Looks at every blob that is not known to be damaged, and changes nothing. In the order of their coming. */
export async function* survey(
  { store, bytes }: { readonly store: Pick<ScrubStore, 'listSound'>; readonly bytes: BlobStore },
  options: SurveyOptions,
): AsyncGenerator<Surveyed> {
  const look = options.deep ? (blob: Kept) => checkBytes(bytes, blob, options) : (blob: Kept) => lookAt(bytes, blob);
  const width = options.deep ? 2 : atOnce;
  for (let after = 0; ; ) {
    const blobs = await store.listSound(after, blobsAtOnce);
    for (let at = 0; at < blobs.length; at += width) {
      options.signal.throwIfAborted();
      const some = blobs.slice(at, at + width);
      const findings = await Promise.all(some.map(look));
      for (const [index, blob] of some.entries()) yield { blob, finding: findings[index] as Finding };
    }
    const last = blobs.at(-1);
    if (last === undefined) return;
    after = last.id;
  }
}

async function lookAt(bytes: BlobStore, { location, size }: Kept): Promise<Finding> {
  try {
    const found = await bytes.stat(location);
    if (found === undefined) return { kind: 'damaged', reason: 'missing' };
    return found.size === size ? { kind: 'sound' } : { kind: 'damaged', reason: 'size' };
  } catch (error) {
    return { kind: 'unknown', error };
  }
}
