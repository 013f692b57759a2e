import { stopRunningJob } from '@entrepot/contract/harbor/jobservice';
import { manageVerb } from '#src/management/manage-verb';

export const jobStopVerb = manageVerb({
  name: 'job stop',
  description: 'Stop a job: one that waits never begins, one that is under way is told to stop.',
  arguments: { ID: { kind: 'one', describes: 'The id of the job, as "entrepot job ls" shows it.' } },
  options: {},
  examples: [{ does: 'Stop a job', command: 'entrepot job stop 42' }],
  async work(client, { arguments: { ID } }) {
    await client.call(stopRunningJob, { params: { job_id: ID } });
    return { data: { id: ID }, said: `job ${ID} is told to stop\n` };
  },
});
