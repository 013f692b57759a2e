import { createHash, randomBytes } from 'node:crypto';
import { readFile, rename, truncate, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, toDigest } from '@entrepot/oci/digest';
import {
  createInspect,
  createOrphans,
  createRepair,
  createScrub,
  createScrubReadModel,
  createScrubStore,
} from '#features/scrub';
import type { Clock } from '#kernel/clock';
import { randomId } from '#kernel/ids';
import type { BlobLocation, BlobStore } from '#platform/blobs';
import { type Db, within } from '#platform/db';
import { createJobs, startJobWorker } from '#platform/jobs';
import { createMarks } from '#platform/marks';
import { createBlobRecords } from '#registry/blobs';
import type { RepairSource } from '#registry/ports/repair';

/** How bytes come to be wrong. */
export const damageKinds = ['flip', 'truncate', 'remove', 'zero', 'swap'] as const;
export type DamageKind = (typeof damageKinds)[number];

export interface PlacedBlob {
  readonly digest: Digest;
  readonly location: BlobLocation;
  readonly bytes: Buffer;
}

const sha256 = (bytes: Uint8Array) => toDigest('sha256', createHash('sha256').update(bytes).digest('hex'));

/** Puts bytes into a store, without a row. */
export async function placeBytes(store: BlobStore, bytes: Buffer): Promise<PlacedBlob> {
  const id = randomId();
  const begun = await store.create(id);
  const source = (async function* () {
    yield bytes;
  })();
  const { state } = await store.append(id, begun, 0, source, () => undefined);
  const digest = sha256(bytes);
  return { digest, bytes, location: await store.commit(id, state, { digest, size: bytes.length, verified: true }) };
}

/** Puts a blob into a store and a database. */
export async function placeBlob(db: Db, store: BlobStore, bytes: Buffer): Promise<PlacedBlob> {
  const placed = await placeBytes(store, bytes);
  const { digest, location } = placed;
  await db.transact((tx) => createBlobRecords(db).insert(tx, { digest, location, size: bytes.length, at: 1 }));
  return placed;
}

/** A second copy that was thrown away. */
export async function placeTrash(db: Db, store: BlobStore, bytes: Buffer): Promise<PlacedBlob> {
  const placed = await placeBytes(store, bytes);
  const { digest, location } = placed;
  await db.transact((tx) =>
    within(tx).insertInto('trash').values({ location, digest, size: bytes.length, at: 1 }).execute(),
  );
  return placed;
}

/** Makes the file of one blob wrong, or those of two. `random` is below 1. */
export async function damage(
  root: string,
  kind: DamageKind,
  [one, other]: readonly [PlacedBlob, PlacedBlob?],
  random: () => number,
): Promise<void> {
  const path = join(root, one.location);
  const { length } = one.bytes;
  switch (kind) {
    case 'flip': {
      const bytes = await readFile(path);
      const at = Math.floor(random() * length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8));
      return writeFile(path, bytes);
    }
    case 'truncate':
      return truncate(path, Math.floor(random() * length));
    case 'remove':
      return unlink(path);
    case 'zero':
      return writeFile(path, Buffer.alloc(length));
    case 'swap': {
      const second = join(root, other?.location ?? '');
      const between = join(root, `swap-${randomBytes(4).toString('hex')}`);
      await rename(path, between);
      await rename(second, path);
      return rename(between, second);
    }
    default:
      return kind satisfies never;
  }
}

/** The scrub on a database and a store, without the rest of a registry, with what it told. */
export function makeScrub(
  db: Db,
  bytes: BlobStore,
  options: { readonly clock?: Clock; readonly sources?: readonly RepairSource[]; readonly rate?: number } = {},
) {
  const { clock = Date.now, sources = [], rate = 0 } = options;
  const { transact } = db;
  const audited: string[] = [];
  const errors: object[] = [];
  const audit = {
    async write(_tx: unknown, { action, resource }: { readonly action: string; readonly resource: string }) {
      audited.push(`${action} ${resource}`);
    },
  };
  const logger = { error: (fields: object) => void errors.push(fields), warn: () => undefined };
  const store = createScrubStore(db);
  const readModel = createScrubReadModel(db);
  const jobs = createJobs({ db, clock });
  const inspect = createInspect({ store, bytes, transact, audit, clock, logger });
  const repair = createRepair({ store, bytes, sources, transact, audit, clock, newId: randomId });
  const orphans = createOrphans({ store, bytes, transact, audit, clock, graceMs: 86_400_000 });
  const scrub = createScrub({
    pass: { store, inspect, repair, orphans, transact, audit, clock, logger },
    readModel,
    marks: createMarks(db),
    jobs,
    transact,
    audit,
    clock,
    logger,
    periodMs: 7 * 86_400_000,
    rate,
  });
  return {
    scrub,
    store,
    readModel,
    jobs,
    inspect,
    audited,
    errors,
    startWorker: () =>
      startJobWorker({
        db,
        clock,
        newId: randomId,
        handlers: scrub.handlers,
        onError: (error) => void errors.push({ error }),
        pollMs: 50,
      }),
  };
}

