import { Argument, Command, Option } from 'commander';
import type { CliContext } from '#src/context';
import { describeOption } from './describe-option.ts';
import { readOptions } from './read-options.ts';
import { argumentSyntax, type OptionSpec, type Verb } from './verb.ts';

function buildOption(spec: OptionSpec): Option {
  const option = new Option(spec.flags, describeOption(spec));
  return spec.kind === 'list'
    ? option.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value])
    : option;
}

function formatExamples(verb: Verb): string {
  const lines = verb.examples.flatMap(({ does, command }) => [`  # ${does}`, `  ${command}`]);
  return lines.length === 0 ? '' : `\nExamples:\n${lines.join('\n')}`;
}

/** Makes the commander command of a verb; `run` gets its values when it is the one that is called. Never fails. */
export function buildCommand(verb: Verb, context: CliContext): Command {
  const command = new Command(verb.name.split(' ').at(-1))
    .description(verb.description)
    .addHelpText('after', formatExamples(verb));
  for (const [name, spec] of Object.entries(verb.arguments)) {
    const argument = new Argument(argumentSyntax(name, spec), spec.describes);
    command.addArgument(spec.choices === undefined ? argument : argument.choices(spec.choices));
  }
  for (const spec of Object.values(verb.options)) {
    command.addOption(buildOption(spec));
  }
  return command.action(async () => {
    const names = Object.keys(verb.arguments);
    const given = Object.fromEntries(names.map((name, place) => [name, command.processedArgs[place] as unknown]));
    const options = readOptions(verb.options, command.opts(), context.env);
    await verb.run({ arguments: given, options }, context);
  });
}
