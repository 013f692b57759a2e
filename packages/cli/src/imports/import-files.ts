import { availableParallelism } from 'node:os';
import { type CliContext, tell } from '#src/context';
import { LocalFileError, PartialFailure, UsageError } from '#src/failures/failures';
import type { OutputFormat } from '#src/output/write-result';
import { writeResult } from '#src/output/write-result';
import type { ImportFrom, ImportImages, ImportReport } from './import-report.ts';
import { createImportProgress, formatImport, tellSkipped, totalOf } from './show-import.ts';

/** The values of `localImportOptions`. */
export interface LocalImportOptions {
  readonly data: string | undefined;
  readonly config: string | undefined;
  readonly project: string | undefined;
  readonly include: readonly string[];
  readonly link: boolean;
  readonly copy: boolean;
  readonly untagged: boolean;
  readonly sparse: boolean;
  readonly trustDigests: boolean;
  readonly replaceTags: boolean;
  readonly dryRun: boolean;
  readonly jobs: number | undefined;
  readonly output: OutputFormat;
}

/**
 * Imports files into the registry of this machine, with progress and a report. Rejects with PartialFailure when
 * something was left out, with UsageError or LocalFileError when it could not be done.
 */
export async function importFiles(
  from: ImportFrom,
  options: LocalImportOptions,
  importImages: ImportImages,
  context: CliContext,
): Promise<void> {
  const { data, config, link, copy, dryRun, output, jobs = Math.min(availableParallelism(), 8), ...rest } = options;
  if (link && copy) throw new UsageError('--link and --copy contradict each other');
  const progress = createImportProgress(context);
  try {
    const outcome = await importImages({
      from,
      options: { ...rest, jobs, how: link ? 'link' : copy ? 'copy' : 'either' },
      dryRun,
      flags: { data, config },
      env: context.env,
      stderr: context.stderr,
      onProgress: progress.show,
      signal: context.signal,
    });
    progress.end();
    if (outcome.kind === 'faulty') throw new UsageError(outcome.message);
    if (outcome.report !== undefined) await showReport(outcome.report, output, context);
    if (outcome.kind === 'failed') {
      throw new LocalFileError(outcome.message, 'what was taken stays; the same command goes on from there.');
    }
    throwIfSkipped(outcome.report);
  } catch (error) {
    progress.end();
    if (context.signal.aborted) tell(context, 'What was taken stays; the same command goes on from there.');
    throw error;
  }
}

/** Writes the report, and tells what was left out. */
export async function showReport(report: ImportReport, output: OutputFormat, context: CliContext): Promise<void> {
  tellSkipped(report, context);
  await writeResult(context, output, report, () => formatImport(report));
}

/** Throws when something was left out that should have come. */
export function throwIfSkipped({ skippedTotal, manifests, tags }: ImportReport): void {
  const total = totalOf(skippedTotal);
  if (total === 0) return;
  const done = manifests.taken + manifests.present + tags.set;
  const reasons = Object.entries(skippedTotal).map(([reason, number]) => `${number} ${reason}`);
  const failure = new LocalFileError(`${total} left out: ${reasons.join(', ')}`);
  throw new PartialFailure(failure.message, [failure], done);
}
