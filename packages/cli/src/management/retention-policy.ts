import {
  getRetention,
  getRetentionTaskLog,
  listRetentionExecutions,
  listRetentionTasks,
} from '@entrepot/contract/harbor/retention';
import { setTimeout as sleep } from 'node:timers/promises';
import { MissingError } from '#src/failures/failures';
import { type CliContext, tell } from '#src/context';
import type { ManagementClient } from './client.ts';
import { findProject } from './find-one.ts';
import { listAll } from './list-all.ts';

/** The project with the id of its policy, undefined where it has none. Rejects as the API does. */
export async function findPolicyId(client: ManagementClient, name: string) {
  const project = await findProject(client, name);
  const id = Number(project.metadata?.retention_id ?? 0);
  return { projectId: project.project_id ?? 0, id: id > 0 ? id : undefined };
}

/** Rejects with MissingError where the project has no policy. */
export async function findPolicy(client: ManagementClient, name: string) {
  const { id, projectId } = await findPolicyId(client, name);
  if (id === undefined) {
    throw new MissingError(`${name} has no retention policy`, `make one: entrepot retention set ${name} --keep RULE`);
  }
  const { body: policy } = await client.call(getRetention, { params: { id } });
  return { id, projectId, policy };
}

/** Waits until the run has ended; it goes on when the client is stopped. Rejects with MissingError when it is not there any more. */
export async function waitForRun(client: ManagementClient, id: number, execution: number, context: CliContext) {
  for (let [wait, told] = [100, '']; ; wait = Math.min(2000, wait * 1.5)) {
    const runs = await Array.fromAsync(listAll(client, listRetentionExecutions, { params: { id } }, 100));
    const run = runs.find((one) => one.id === execution);
    if (run === undefined) {
      throw new MissingError(`the run ${execution} is not there any more`);
    }
    const tasks = await Array.fromAsync(listAll(client, listRetentionTasks, { params: { id, eid: execution } }));
    if (run.status !== 'InProgress') {
      return { run, tasks };
    }
    const ended = tasks.filter(({ status }) => status !== 'Pending' && status !== 'Running').length;
    const now = `${ended} of ${tasks.length} repositories`;
    if (now !== told && tasks.length > 0) {
      tell(context, now);
    }
    told = now;
    await sleep(wait, undefined, { signal: context.signal });
  }
}

/** What a run wrote down about one repository. Rejects as the API does. */
export async function readTaskLog(
  client: ManagementClient,
  params: { readonly id: number; readonly eid: number; readonly tid: number },
): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of await client.stream(getRetentionTaskLog, { params })) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
