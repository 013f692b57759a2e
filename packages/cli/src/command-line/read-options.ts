import type { CliContext } from '#src/context';
import { UsageError } from '#src/failures/failures';
import { type OptionSpec, optionName } from './verb.ts';

function readInteger(text: string, spec: OptionSpec & { kind: 'integer' }, source: string): number {
  const value = /^[0-9]{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(value) || value < spec.min || value > spec.max) {
    throw new UsageError(
      `${source} is ${JSON.stringify(text)}; expected a whole number from ${spec.min} to ${spec.max}`,
    );
  }
  return value;
}

function readText(text: string, spec: OptionSpec, source: string): string | number {
  if (spec.kind === 'integer') {
    return readInteger(text, spec, source);
  }
  if (spec.kind === 'choice' && !spec.choices.includes(text)) {
    throw new UsageError(`${source} is ${JSON.stringify(text)}; expected one of ${spec.choices.join(', ')}`);
  }
  return text;
}

function readOption(given: unknown, spec: OptionSpec, env: CliContext['env']): unknown {
  const flag = /--[a-z0-9-]+/.exec(spec.flags)?.[0] ?? spec.flags;
  if (spec.kind === 'flag') {
    return given === true;
  }
  if (spec.kind === 'list') {
    return given ?? [];
  }
  if (typeof given === 'string') {
    return readText(given, spec, flag);
  }
  const fromEnv = spec.env === undefined ? undefined : env[spec.env];
  if (spec.env !== undefined && fromEnv !== undefined && fromEnv !== '') {
    return readText(fromEnv, spec, spec.env);
  }
  return 'default' in spec ? spec.default : undefined;
}

/**
 * The values of a verb's options: from the command line, else from the variable, else the default. Throws UsageError
 * naming the option or variable that cannot be read.
 */
export function readOptions(
  specs: Readonly<Record<string, OptionSpec>>,
  given: Readonly<Record<string, unknown>>,
  env: CliContext['env'],
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [name, readOption(given[optionName(spec)], spec, env)]),
  );
}
