import type { Writable } from 'node:stream';
import { styleText } from 'node:util';
import { type CliContext, isTerminal } from '#src/context';

/** True when a stream shows colours: a terminal that is not dumb, unless NO_COLOR or FORCE_COLOR decide. */
function showsColours(env: CliContext['env'], stream: Writable): boolean {
  if (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '') {
    return false;
  }
  if (env['FORCE_COLOR'] !== undefined) {
    return env['FORCE_COLOR'] !== '0';
  }
  return isTerminal(stream) && env['TERM'] !== 'dumb';
}

/**
 * Text in a colour, for standard error unless another stream is named, where that can be seen. Never fails.
 * @see https://no-color.org
 */
export function paint(
  context: CliContext,
  colour: 'red' | 'green' | 'yellow' | 'cyan' | 'dim',
  text: string,
  stream: Writable = context.stderr,
): string {
  return showsColours(context.env, stream) ? styleText(colour, text, { validateStream: false }) : text;
}
