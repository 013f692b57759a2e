import { exportAudit, exportProjectAudit } from '@entrepot/contract/entrepot/audit';
import type { CliContext } from '#src/context';
import { type ReachOptions, reachManagement } from '#src/management/reach';
import { writeOut } from '#src/output/write-result';
import { readMoment } from './moment.ts';

interface ExportOptions extends ReachOptions {
  readonly project: string | undefined;
  readonly format: 'ecs' | 'csv';
  readonly since: string | undefined;
  readonly until: string | undefined;
}

/** Writes the audit to standard output as it arrives. Rejects with UsageError and as the API does. */
export async function writeExport(options: ExportOptions, context: CliContext): Promise<void> {
  const now = Date.now();
  const from = readMoment(options.since, '--since', now);
  const to = readMoment(options.until, '--until', now);
  const query = { format: options.format, ...(from && { from }), ...(to && { to }) };
  using client = await reachManagement(options, context);
  const { project } = options;
  const body =
    project === undefined
      ? await client.stream(exportAudit, { query })
      : await client.stream(exportProjectAudit, { params: { project_name: project }, query });
  for await (const chunk of body) {
    await writeOut(context, chunk);
  }
}
