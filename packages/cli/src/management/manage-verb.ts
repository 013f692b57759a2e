import { managementOptions, outputOptions } from '#src/command-line/shared-options';
import { type ArgumentSpec, defineVerb, type OptionSpec, type Verb, type VerbCall } from '#src/command-line/verb';
import type { CliContext } from '#src/context';
import { type OutputFormat, writeResult } from '#src/output/write-result';
import { confirm } from '#src/terminal/confirm';
import type { ManagementClient } from './client.ts';
import { takeHost } from './named-in-registry.ts';
import { type ReachOptions, reachManagement } from './reach.ts';

/** What was done: data for machines, and words for people. */
export interface Done {
  readonly data: unknown;
  readonly said: string;
}

interface ManageVerbSpec<
  Arguments extends Readonly<Record<string, ArgumentSpec>>,
  Options extends Readonly<Record<string, OptionSpec>>,
> {
  readonly name: string;
  readonly description: string;
  readonly arguments: Arguments;
  readonly options: Options;
  readonly examples: Verb['examples'];
  /** What is asked before it is done; nothing is when absent. Answered by `--yes`. */
  question?(call: VerbCall<Arguments, Options>): string;
  work(client: ManagementClient, call: VerbCall<Arguments, Options>, context: CliContext): Promise<Done>;
}

const yesOption = { kind: 'flag', flags: '-y, --yes', describes: 'Do not ask.' } as const;

/** A verb that does something with the management API and says what it did. Never fails. */
export function manageVerb<
  const Arguments extends Readonly<Record<string, ArgumentSpec>>,
  const Options extends Readonly<Record<string, OptionSpec>>,
>(spec: ManageVerbSpec<Arguments, Options>): Verb {
  const asks = spec.question === undefined ? {} : { yes: yesOption };
  return defineVerb({
    name: spec.name,
    description: spec.description,
    arguments: spec.arguments,
    options: { ...spec.options, ...asks, ...managementOptions, ...outputOptions },
    examples: spec.examples,
    async run(given, context) {
      const taken = await takeHost(spec.arguments, given, context);
      const call = taken as unknown as VerbCall<Arguments, Options>;
      const options = taken.options as unknown as ReachOptions & { output: OutputFormat; yes?: boolean };
      if (spec.question !== undefined && options.yes !== true) {
        await confirm(context, spec.question(call), '--yes');
      }
      using client = await reachManagement(options, context);
      const done = await spec.work(client, call, context);
      await writeResult(context, options.output, done.data, () => done.said);
    },
  });
}
