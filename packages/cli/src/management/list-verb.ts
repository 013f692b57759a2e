import type { RouteRecord } from '@entrepot/contract/route';
import { managementOptions, outputOptions } from '#src/command-line/shared-options';
import { type ArgumentSpec, defineVerb, type OptionSpec, type Verb, type VerbCall } from '#src/command-line/verb';
import { formatTable } from '#src/output/table';
import { type OutputFormat, writeResult } from '#src/output/write-result';
import type { CallAnswer, CallInput, ManagementClient } from './client.ts';
import { listAll } from './list-all.ts';
import { takeHost } from './named-in-registry.ts';
import { type ReachOptions, reachManagement } from './reach.ts';

type EntryOf<R extends RouteRecord> = CallAnswer<R>['body'] extends readonly (infer Entry)[] ? Entry : never;

interface ListVerbSpec<
  R extends RouteRecord,
  Arguments extends Readonly<Record<string, ArgumentSpec>>,
  Options extends Readonly<Record<string, OptionSpec>>,
> {
  readonly name: string;
  readonly description: string;
  readonly arguments: Arguments;
  readonly options: Options;
  readonly examples: Verb['examples'];
  readonly record: R;
  input(call: VerbCall<Arguments, Options>): CallInput<R>;
  /** Adds to the entries what another operation tells of them. */
  complete?(client: ManagementClient, entries: readonly EntryOf<R>[]): Promise<readonly EntryOf<R>[]>;
  readonly headings: readonly string[];
  row(entry: EntryOf<R>): readonly (string | number | undefined)[];
}

const limitOption = {
  kind: 'integer',
  flags: '-n, --limit <number>',
  describes: 'At most so many entries.',
  min: 1,
  max: 1_000_000,
  default: 1000,
} as const;

/** A verb that lists what an operation of the management API lists, over all its pages. Never fails. */
export function listVerb<
  R extends RouteRecord,
  const Arguments extends Readonly<Record<string, ArgumentSpec>>,
  const Options extends Readonly<Record<string, OptionSpec>>,
>(spec: ListVerbSpec<R, Arguments, Options>): Verb {
  return defineVerb({
    name: spec.name,
    description: spec.description,
    arguments: spec.arguments,
    options: { ...spec.options, limit: limitOption, ...managementOptions, ...outputOptions },
    examples: spec.examples,
    async run(given, context) {
      const call = await takeHost(spec.arguments, given, context);
      const options = call.options as unknown as ReachOptions & { limit: number; output: OutputFormat };
      using client = await reachManagement(options, context);
      const input = spec.input(call as unknown as VerbCall<Arguments, Options>);
      const listed = await Array.fromAsync(listAll(client, spec.record, input, options.limit));
      const entries = (await spec.complete?.(client, listed)) ?? listed;
      await writeResult(context, options.output, entries, () =>
        formatTable(
          spec.headings,
          entries.map((entry) => spec.row(entry).map((cell) => String(cell ?? ''))),
        ),
      );
    },
  });
}
