import { readFileSync } from 'node:fs';
import { type Config, ConfigError, type ConfigFlags, loadConfig, type Secrets } from '#platform/config';
import { listen } from '#platform/http/server';
import { createLog, type Log } from '#platform/log';
import { compose, type Registry } from './compose.ts';
import { drain } from './drain.ts';
import { explainStart, hostOf } from './explain-start.ts';
import { loadTls, type ReloadingTls } from './tls.ts';
import { welcome } from './welcome.ts';
import { isWorker, leavePrimary, runWorkers, WorkersFailed } from './workers.ts';

export interface ServeOptions {
  readonly flags: ConfigFlags;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  /** Aborted when the process is asked to end. */
  readonly signal: AbortSignal;
  /** Called once with the address, when the registry answers. */
  readonly onListening?: (address: { readonly host: string; readonly port: number }) => void;
}

/**
 * Runs the registry until the signal is aborted and everything has drained. Answers with the exit code: 0 after a clean
 * end, 1 when it could not start, 2 for a faulty configuration, with every fault told on `stderr`.
 */
export async function serve(options: ServeOptions): Promise<number> {
  let loaded: { config: Config; secrets: Secrets };
  try {
    loaded = loadConfig({ flags: options.flags, env: options.env, readFile: (path) => readFileSync(path, 'utf8') });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    options.stderr.write(`${error.message}\n`);
    return 2;
  }
  try {
    await run(loaded.config, loaded.secrets, options);
    return 0;
  } catch (error) {
    if (!(error instanceof WorkersFailed)) options.stderr.write(`${explainStart(error, loaded.config)}\n`);
    return 1;
  }
}

async function run(config: Config, secrets: Secrets, options: ServeOptions): Promise<void> {
  // Password hashes, signing keys and private images are nobody else's on this machine.
  process.umask(0o077);
  // A closed pipe behind the log must not end the registry.
  options.stdout.on('error', () => undefined);
  const log = createLog(config.log, options.stdout);
  if (config.workers === 1) return runOne(config, secrets, options, log);
  if (isWorker()) {
    await runOne(config, secrets, options, log);
    return leavePrimary();
  }
  const first = await prepare(config, secrets, log);
  greet(first, config, config.listen.port, options);
  await runWorkers({ count: config.workers, signal: options.signal, logger: log.forPlace('app:workers') });
}

/** What a start does once, before several processes serve. */
async function prepare(config: Config, secrets: Secrets, log: Log): Promise<FirstStart | undefined> {
  await using registry = await compose({ config, secrets, log, tls: undefined });
  return await makeFirst(registry, config, secrets);
}

interface FirstStart {
  /** The password that was invented, or undefined when one was given. */
  readonly password: string | undefined;
}

/** Makes the first administrator and the first project, when there are none. Undefined when this is no first start. */
async function makeFirst(registry: Registry, config: Config, secrets: Secrets): Promise<FirstStart | undefined> {
  const admin = await registry.users.ensureAdmin(secrets.adminPassword);
  // Nobody else writes to this database: what a dead process held is free.
  if (config.database.kind === 'sqlite') await registry.uploads.releaseAll();
  if (!admin.created) return undefined;
  await registry.projects.ensureLibrary();
  return { password: admin.invented };
}

function greet(first: FirstStart | undefined, config: Config, port: number, { stdout }: ServeOptions): void {
  if (first === undefined) return;
  const scheme = config.tls === null ? 'http' : 'https';
  stdout.write(welcome({ scheme, host: hostOf(config), port, password: first.password }));
}

async function runOne(config: Config, secrets: Secrets, options: ServeOptions, log: Log): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const tls = config.tls === null ? undefined : stack.use(await openTls(config.tls, log));
  const registry = stack.use(await compose({ config, secrets, log, tls }));
  const first = isWorker() ? undefined : await makeFirst(registry, config, secrets);
  const address = await listen(registry.server, config.listen).catch((error: unknown) => {
    // The account is made; a password that was invented for it must not be lost with this start.
    greet(first, config, config.listen.port, options);
    throw error;
  });
  const scheme = tls === undefined ? 'http' : 'https';
  const logger = log.forPlace('app:server');
  logger.info({ address: `${scheme}://${hostOf(config)}:${address.port}` }, 'Entrepot is ready.');
  greet(first, config, address.port, options);
  options.onListening?.({ host: hostOf(config), port: address.port });
  await new Promise<void>((resolve) => {
    if (options.signal.aborted) resolve();
    else options.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  logger.info({}, 'Asked to end: no new uploads, what runs may finish.');
  await drain(registry, config, logger);
  logger.info({}, 'Ended.');
}

function openTls(files: NonNullable<Config['tls']>, log: Log): Promise<ReloadingTls> {
  const logger = log.forPlace('app:tls');
  return loadTls(files, (message, error) => {
    if (error === undefined) logger.info({}, message);
    else logger.error({ error }, message);
  });
}
