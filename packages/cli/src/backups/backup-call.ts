import type { CliContext } from '#src/context';
import { LocalFileError, UsageError } from '#src/failures/failures';
import { showBackupProgress } from './show-progress.ts';

interface Sources {
  readonly env: CliContext['env'];
  readonly keyFile: string | undefined;
  readonly report: ReturnType<typeof showBackupProgress>['report'];
  readonly signal: AbortSignal;
}

type Outcome<Result> =
  | { readonly kind: 'done'; readonly result: Result }
  | { readonly kind: 'faulty'; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string };

/**
 * Does something with backups while its progress is shown, and answers with the result. Rejects with UsageError or
 * LocalFileError as it was told, with the signal's reason when interrupted.
 */
export async function callBackup<Result>(
  context: CliContext,
  keyFile: string | undefined,
  work: (sources: Sources) => Promise<Outcome<Result>>,
): Promise<Result> {
  using progress = showBackupProgress(context);
  const { env, signal } = context;
  const outcome = await work({ env, keyFile, report: progress.report, signal });
  if (outcome.kind === 'faulty') throw new UsageError(outcome.message);
  if (outcome.kind === 'failed') throw new LocalFileError(outcome.message);
  return outcome.result;
}

/** The place that has to be named. Throws UsageError without. */
export function requirePlace(from: string | undefined): string {
  if (from !== undefined) return from;
  throw new UsageError(
    'it is not said where the backups lie',
    'name the place with --from DIR or --from s3://BUCKET/PREFIX',
  );
}

/** Reads a time. Throws UsageError for what is none. */
export function readMoment(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const at = Date.parse(text);
  if (Number.isFinite(at)) return at;
  throw new UsageError(`--at ${text} is no time`, 'write it such as 2026-03-01T12:00:00Z');
}
