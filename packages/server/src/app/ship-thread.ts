import { parentPort, workerData } from 'node:worker_threads';
import { runShipping, type ShipEvent } from '#features/backup';
import { systemClock } from '#kernel/clock';
import type { Config, Secrets } from '#platform/config';
import { openBackupFolder, readBackupKey } from './backup-place.ts';
import { openBlobs } from './open-stores.ts';

export interface ShipStart {
  readonly config: Config;
  readonly secrets: Secrets;
}

/** Ships in a thread of its own, so that requests do not wait for check sums and compression. */
async function ship(port: NonNullable<typeof parentPort>, { config, secrets }: ShipStart): Promise<void> {
  const { backup, database } = config;
  if (backup === null || database.kind !== 'sqlite') return;
  const ending = new AbortController();
  port.once('message', () => ending.abort());
  await using folder = await openBackupFolder(backup.to, process.env, { config, secrets });
  await using source = await openBlobs(config, secrets);
  await runShipping({
    folder,
    key: readBackupKey(backup.keyFile),
    copiesBlobs: backup.copiesBlobs,
    source,
    database: database.path,
    clock: systemClock,
    intervalMs: backup.shipIntervalMs,
    snapshotIntervalMs: backup.snapshotIntervalMs,
    keep: backup.keep,
    signal: ending.signal,
    onEvent: (event: ShipEvent) => port.postMessage(event),
  });
  port.close();
}

if (parentPort !== null) await ship(parentPort, workerData as ShipStart);
