import { runMain } from '#src/command-line/run-main';
import { defineVerb } from '#src/command-line/verb';

/** Works on jobs until SIGTERM or SIGINT; answers with the exit code. */
export function work(args: readonly string[]): Promise<number> {
  return runMain('worker', args, async (options) => (await import('@entrepot/server/worker')).work(options));
}

export const workerVerb = defineVerb({
  name: 'worker',
  description:
    'Work on the jobs of a registry, such as garbage collection and webhooks, until SIGTERM or SIGINT; then what is ' +
    'under way is given back to other workers. It takes the configuration of the server, every key of which can be ' +
    'given as a flag, and PostgreSQL, and has no port. Servers with jobs.in_server=false leave all jobs to workers.',
  arguments: {},
  options: {
    config: {
      kind: 'text',
      flags: '--config <file>',
      describes: 'A YAML file with the configuration.',
      env: 'ENTREPOT_CONFIG',
    },
    jobsWorkers: {
      kind: 'text',
      flags: '--jobs-workers <number>',
      describes: 'How many jobs to work on at a time.',
      env: 'ENTREPOT_JOBS_WORKERS',
    },
    logLevel: {
      kind: 'choice',
      flags: '--log-level <level>',
      describes: 'The least severe line that is written.',
      choices: ['debug', 'info', 'warn', 'error'],
      env: 'ENTREPOT_LOG_LEVEL',
    },
  },
  examples: [
    {
      does: 'Work beside servers that have the same file',
      command: 'entrepot worker --config /etc/entrepot/entrepot.yaml',
    },
    { does: 'Work on four jobs at a time', command: 'entrepot worker --config entrepot.yaml --jobs-workers 4' },
  ],
  run: async () => {
    throw new TypeError('the main runs this verb itself');
  },
});
