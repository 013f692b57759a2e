import { styleText } from 'node:util';
import { type CliContext, isTerminal } from '#src/context';

/** True when standard error shows colours: a terminal that is not dumb, unless NO_COLOR or FORCE_COLOR decide. */
function showsColours({ env, stderr }: CliContext): boolean {
  if (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '') {
    return false;
  }
  if (env['FORCE_COLOR'] !== undefined) {
    return env['FORCE_COLOR'] !== '0';
  }
  return isTerminal(stderr) && env['TERM'] !== 'dumb';
}

/**
 * Text for standard error in a colour, where that can be seen. Never fails.
 * @see https://no-color.org
 */
export function paint(context: CliContext, colour: 'red' | 'green' | 'yellow' | 'cyan' | 'dim', text: string): string {
  return showsColours(context) ? styleText(colour, text, { validateStream: false }) : text;
}
