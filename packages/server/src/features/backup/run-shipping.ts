import { setTimeout as sleep } from 'node:timers/promises';
import type { ObjectFolder } from '#platform/objects';
import { claimPlace } from './place.ts';
import type { SealKey } from './seal.ts';
import { createShipper, mostLogBytes, type ShipEvent, type Shipper, type ShipperDeps } from './ship.ts';
import { openSqliteLog } from './store.ts';
import { enterPlace, type PlaceUser } from './users.ts';

export interface ShippingOptions
  extends Pick<
    ShipperDeps,
    'copiesBlobs' | 'source' | 'database' | 'clock' | 'snapshotIntervalMs' | 'keep' | 'onEvent'
  > {
  readonly folder: ObjectFolder;
  readonly key: SealKey;
  readonly intervalMs: number;
  readonly signal: AbortSignal;
}

/**
 * Ships the changes of a database that a registry has open, round after round, until the signal is aborted and the rest is
 * shipped. A round that fails is told and tried again; the database never waits for the place.
 */
export async function runShipping(options: ShippingOptions): Promise<void> {
  const { folder, key, database, signal, onEvent } = options;
  using log = openSqliteLog(database);
  let shipper: Shipper | undefined;
  let user: PlaceUser | undefined;

  async function open(): Promise<Shipper> {
    const place = await claimPlace(folder, key, { store: log.store, kind: 'sqlite' });
    user ??= await enterPlace(place, 'ship');
    return createShipper({ ...options, log, place, scratch: `${database}-copy` });
  }

  const fail = (error: unknown) =>
    onEvent({
      kind: 'failed',
      message: 'Changes could not be shipped; the next round tries again.',
      error: error instanceof Error ? error.message : String(error),
    });

  while (!signal.aborted) {
    const begin = performance.now();
    try {
      shipper ??= await open();
      await shipper.round();
    } catch (error) {
      fail(error);
      if (shipper === undefined && log.logBytes() > mostLogBytes) log.giveUp();
    }
    const rest = options.intervalMs - (performance.now() - begin);
    await sleep(Math.max(rest, 0), undefined, { signal }).catch(() => undefined);
  }
  await shipper?.end().catch(fail);
  await Promise.resolve(user?.[Symbol.asyncDispose]()).catch(fail);
}

export type { ShipEvent };
