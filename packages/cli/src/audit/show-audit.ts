import { listAudit, listProjectAudit } from '@entrepot/contract/entrepot/audit';
import type { CliContext } from '#src/context';
import { listAll } from '#src/management/list-all';
import { type ReachOptions, reachManagement } from '#src/management/reach';
import { formatTable } from '#src/output/table';
import { type OutputFormat, writeResult } from '#src/output/write-result';
import { type FilterOptions, filterOf } from './list-filter.ts';

interface ShowOptions extends ReachOptions, FilterOptions {
  readonly project: string | undefined;
  readonly limit: number;
  readonly output: OutputFormat;
}

/** Writes the newest rows of the audit that were asked for. Rejects with UsageError and as the API does. */
export async function showAudit(options: ShowOptions, context: CliContext): Promise<void> {
  const q = filterOf(options, Date.now());
  const query = q === undefined ? {} : { q };
  using client = await reachManagement(options, context);
  const { project, limit } = options;
  const rows = await Array.fromAsync(
    project === undefined
      ? listAll(client, listAudit, { query }, limit)
      : listAll(client, listProjectAudit, { params: { project_name: project }, query }, limit),
  );
  await writeResult(context, options.output, rows, () =>
    formatTable(
      ['TIME', 'USER', 'ADDRESS', 'DID', 'WHAT', 'RESULT'],
      rows.map((row) => [
        row.time.replace(/\.\d+Z$/, 'Z'),
        row.username,
        row.address,
        `${row.operation} ${row.resource_type}`,
        row.resource,
        row.success ? 'ok' : 'failed',
      ]),
    ),
  );
}
