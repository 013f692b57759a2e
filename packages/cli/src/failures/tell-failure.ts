import { type CliContext, tell } from '#src/context';
import { paint } from '#src/output/paint';
import { describeFailure } from './describe-failure.ts';
import { InterruptError } from './failures.ts';

/** How failures are told: in sentences, or as one JSON document each. */
export type FailureForm = 'text' | 'json';

/** Tells a failure on standard error, and answers with its exit code. Never fails. */
export function tellFailure(context: CliContext, error: unknown, form: FailureForm): number {
  const { exitCode, ...described } = describeFailure(error);
  if (error instanceof InterruptError && error.signal === 'SIGPIPE') {
    return exitCode;
  }
  if (form === 'json') {
    tell(context, JSON.stringify({ error: described }));
    return exitCode;
  }
  const mark = paint(context, 'red', 'error:');
  tell(context, `${mark} ${described.message}${/[.!?]$/.test(described.message) ? '' : '.'}`);
  if (described.hint !== undefined) {
    tell(context, `${paint(context, 'cyan', 'hint:')} ${described.hint}`);
  }
  return exitCode;
}