export const testAsker = {
  actor: { kind: 'user', userId: 1, name: 'admin', admin: true },
  address: '192.0.2.1',
  requestId: 'test',
} as const;

/** Runs one pass to its end. */
export async function scrubOnce(made: ReturnType<typeof makeScrub>): Promise<void> {
  await using worker = made.startWorker();
  const id = await made.scrub.start(testAsker);
  for (let tries = 0; tries < 60_000; tries += 1) {
    worker.wake();
    const found = await made.jobs.findExecution({ vendorTypes: ['STORAGE_SCRUB'] }, id);
    if (found?.endedAt !== undefined) {
      if (found.status !== 'Success') throw new Error(`the scrub ended with ${found.status} ${found.statusMessage}`);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('the scrub does not end');
}

export interface BitRotOptions {
  readonly db: Db;
  readonly store: BlobStore;
  readonly root: string;
  readonly blobs: number;
  readonly damages: number;
  readonly random: () => number;
}

export interface BitRotResult {
  readonly damaged: number;
  readonly found: number;
  /** That a good copy existed of. */
  readonly mendable: number;
  readonly mended: number;
  /** In order of `damageKinds`. */
  readonly byKind: readonly number[];
  readonly seconds: number;
}

/**
 * Fills a store, damages some of it in all ways, scrubs once, and holds what was found and mended against what was
 * done. Half of the blobs have a second copy in the trash, some of which are damaged too. Rejects with the difference.
 */
export async function runBitRot({ db, store, root, blobs, damages, random }: BitRotOptions): Promise<BitRotResult> {
  const placed: PlacedBlob[] = [];
  const copies = new Map<Digest, PlacedBlob>();
  for (let at = 0; at < blobs; at += 1) {
    const bytes = Buffer.alloc(1 + Math.floor(random() ** 3 * 100_000));
    for (let byte = 0; byte < bytes.length; byte += 1) bytes[byte] = Math.floor(random() * 256);
    bytes.writeUInt8(1 + Math.floor(random() * 255), 0);
    const whole = Buffer.concat([bytes, Buffer.from(`#${at}`)]);
    const blob = await placeBlob(db, store, whole);
    placed.push(blob);
    if (random() < 0.5) copies.set(blob.digest, await placeTrash(db, store, whole));
  }
  const left = [...placed];
  const draw = () => left.splice(Math.floor(random() * left.length), 1)[0] as PlacedBlob;
  const hurt = new Set<Digest>();
  const mendable = new Set<Digest>();
  const byKind = damageKinds.map(() => 0);
  for (let count = 0; count < damages; count += 1) {
    const kind = damageKinds[count % damageKinds.length] as DamageKind;
    const pair: [PlacedBlob, PlacedBlob?] = kind === 'swap' ? [draw(), draw()] : [draw()];
    await damage(root, kind, pair, random);
    byKind[damageKinds.indexOf(kind)] = (byKind[damageKinds.indexOf(kind)] ?? 0) + 1;
    for (const blob of pair) {
      if (blob === undefined) continue;
      hurt.add(blob.digest);
      const copy = copies.get(blob.digest);
      const copyHurt = copy !== undefined && random() < 0.2;
      if (copyHurt) await damage(root, 'flip', [copy], random);
      if (kind === 'swap' || (copy !== undefined && !copyHurt)) mendable.add(blob.digest);
    }
  }
  const made = makeScrub(db, store);
  const begun = performance.now();
  await scrubOnce(made);
  const seconds = (performance.now() - begun) / 1000;

  const rows = await db.read.selectFrom('storage_damage').select(['digest', 'mended_at']).execute();
  const found = new Set(rows.map(({ digest }) => digest as Digest));
  const mended = new Set(rows.filter(({ mended_at: at }) => at !== null).map(({ digest }) => digest as Digest));
  const differ = (what: string, one: ReadonlySet<Digest>, other: ReadonlySet<Digest>) => {
    const odd = one.symmetricDifference(other);
    if (odd.size > 0) throw new Error(`${what}: ${odd.size} differ, ${[...odd].slice(0, 3).join(', ')}`);
  };
  differ('damaged and found', hurt, found);
  differ('mendable and mended', mendable, mended);
  for (const { digest, bytes } of placed) {
    const row = await db.read.selectFrom('blob').selectAll().where('digest', '=', digest).executeTakeFirstOrThrow();
    if ((row.damaged_at === null) === (hurt.has(digest) && !mended.has(digest))) {
      throw new Error(`${digest} is quarantined and should not be, or the reverse`);
    }
    if (row.damaged_at !== null) continue;
    const read = Buffer.concat(await (await store.open(row.location as BlobLocation)).toArray());
    if (!read.equals(bytes)) throw new Error(`${digest} is given out with other bytes`);
  }
  return { damaged: hurt.size, found: found.size, mendable: mendable.size, mended: mended.size, byKind, seconds };
}
