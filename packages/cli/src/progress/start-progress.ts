import { type CliContext, isTerminal } from '#src/context';
import { createBars } from './bars.ts';
import { createPlainLines } from './plain-lines.ts';
import type { Progress, ProgressKind } from './progress.ts';

const silent: Progress = { onEvent: () => {}, note: () => {}, [Symbol.dispose]: () => {} };

function decide({ stderr, env }: CliContext): ProgressKind {
  if (env['CI'] && env['CI'] !== 'false') {
    return 'plain';
  }
  return isTerminal(stderr) && env['TERM'] !== 'dumb' ? 'bar' : 'none';
}

/**
 * Begins to show progress on standard error. Bars need a terminal; without one they become lines. Never fails.
 */
export function startProgress(kind: ProgressKind, context: CliContext): Progress {
  const wanted = kind === 'auto' ? decide(context) : kind;
  switch (wanted) {
    case 'bar':
      return isTerminal(context.stderr) ? createBars(context) : createPlainLines(context);
    case 'plain':
      return createPlainLines(context);
    default:
      return silent;
  }
}
