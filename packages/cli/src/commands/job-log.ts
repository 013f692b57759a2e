import { actionGetJobLog } from '@entrepot/contract/harbor/jobservice';
import { manageVerb } from '#src/management/manage-verb';

export const jobLogVerb = manageVerb({
  name: 'job log',
  description: 'Show what a job has written down.',
  arguments: { ID: { kind: 'one', describes: 'The id of the job, as "entrepot job ls" shows it.' } },
  options: {},
  examples: [{ does: 'Read the log of a job', command: 'entrepot job log 42' }],
  async work(client, { arguments: { ID } }) {
    const { body: log } = await client.call(actionGetJobLog, { params: { job_id: ID } });
    return { data: { id: ID, log }, said: log };
  },
});
