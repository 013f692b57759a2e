import { readServeFlags } from '#src/command-line/serve-flags';
import { defineVerb } from '#src/command-line/verb';

/** Works on jobs until SIGTERM or SIGINT; answers with the exit code. Of the client nothing is loaded. */
export async function work(args: readonly string[]): Promise<number> {
  const { flags, strays } = readServeFlags(args);
  if (strays.length > 0) {
    process.stderr.write(
      `error: worker takes no arguments, but got ${strays.join(' ')}.\nhint: see entrepot worker --help\n`,
    );
    return 2;
  }
  const server = await import('@entrepot/server/worker');
  const ending = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.once(name, () => ending.abort());
  }
  const { env, stdout, stderr } = process;
  return server.work({ flags, env, stdout, stderr, signal: ending.signal });
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
