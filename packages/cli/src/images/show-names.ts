import type { CliContext } from '#src/context';
import { type OutputFormat, writeOut, writeResult } from '#src/output/write-result';
import { printable } from '#src/output/table';
import type { NameList } from './list-names.ts';
import { pickNames } from './name-filter.ts';

export interface ShowNamesOptions {
  readonly output: OutputFormat;
  readonly filter: string | undefined;
  readonly limit: number | undefined;
}

/** Writes a list of names: one a line as they arrive, or a whole document. Rejects as reading the names does. */
export async function showNames(list: NameList, options: ShowNamesOptions, context: CliContext): Promise<void> {
  const { output, filter, limit } = options;
  const names = pickNames(list.names, filter, limit);
  if (output === 'table') {
    for await (const name of names) {
      await writeOut(context, `${printable(name)}\n`);
    }
    return;
  }
  const data = {
    [list.kind === 'repositories' ? 'registry' : 'repository']: list.of,
    [list.kind]: await Array.fromAsync(names),
  };
  await writeResult(context, output, data, () => '');
}
