import type { Asker } from '#kernel/actor';
import { createPace } from '#platform/pace';
import { type PassDeps, runPass } from './pass.ts';
import { survey } from './survey.ts';
import type { BlobStore } from '#platform/blobs';
import { emptyTally, type PassTally } from './types.ts';

export interface RepairOptions {
  readonly asker: Asker;
  /** Reads every byte to find damage; else only what is missing or of another size is found. */
  readonly deep: boolean;
  /** Tells what it would do. */
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (line: string) => void;
}

export interface RepairReport extends PassTally {
  readonly dryRun: boolean;
  /** Known to be damaged in the end, or what would be. */
  left: number;
}

/** Finds damage, mends what has a good copy, and puts bytes that nobody names into the trash. */
export async function repairStorage(
  deps: PassDeps & { readonly bytes: BlobStore; readonly countDamaged: () => Promise<number> },
  options: RepairOptions,
): Promise<RepairReport> {
  const { dryRun, signal, asker } = options;
  const report: RepairReport = { ...emptyTally(), dryRun, left: 0 };
  const check = { signal, pace: createPace(0) };
  if (dryRun) {
    await rehearse(deps, options, report);
    return report;
  }
  if (!options.deep) {
    for await (const { blob, finding } of survey(deps, { ...check, deep: false })) {
      report.blobs += 1;
      if (finding.kind === 'unknown') report.unknown += 1;
      if (finding.kind !== 'damaged') continue;
      if ((await deps.inspect(asker, blob, check)).kind === 'damaged') report.damaged += 1;
    }
  }
  // Everything was looked at since the beginning of time: then only the rest of a pass is left.
  const since = options.deep ? Number.MAX_SAFE_INTEGER : 0;
  await runPass(deps, {
    ...check,
    asker,
    since,
    sweep: true,
    tally: report,
    onProgress: () => options.onProgress(`${report.blobs} blobs, ${report.damaged} damaged, ${report.repaired} mended`),
  });
  report.left = await deps.countDamaged();
  return report;
}

async function rehearse(
  deps: PassDeps & { readonly bytes: BlobStore },
  { deep, signal }: RepairOptions,
  report: RepairReport,
): Promise<void> {
  const check = { signal, pace: createPace(0) };
  const tell = async (blob: Parameters<typeof deps.repair.findCopy>[0]) => {
    if ((await deps.repair.findCopy(blob, check)) === undefined) report.left += 1;
    else report.repaired += 1;
  };
  for await (const { blob, finding } of survey(deps, { ...check, deep })) {
    report.blobs += 1;
    if (finding.kind === 'unknown') report.unknown += 1;
    if (finding.kind !== 'damaged') continue;
    report.damaged += 1;
    await tell(blob);
  }
  for (let after = 0; ; ) {
    const known = await deps.store.listDamaged(after, 500);
    for (const blob of known) {
      await tell(blob);
      after = blob.id;
    }
    if (known.length === 0) break;
  }
  for await (const { size } of deps.orphans.find(signal)) {
    report.orphans += 1;
    report.orphanBytes += size;
  }
}
