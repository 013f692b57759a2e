import { runMain } from '#src/command-line/run-main';
import { defineVerb } from '#src/command-line/verb';

/** Runs the registry until SIGTERM or SIGINT; answers with the exit code. */
export function serve(args: readonly string[]): Promise<number> {
  return runMain('serve', args, async (options) => (await import('@entrepot/server/serve')).serve(options));
}

export const serveVerb = defineVerb({
  name: 'serve',
  description:
    'Run the registry until SIGTERM or SIGINT. Every key of the configuration can be given as a flag, such as ' +
    '--blobs-s3-bucket for blobs.s3.bucket; the flags below are the usual ones. The first start makes the user admin ' +
    'and the public project library.',
  arguments: {},
  options: {
    listen: {
      kind: 'text',
      flags: '--listen <host:port>',
      describes: 'Where to listen.',
      default: '127.0.0.1:5080',
      env: 'ENTREPOT_LISTEN',
    },
    data: {
      kind: 'text',
      flags: '--data <folder>',
      describes: 'The folder for everything that is kept.',
      default: './data',
      env: 'ENTREPOT_DATA',
    },
    config: {
      kind: 'text',
      flags: '--config <file>',
      describes: 'A YAML file with the configuration.',
      env: 'ENTREPOT_CONFIG',
    },
    workers: {
      kind: 'text',
      flags: '--workers <number>',
      describes: 'How many processes serve requests.',
      env: 'ENTREPOT_WORKERS',
    },
    readOnly: {
      kind: 'flag',
      flags: '--read-only',
      describes: 'Refuse every push, delete and change; pulls go on.',
      env: 'ENTREPOT_READ_ONLY',
    },
    logLevel: {
      kind: 'choice',
      flags: '--log-level <level>',
      describes: 'The least severe line that is written.',
      choices: ['debug', 'info', 'warn', 'error'],
      env: 'ENTREPOT_LOG_LEVEL',
    },
    logFormat: {
      kind: 'choice',
      flags: '--log-format <format>',
      describes: 'One JSON document a line, or text for people.',
      choices: ['json', 'text'],
      env: 'ENTREPOT_LOG_FORMAT',
    },
    accessLog: {
      kind: 'flag',
      flags: '--access-log',
      describes: 'Write one line for every request.',
      env: 'ENTREPOT_ACCESS_LOG',
    },
  },
  examples: [
    { does: 'Run a registry for this machine', command: 'entrepot serve --data ./data' },
    {
      does: 'Serve every interface, with a line for each request',
      command: 'entrepot serve --listen :5080 --access-log',
    },
    { does: 'Take everything from a file', command: 'entrepot serve --config /etc/entrepot/entrepot.yaml' },
  ],
  run: async () => {
    throw new TypeError('the main runs this verb itself');
  },
});
