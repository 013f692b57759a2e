import type { ObjectFolder } from '#platform/objects';
import type { BlobSource } from './blob-objects.ts';
import { claimPlace } from './place.ts';
import type { SealKey } from './seal.ts';
import { type TakenSnapshot, takeSnapshot } from './snapshot.ts';
import type { MetadataCopy } from './store.ts';
import type { BlobMode, Report } from './types.ts';
import { enterPlace } from './users.ts';

export interface BackUpOptions {
  readonly folder: ObjectFolder;
  readonly key: SealKey;
  readonly copy: MetadataCopy;
  readonly source: BlobSource;
  readonly mode: BlobMode;
  readonly report: Report;
  readonly signal: AbortSignal | undefined;
}

/** Makes one backup. Rejects with `BackupUnusable` for a place of another registry, or one that is being pruned. */
export async function backUp({ folder, key, ...options }: BackUpOptions): Promise<TakenSnapshot> {
  const place = await claimPlace(folder, key, options.copy);
  await using _user = await enterPlace(place, 'backup');
  return await takeSnapshot({ ...options, place, findNow: options.copy.findNow, shipped: null });
}
