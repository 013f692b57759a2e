import { readFileSync } from 'node:fs';
import { type Config, ConfigError, type ConfigFlags, loadConfig, type Secrets } from '#platform/config';
import { createLog } from '#platform/log';
import { compose } from './compose.ts';
import { explainStart } from './explain-start.ts';

export interface WorkOptions {
  readonly flags: ConfigFlags;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  /** Aborted when the process is asked to end. */
  readonly signal: AbortSignal;
}

/**
 * Works on jobs until the signal is aborted: the same rooms as the server's, without its port. What is under way then is
 * told to stop and given back, and another process goes on with it. Answers with the exit code: 0 after a clean end, 1
 * when it could not start, 2 for a faulty configuration or one without work for it, told on `stderr`.
 */
export async function work(options: WorkOptions): Promise<number> {
  let loaded: { config: Config; secrets: Secrets };
  try {
    loaded = loadConfig({ flags: options.flags, env: options.env, readFile: (path) => readFileSync(path, 'utf8') });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    options.stderr.write(`${error.message}\n`);
    return 2;
  }
  if (loaded.config.database.kind === 'sqlite') {
    options.stderr.write(
      'A worker beside the server takes PostgreSQL: a SQLite database belongs to one process, and the server works on its jobs itself. Give database.url, or run "entrepot serve" alone.\n',
    );
    return 2;
  }
  try {
    await run(loaded.config, loaded.secrets, options);
    return 0;
  } catch (error) {
    options.stderr.write(`${explainStart(error, loaded.config)}\n`);
    return 1;
  }
}

async function run(config: Config, secrets: Secrets, { stdout, signal }: WorkOptions): Promise<void> {
  process.umask(0o077);
  // A closed pipe behind the log must not end the work.
  stdout.on('error', () => undefined);
  const log = createLog(config.log, stdout);
  const logger = log.forPlace('app:worker');
  await using _registry = await compose({ config, secrets, log, tls: undefined, role: 'worker' });
  logger.info({ pid: process.pid }, 'Working on jobs.');
  // Neither a port nor the timers of the rooms keep the process.
  const staying = setInterval(() => undefined, 60_000);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  clearInterval(staying);
  logger.info({}, 'Asked to end: what is under way is given back.');
}
