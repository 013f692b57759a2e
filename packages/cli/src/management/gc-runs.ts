import { createGcSchedule, getGc, getGcHistory, getGcLog } from '@entrepot/contract/harbor/gc';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CliContext } from '#src/context';
import type { ManagementClient } from './client.ts';

export interface GcRun {
  readonly id: number;
  readonly status: string;
  /** What it was told and what it did, by Harbor's names. */
  readonly figures: Readonly<Record<string, unknown>>;
  readonly startedAt: string;
}

interface Answered {
  readonly id?: number | undefined;
  readonly job_status?: string | undefined;
  readonly job_parameters?: string | undefined;
  readonly creation_time?: string | undefined;
}

function toRun({ id = 0, job_status = '', job_parameters = '{}', creation_time = '' }: Answered): GcRun {
  return { id, status: job_status, figures: JSON.parse(job_parameters) as GcRun['figures'], startedAt: creation_time };
}

/** The last runs, the newest first. */
export async function listRuns(client: ManagementClient, most: number): Promise<GcRun[]> {
  const { body } = await client.call(getGcHistory, { query: { page: 1, page_size: most } });
  return body.map(toRun);
}

/** Asks for a run, waits for its end and answers with it and its log. The run goes on when the client is stopped. */
export async function runAndWait(
  client: ManagementClient,
  parameters: { readonly delete_untagged: boolean; readonly dry_run: boolean },
  { signal }: Pick<CliContext, 'signal'>,
): Promise<GcRun & { readonly log: string }> {
  const asked = await client.call(createGcSchedule, { body: { schedule: { type: 'Manual' }, parameters } });
  const id = Number(/\d+$/.exec(asked.header('location') ?? '')?.[0]);
  for (let wait = 100; ; wait = Math.min(2000, wait * 1.5)) {
    const { body } = await client.call(getGc, { params: { gc_id: id } });
    const run = toRun(body);
    if (['Success', 'Error', 'Stopped'].includes(run.status)) return { ...run, log: await readLog(client, id) };
    await sleep(wait, undefined, { signal });
  }
}

export async function readLog(client: ManagementClient, id: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of await client.stream(getGcLog, { params: { gc_id: id } })) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
