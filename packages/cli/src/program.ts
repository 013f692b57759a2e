import { Command, CommanderError } from 'commander';
import { buildCommand } from '#src/command-line/build-command';
import { complete } from '#src/command-line/complete';
import { findVerbName, nouns, verbTable } from '#src/command-line/verb-table';
import { type CliContext, isTerminal } from '#src/context';
import { UsageError } from '#src/failures/failures';
import { type FailureForm, tellFailure } from '#src/failures/tell-failure';
import { writeOut } from '#src/output/write-result';
import { version } from '#src/version';

/** The verb that a command line names, `help VERB` and `NOUN help VERB` included; undefined when it names none. */
function findWantedVerb(args: readonly string[]): string | undefined {
  const words = args.filter((arg) => !arg.startsWith('-'));
  return findVerbName(words.filter((word, place) => word !== 'help' || place > 1));
}

/** Failures must be told in the form that was asked for even when the command line could not be read. */
function findFailureForm(args: readonly string[], env: CliContext['env']): FailureForm {
  const asked = args.some(
    (arg, place) => /^(-o|--output=)json$/.test(arg) || (/^(-o|--output)$/.test(arg) && args[place + 1] === 'json'),
  );
  const otherwise = args.some((arg) => /^(-o|--output)/.test(arg)) ? undefined : env['ENTREPOT_OUTPUT'];
  return asked || otherwise === 'json' ? 'json' : 'text';
}

/** Commander's refusals, in our words and with a way on. */
function asUsageError(error: CommanderError, verb: string | undefined): UsageError {
  const [said = '', ...more] = error.message.replace(/^error: /, '').split('\n');
  const known = verbTable.some(({ name }) => name === verb);
  const noun = verb?.split(' ')[0] ?? '';
  const help = `entrepot ${known ? `${verb} ` : Object.hasOwn(nouns, noun) ? `${noun} ` : ''}--help`;
  if (error.code === 'commander.help') {
    return new UsageError(`it is not said what to do with ${noun}`, `see ${help}`);
  }
  const suggestion = more
    .join(' ')
    .trim()
    .replace(/^\(|\)$/g, '');
  return new UsageError(said, suggestion === '' ? `see ${help}` : `${suggestion} See ${help}`);
}

async function buildProgram(args: readonly string[], context: CliContext): Promise<Command> {
  const write = (stream: NodeJS.WritableStream) => (text: string) => void stream.write(text);
  const columns = (stream: NodeJS.WritableStream) => (stream as { columns?: number }).columns ?? 100;
  const program = new Command('entrepot')
    .description('Run a container image registry, and work with any registry.')
    .version(`entrepot ${version}`, '-V, --version', 'Show the version.')
    .usage('VERB [options]')
    .commandsGroup('Verbs:')
    .helpOption('-h, --help', 'Show help.')
    .helpCommand('help [verb]', 'Show help for a verb')
    .configureHelp({ helpWidth: Math.min(columns(context.stdout), 120), sortSubcommands: false })
    .configureOutput({
      writeOut: write(context.stdout),
      writeErr: write(context.stderr),
      outputError: () => {},
      getOutHasColors: () => isTerminal(context.stdout) && !context.env['NO_COLOR'],
    })
    .addHelpText('after', '\nSee entrepot VERB --help for what a verb takes, with examples.')
    .exitOverride();
  const wanted = findWantedVerb(args);
  for (const entry of verbTable) {
    const [noun = '', verb] = entry.name.split(' ');
    const parent = verb === undefined ? program : findNoun(program, noun);
    const command = entry.name === wanted ? buildCommand(await entry.load(), context) : new Command(verb ?? noun);
    parent.addCommand(command.summary(entry.summary).copyInheritedSettings(program));
  }
  return program;
}

/** The command of a noun, made when its first verb comes. */
function findNoun(program: Command, name: string): Command {
  const known = program.commands.find((command) => command.name() === name);
  if (known !== undefined) {
    // A verb that has verbs of its own.
    return Object.hasOwn(nouns, name) ? known : known.helpCommand('help [verb]', 'Show help for a verb');
  }
  const made = new Command(name)
    .summary(nouns[name] ?? '')
    .description(`${nouns[name]}.`)
    .commandsGroup('Verbs:')
    .usage('VERB [options]')
    .helpCommand('help [verb]', 'Show help for a verb')
    .copyInheritedSettings(program);
  program.addCommand(made);
  return made;
}

/**
 * Runs one command line to its end, and answers with the exit code. What fails is told on standard error.
 * Never rejects.
 */
export async function runProgram(args: readonly string[], context: CliContext): Promise<number> {
  try {
    if (args[0] === '__complete') {
      await writeOut(context, await complete(args.slice(1), context));
      return 0;
    }
    const program = await buildProgram(args, context);
    if (args.length === 0) {
      program.outputHelp();
      return 0;
    }
    await program.parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0 && !context.signal.aborted) {
      return 0;
    }
    const reason = context.signal.aborted ? context.signal.reason : error;
    const told = reason instanceof CommanderError ? asUsageError(reason, findWantedVerb(args)) : reason;
    return tellFailure(context, told, findFailureForm(args, context.env));
  }
}
