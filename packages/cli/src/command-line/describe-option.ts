import type { OptionSpec } from './verb.ts';

/** What an option is for, with its choices, default and variable, as help and reference show it. Never fails. */
export function describeOption(spec: OptionSpec): string {
  const facts: string[] = [];
  if (spec.kind === 'choice') {
    facts.push(spec.choices.join(', '));
  }
  if (spec.env !== undefined) {
    facts.push(`else from ${spec.env}`);
  }
  if ('default' in spec && spec.default !== undefined) {
    facts.push(`else ${spec.default}`);
  }
  return facts.length === 0 ? spec.describes : `${spec.describes} (${facts.join('; ')})`;
}
