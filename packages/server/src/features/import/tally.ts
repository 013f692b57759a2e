import type { PreparedBatch } from './batch.ts';
import type { ImportCounts, ImportReport, Skipped } from './types.ts';
import type { WrittenBatch } from './write-batch.ts';

/** Counts as an import goes on. */
export interface Tally {
  readonly counts: ImportCounts;
  begin(repository: string): void;
  skip(skipped: Skipped): void;
  note(batch: PreparedBatch, written: WrittenBatch): void;
  madeProject(name: string): void;
  report(source: string, dryRun: boolean): ImportReport;
}

/** So many things that were left out are told one by one; of more than that the number is enough. */
const mostListed = 10_000;

export interface TallyDeps {
  /** Milliseconds, of a clock that only goes forward. */
  readonly now: () => number;
  /** Told of every batch, with the repository that is at hand. */
  readonly onProgress: (counts: ImportCounts, repository: string) => void;
}

export function createTally({ now, onProgress }: TallyDeps): Tally {
  const from = now();
  let current = '';
  const projectsMade: string[] = [];
  const skipped: Skipped[] = [];
  const skippedTotal: Record<string, number> = {};
  const counts: ImportCounts = {
    repositories: 0,
    manifests: { taken: 0, present: 0 },
    tags: { set: 0, present: 0 },
    blobs: { linked: 0, copied: 0 },
    bytes: { linked: 0, copied: 0 },
    untagged: 0,
  };

  function skip(one: Skipped): void {
    skippedTotal[one.reason] = (skippedTotal[one.reason] ?? 0) + 1;
    if (skipped.length < mostListed) skipped.push(one);
  }

  return {
    counts,
    skip,
    begin(repository) {
      counts.repositories += 1;
      current = repository;
      onProgress(counts, current);
    },
    note({ groups }, written) {
      counts.manifests.taken += written.manifests;
      counts.manifests.present += groups.reduce((sum, { present }) => sum + present.length, 0);
      counts.tags.set += written.tagsSet;
      counts.tags.present += written.tagsPresent;
      for (const { how, size } of written.used) {
        counts.blobs[how] += 1;
        counts.bytes[how] += size;
      }
      for (const one of written.skipped) skip(one);
      onProgress(counts, current);
    },
    madeProject: (name) => void projectsMade.push(name),
    report(source, dryRun) {
      const seconds = (now() - from) / 1000;
      return {
        source,
        dryRun,
        seconds: Math.round(seconds * 100) / 100,
        manifestsPerSecond: Math.round(counts.manifests.taken / Math.max(seconds, 0.001)),
        ...counts,
        projectsMade,
        skippedTotal,
        skipped,
      };
    },
  };
}
