import { setTimeout as sleep } from 'node:timers/promises';
import { createPurgeSchedule, getPurgeJob, getPurgeJobLog } from '@entrepot/contract/harbor/purge';
import type { CliContext } from '#src/context';
import type { ManagementClient } from './client.ts';

export interface PurgeRun {
  readonly id: number;
  readonly status: string;
  readonly log: string;
}

interface PurgeParameters {
  readonly audit_retention_hour: number;
  readonly include_event_types: string;
  readonly dry_run: boolean;
}

const ends = new Set(['Success', 'Error', 'Stopped']);

/** Has the audit purged now and waits for the end. Rejects as the API does, and when the user interrupts. */
export async function purgeAndWait(
  client: ManagementClient,
  parameters: PurgeParameters,
  context: CliContext,
): Promise<PurgeRun> {
  const asked = await client.call(createPurgeSchedule, { body: { schedule: { type: 'Manual' }, parameters } });
  const id = Number(/(\d+)$/.exec(asked.header('location') ?? '')?.[1] ?? 0);
  for (;;) {
    const { body } = await client.call(getPurgeJob, { params: { purge_id: id } });
    const status = body.job_status ?? '';
    if (ends.has(status)) {
      const { body: log } = await client.call(getPurgeJobLog, { params: { purge_id: id } });
      return { id, status, log };
    }
    await sleep(300, undefined, { signal: context.signal });
  }
}
