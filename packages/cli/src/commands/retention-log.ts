import { listRetentionTasks } from '@entrepot/contract/harbor/retention';
import { UsageError } from '#src/failures/failures';
import { listAll } from '#src/management/list-all';
import { manageVerb } from '#src/management/manage-verb';
import { findPolicy, readTaskLog } from '#src/management/retention-policy';

export const retentionLogVerb = manageVerb({
  name: 'retention log',
  description: 'Show what a run kept and deleted, artifact by artifact, and why.',
  arguments: {
    PROJECT: { kind: 'one', describes: 'The name of the project.' },
    RUN: { kind: 'one', describes: 'The run, by the number that retention runs shows.' },
  },
  options: {},
  examples: [{ does: 'Read the log of run 12', command: 'entrepot retention log team 12' }],
  async work(client, { arguments: { PROJECT, RUN } }) {
    if (!/^[1-9]\d{0,14}$/.test(RUN)) {
      throw new UsageError(`${JSON.stringify(RUN)} is no run`, `see entrepot retention runs ${PROJECT}.`);
    }
    const { id } = await findPolicy(client, PROJECT);
    const params = { id, eid: Number(RUN) };
    const logs = [];
    for await (const task of listAll(client, listRetentionTasks, { params })) {
      const log = await readTaskLog(client, { ...params, tid: task.id ?? 0 });
      logs.push({ repository: task.repository ?? '', log });
    }
    return { data: logs, said: logs.map(({ log }) => log).join('') };
  },
});
