import { parseDigest } from '@entrepot/oci/digest';
import { RegistryError } from '#kernel/errors';
import { BackupUnusable } from './backup-unusable.ts';
import { type BlobSource, blobObject, shardOf, storedSize, writeBlob } from './blob-objects.ts';
import { eachInParallel } from './in-parallel.ts';
import type { Place } from './place.ts';
import type { ListedBlob, MissingBlob, Report } from './types.ts';

const atOnce = 8;

export interface CopiedBlobs {
  readonly copied: number;
  readonly copiedBytes: number;
  /** Neither there nor to be had. */
  readonly missing: readonly MissingBlob[];
}

export interface CopyBlobsOptions {
  readonly place: Place;
  readonly source: BlobSource;
  /** In the order of their digests, many at a time. */
  readonly blobs: AsyncIterable<readonly ListedBlob[]>;
  /** What a blob is named as now, when it was not found where it was; undefined when nobody names it any more. */
  readonly findNow: (digest: string) => Promise<ListedBlob | undefined>;
  readonly report: Report;
  readonly signal: AbortSignal | undefined;
}

/**
 * Copies the blobs that the place does not have in their full size. A blob that is damaged or gone is no failure of the
 * others: it is told.
 */
export async function copyBlobs(options: CopyBlobsOptions): Promise<CopiedBlobs> {
  const { place, signal, report } = options;
  const missing: MissingBlob[] = [];
  let [seen, copied, copiedBytes] = [0, 0, 0];
  const tell = () => report({ doing: 'blobs', done: seen, bytes: copiedBytes });

  async function* absent(): AsyncGenerator<ListedBlob, void, void> {
    let shard = '';
    let there = new Map<string, number>();
    for await (const blobs of options.blobs) {
      for (const blob of blobs) {
        signal?.throwIfAborted();
        const name = blobObject(place, parseDigest(blob.digest));
        if (shardOf(name) !== shard) {
          shard = shardOf(name);
          there = await listSizes(place, shard);
          tell();
        }
        seen += 1;
        if (there.get(name) !== storedSize(place, blob.size)) yield blob;
      }
    }
  }

  await eachInParallel(absent(), atOnce, async (blob) => {
    signal?.throwIfAborted();
    const why = await copyOne(options, blob);
    if (why !== undefined) missing.push({ digest: blob.digest, why });
    else {
      copied += 1;
      copiedBytes += blob.size;
    }
    tell();
  });
  await place.folder.flush();
  tell();
  return { copied, copiedBytes, missing };
}

async function listSizes({ folder }: Place, shard: string): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  for await (const { name, size } of folder.list(shard)) sizes.set(name, size);
  return sizes;
}

/** Why it could not be copied; undefined when it was, or when nobody needs it any more. */
export async function copyOne(
  { place, source, findNow }: Pick<CopyBlobsOptions, 'place' | 'source' | 'findNow'>,
  blob: ListedBlob,
): Promise<string | undefined> {
  const why = await attempt(place, source, blob);
  if (why === undefined) return undefined;
  const now = await findNow(blob.digest);
  if (now === undefined || now.location === blob.location) return why;
  return attempt(place, source, now);
}

async function attempt(place: Place, source: BlobSource, blob: ListedBlob): Promise<string | undefined> {
  try {
    await writeBlob(place, source, blob);
    return undefined;
  } catch (error) {
    if (error instanceof BackupUnusable) return error.message;
    if (!(error instanceof RegistryError)) throw error;
    if (error.code === 'blob-not-found') return 'Its bytes are not in the store.';
    // A cold tier fetches it now; the next backup finds it.
    if ((error.detail as { archived?: boolean } | undefined)?.archived === true) return 'It lies in an archive.';
    throw error;
  }
}
