import type { ConfigRow } from './row.ts';

/** Who works on what is done later. */
export const jobRows = [
  {
    key: 'jobs.in_server',
    kind: 'bool',
    default: 'true',
    explanation:
      'Let the server work on jobs too. With `false` they are left to processes of `entrepot worker`; that takes PostgreSQL.',
    example: 'false',
  },
  {
    key: 'jobs.workers',
    kind: 'integer',
    default: null,
    absent: 'as many as the kinds of jobs allow',
    min: '1',
    max: '1000',
    explanation: 'How many jobs one process works on at a time, of all kinds together.',
    example: '8',
  },
  {
    key: 'jobs.lease',
    kind: 'duration',
    default: '60s',
    min: '1s',
    max: '1h',
    explanation:
      'How long a job stays with a process that gives no sign of life; then another one goes on with it. Clocks of the processes may differ by less than half of it.',
    example: '30s',
  },
] as const satisfies readonly ConfigRow[];
