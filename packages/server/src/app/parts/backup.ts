import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import type { DrillResult, ShipEvent } from '#features/backup';
import { isWorker } from '#app/workers';
import type { Config, Secrets } from '#platform/config';
import type { Log } from '#platform/log';
import type { Metrics } from '#platform/metrics';

/** A thread that died is started again after this time, and another process looks so often whether it may ship. */
const againMs = 10_000;

interface BackupDeps {
  readonly config: Config;
  readonly secrets: Secrets;
  readonly log: Log;
  readonly metrics: Metrics;
}

/**
 * Ships the changes of the database while the registry runs, when the configuration has a place for them; one process of
 * a server does. What it has to be ended with is put on the stack.
 */
export function composeBackup({ config, secrets, log, metrics }: BackupDeps, stack: AsyncDisposableStack): void {
  const { backup, database } = config;
  gaugeDrill(config.data, metrics);
  if (backup === null || database.kind !== 'sqlite') return;
  // The process that only starts the others does not ship.
  if (config.workers > 1 && !isWorker()) return;
  const logger = log.forPlace('features:backup');
  let shippedAt: number | undefined;
  let failures = 0;
  metrics.gauge(
    'entrepot_backup_shipped_age_seconds',
    'Everything that was committed so long ago is in the backup.',
    () => (shippedAt === undefined ? Number.NaN : Math.max(0, Date.now() - shippedAt) / 1000),
    'max',
  );
  metrics.gauge('entrepot_backup_failures', 'Rounds of shipping that failed since the start.', () => failures);

  function tell(event: ShipEvent): void {
    switch (event.kind) {
      case 'shipped':
        shippedAt = event.at;
        return;
      case 'note':
        logger.info(event.facts, event.message);
        return;
      case 'failed':
        failures += 1;
        logger.warn({ error: event.error }, event.message);
        return;
      default:
        event satisfies never;
    }
  }

  let thread: Worker | undefined;
  let lock: DatabaseSync | undefined;
  let ended = false;
  let timer: NodeJS.Timeout | undefined;

  function start(): void {
    lock ??= takeLock(`${database.kind === 'sqlite' ? database.path : ''}.ship-lock`);
    if (lock === undefined) return startAgain();
    const made = new Worker(new URL('../ship-thread.ts', import.meta.url), {
      workerData: { config, secrets: { ...secrets } },
    });
    thread = made;
    made.on('message', tell);
    made.on('error', (error) => {
      failures += 1;
      logger.error({ error }, 'Changes are not shipped: the thread that does it ended. It is started again.');
    });
    made.on('exit', () => {
      thread = undefined;
      startAgain();
    });
  }

  function startAgain(): void {
    if (ended) return;
    timer = setTimeout(start, againMs);
    timer.unref();
  }

  start();
  stack.defer(async () => {
    ended = true;
    clearTimeout(timer);
    const ending = thread;
    if (ending !== undefined) {
      const exited = new Promise((resolve) => ending.once('exit', resolve));
      ending.postMessage('end');
      await exited;
    }
    lock?.close();
  });
}

/** Held until the process ends, however it ends. Undefined while another process has it. */
function takeLock(path: string): DatabaseSync | undefined {
  const lock = new DatabaseSync(path, { timeout: 0 });
  try {
    lock.exec('begin exclusive');
    return lock;
  } catch {
    lock.close();
    return undefined;
  }
}

function gaugeDrill(data: string, metrics: Metrics): void {
  const read = (): DrillResult | undefined => {
    try {
      return JSON.parse(readFileSync(join(data, 'last-drill.json'), 'utf8')) as DrillResult;
    } catch {
      return undefined;
    }
  };
  metrics.gauge(
    'entrepot_backup_drill_age_seconds',
    'Since the last drill of the backup, whether it passed or not.',
    () => (Date.now() - (read()?.at ?? Number.NaN)) / 1000,
    'first',
  );
  metrics.gauge(
    'entrepot_backup_drill_passed',
    'Whether the last drill of the backup passed: 1 or 0.',
    () => {
      const found = read();
      return found === undefined ? Number.NaN : Number(found.passed);
    },
    'first',
  );
}
