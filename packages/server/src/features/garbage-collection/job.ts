import { formatBytes } from '#kernel/size';
import type { JobHandler, RunningTask } from '#platform/jobs';
import type { Collection } from './collect.ts';
import type { Collected } from './types.ts';

export const collectionType = 'GARBAGE_COLLECTION';

/** What a run is told. */
export interface RunParameters {
  readonly delete_untagged: boolean;
  readonly dry_run: boolean;
}

/** Lines that a dry run tells one by one; the rest is counted. */
const mostLines = 5000;

/** A run that was cut off begins again: what the first one did is done, and what is left is found again. */
export function createCollectionHandler(
  collection: Collection,
  onCollected: (collected: Collected) => void,
): JobHandler {
  return {
    type: collectionType,
    concurrency: 1,
    maxRuns: 10,
    backoffMs: (run) => Math.min(60_000, 1000 * 2 ** run),
    async run(task) {
      const { delete_untagged: untagged, dry_run: dryRun } = task.payload as RunParameters;
      task.log(dryRun ? 'Looking at what a collection would do; nothing is changed.' : 'Collecting.');
      const collected = await collection.collect({
        untagged,
        dryRun,
        signal: task.signal,
        log: createShortLog(task),
        report: task.report,
      });
      task.note({
        // Harbor's names.
        freed_space: collected.freed.bytes,
        purged_blobs: collected.removed.count,
        purged_manifests: collected.artifacts.count,
        condemned_blobs: collected.condemned,
        unlinked_blobs: collected.unlinked,
        expired_deletions: collected.expired.count,
        trashed_space: collected.removed.bytes,
      });
      task.log(summary(collected, dryRun));
      if (!dryRun) onCollected(collected);
    },
  };
}

function createShortLog(task: RunningTask): (line: string) => void {
  let lines = 0;
  return (line) => {
    lines += 1;
    if (lines <= mostLines) task.log(line);
    if (lines === mostLines + 1) task.log('More follow, which are only counted.');
  };
}

function summary({ artifacts, unlinked, condemned, removed, freed }: Collected, dryRun: boolean): string {
  const [gone, back] = [formatBytes(removed.bytes), formatBytes(freed.bytes)];
  return dryRun
    ? `Would delete ${artifacts.count} artifacts, take ${unlinked} blobs out of repositories and condemn ${condemned}; ${removed.count} blobs (${gone}) are condemned already, and ${freed.count} (${back}) lie in the trash.`
    : `Done: ${artifacts.count} artifacts deleted, ${unlinked} blobs taken out of repositories, ${condemned} condemned, ${removed.count} removed (${gone}), ${freed.count} given back to the store (${back}).`;
}
