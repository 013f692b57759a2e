import { listJobs } from '@entrepot/contract/entrepot/job';
import { listVerb } from '#src/management/list-verb';

export const jobLsVerb = listVerb({
  name: 'job ls',
  description: 'List jobs of all kinds, the newest first, with how far they are.',
  arguments: {},
  options: {
    type: { kind: 'text', flags: '--type <type>', describes: 'Only jobs of this kind, such as WEBHOOK.' },
    status: {
      kind: 'choice',
      flags: '--status <status>',
      describes: 'Only jobs that are in this state.',
      choices: ['Pending', 'Scheduled', 'Running', 'Success', 'Error', 'Stopped'],
    },
  },
  examples: [
    { does: 'See what is being worked on', command: 'entrepot job ls --status Running' },
    { does: 'See the last collections', command: 'entrepot job ls --type GARBAGE_COLLECTION -n 5' },
  ],
  record: listJobs,
  input: ({ options: { type, status } }) => {
    const q = [...(type === undefined ? [] : [`type=${type}`]), ...(status === undefined ? [] : [`status=${status}`])];
    return { query: q.length === 0 ? {} : { q: q.join(',') } };
  },
  headings: ['ID', 'TYPE', 'STATE', 'PROGRESS', 'RUNS', 'BEGAN', 'WHY'],
  row: (job) => [job.id, job.type, job.status, job.progress, job.run_count, job.start_time ?? '', job.status_message],
});
