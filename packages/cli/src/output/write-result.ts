import { once } from 'node:events';
import type { CliContext } from '#src/context';

export type OutputFormat = 'table' | 'json' | 'yaml';

/** Writes to standard output and waits while its reader is slow. Rejects with the signal's reason when interrupted. */
export async function writeOut({ stdout, signal }: CliContext, data: string | Uint8Array): Promise<void> {
  signal.throwIfAborted();
  if (!stdout.write(data)) {
    await once(stdout, 'drain', { signal });
  }
}

/** Writes data to standard output: as JSON, as YAML, or as `asTable` puts it. Rejects as `writeOut` does. */
export async function writeResult(
  context: CliContext,
  format: OutputFormat,
  data: unknown,
  asTable: () => string,
): Promise<void> {
  switch (format) {
    case 'json':
      return writeOut(context, `${JSON.stringify(data, undefined, 2)}\n`);
    case 'yaml': {
      // Loaded only here: it would cost every other call a tenth of its time.
      const { stringify } = await import('yaml');
      return writeOut(context, stringify(data, { lineWidth: 0 }));
    }
    case 'table':
      return writeOut(context, asTable());
    default:
      return format satisfies never;
  }
}
