import { localRegistryOptions, outputOptions } from '#src/command-line/shared-options';
import { type CliContext, isTerminal } from '#src/context';
import { LocalFileError, UsageError } from '#src/failures/failures';

/** What verbs take that work on the stores of the registry on this machine. */
export const localStoreOptions = {
  ...localRegistryOptions,
  deep: { kind: 'flag', flags: '--deep', describes: 'Read every byte and hold it against its digest.' },
  fast: {
    kind: 'flag',
    flags: '--fast',
    describes: 'Only see that every blob is there, in its size. So it is without --deep.',
  },
  ...outputOptions,
} as const;

export interface LocalStoreCall {
  readonly data: string | undefined;
  readonly config: string | undefined;
  readonly deep: boolean | undefined;
  readonly fast: boolean | undefined;
}

type Outcome<Report> =
  | { readonly kind: 'done'; readonly report: Report }
  | { readonly kind: 'faulty' | 'failed'; readonly message: string };

/** How often progress is shown where nobody watches. */
const plainMs = 10_000;
const shownMs = 200;

/** What the server's part is called with. Fails with `UsageError` for options that cannot go together. */
export function readStoreCall({ data, config, deep, fast }: LocalStoreCall, context: CliContext) {
  if (deep === true && fast === true) throw new UsageError('--deep and --fast exclude each other');
  const watched = isTerminal(context.stderr);
  let last = performance.now();
  return {
    flags: { data, config },
    env: context.env,
    deep: deep === true,
    signal: context.signal,
    onProgress(line: string) {
      if (performance.now() - last < (watched ? shownMs : plainMs)) return;
      last = performance.now();
      context.stderr.write(watched ? `\r\u001b[K${line}` : `${line}\n`);
    },
    /** Ends the line that progress was shown in. */
    end: () => void (watched && context.stderr.write('\r\u001b[K')),
  };
}

/** The report, or the failure that the outcome tells of. */
export function reportOf<Report>(outcome: Outcome<Report>): Report {
  if (outcome.kind === 'done') return outcome.report;
  throw outcome.kind === 'faulty' ? new UsageError(outcome.message) : new LocalFileError(outcome.message);
}
