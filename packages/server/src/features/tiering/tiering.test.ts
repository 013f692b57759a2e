import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Digest } from '@entrepot/oci/digest';
import { createMover, createTiering, createTieringStore } from '#features/tiering';
import { randomId } from '#kernel/ids';
import type { BlobLocation, BlobStore } from '#platform/blobs';
import { isBlobTiers } from '#platform/blobs/capabilities';
import { createFilesystemBlobs } from '#platform/blobs/filesystem';
import { createMemoryBlobs } from '#platform/blobs/memory';
import { createS3Blobs } from '#platform/blobs/s3';
import { coldPrefix, createTieredBlobs } from '#platform/blobs/tiered';
import { type Db, within } from '#platform/db';
import { createJobs, startJobWorker } from '#platform/jobs';
import { createMarks } from '#platform/marks';
import { createBlobRecords } from '#registry/blobs';
import { placeBlob, testAsker } from '#testing/bit-rot';
import { forEachDialect } from '#testing/databases';
import { startFakeS3 } from '#testing/fake-s3';
import { addProjectRow, addRepositoryRow } from '#testing/rows';
import { eventually } from '#testing/test-clock';

const hour = 3_600_000;
const day = 24 * hour;
const policy = { enabled: true, afterMs: 30 * day, minSize: 4, promote: true, keepHotMs: hour };

function makeTiering(db: Db, bytes: BlobStore, now: () => number, more: Partial<typeof policy> = {}) {
  assert.ok(isBlobTiers(bytes));
  const suspects: Digest[] = [];
  const audited: string[] = [];
  const audit = { write: async (_tx: unknown, entry: { action: string }) => void audited.push(entry.action) };
  const store = createTieringStore(db, coldPrefix);
  const jobs = createJobs({ db, clock: now });
  const { transact } = db;
  const shared = { store, transact, clock: now };
  const move = createMover({
    ...shared,
    bytes,
    newId: randomId,
    trashMs: 7 * day,
    keepHotMs: hour,
    onSuspect: (digest) => void suspects.push(digest),
  });
  const tiering = createTiering({
    ...shared,
    bytes,
    move,
    marks: createMarks(db),
    jobs,
    audit,
    logger: { warn: () => undefined, info: () => undefined },
    policy: { ...policy, ...more },
    intervalMs: 0,
    rate: 0,
  });

  /** One run to its end. */
  async function run(): Promise<void> {
    const id = await tiering.start(testAsker);
    await using worker = startJobWorker({
      db,
      clock: now,
      newId: randomId,
      handlers: tiering.handlers,
      onError: () => undefined,
      pollMs: 50,
    });
    await eventually(async () => {
      worker.wake();
      const found = await jobs.findExecution({ vendorTypes: ['STORAGE_TIERING'] }, id);
      return found?.endedAt;
    }, 20_000);
  }
  return { tiering, store, move, run, suspects, audited };
}

/** A blob that a repository of a project holds, and a manifest needs that was pulled. */
async function holdBlob(db: Db, store: BlobStore, projectId: number, bytes: Buffer, pulledAt = 0) {
  const placed = await placeBlob(db, store, bytes);
  const repository = await addRepositoryRow(db, projectId, `p${projectId}/${crypto.randomUUID()}`);
  await db.transact(async (tx) => {
    const q = within(tx);
    const { id } = await q
      .selectFrom('blob')
      .select('id')
      .where('digest', '=', placed.digest)
      .executeTakeFirstOrThrow();
    await createBlobRecords(db).link(tx, repository, id, 1);
    const digest = `sha256:${crypto.randomUUID()}`;
    await q
      .insertInto('manifest_content')
      .values({ digest, content: Buffer.from('{}') })
      .execute();
    const manifest = await q
      .insertInto('manifest')
      .values({
        repository_id: repository,
        digest,
        media_type: 'x/y',
        size: 2,
        artifact_type: null,
        subject_digest: null,
        annotations: null,
        pushed_at: 1,
        pushed_by: 'anna',
        pulled_at: pulledAt,
      })
      .returning('id')
      .executeTakeFirstOrThrow();
    const edge = { manifest_id: manifest.id, blob_id: id, repository_id: repository };
    await q.insertInto('manifest_blob').values(edge).execute();
    await q.updateTable('blob').set({ touched_at: 1 }).where('id', '=', id).execute();
  });
  return placed;
}

async function locationOf(db: Db, digest: Digest): Promise<BlobLocation> {
  const row = await db.read
    .selectFrom('blob')
    .select('location')
    .where('digest', '=', digest)
    .executeTakeFirstOrThrow();
  return row.location as BlobLocation;
}

const readAt = async (store: BlobStore, location: BlobLocation) =>
  Buffer.concat(await (await store.open(location)).toArray());

const twoOfMemory = () => createTieredBlobs({ hot: createMemoryBlobs(), cold: createMemoryBlobs() });

forEachDialect('the tiers', (on) => {
  test('what nobody used for long goes to the cold one, and what was used, is small or wanted near stays', async () => {
    await using place = await on.open();
    const { db } = place;
    const store = twoOfMemory();
    const now = 100 * day;
    const [team, near] = [await addProjectRow(db, 'team'), await addProjectRow(db, 'near')];
    const old = await holdBlob(db, store, team, Buffer.from('old and unused'));
    const pulled = await holdBlob(db, store, team, Buffer.from('pulled lately'), 90 * day);
    const small = await holdBlob(db, store, team, Buffer.from('abc'));
    const kept = await holdBlob(db, store, near, Buffer.from('of a project that keeps all'));
    const shared = await holdBlob(db, store, team, Buffer.from('shared'));
    await holdBlob(db, store, near, shared.bytes);
    const loose = await placeBlob(db, store, Buffer.from('held by nobody'));
    const made = makeTiering(db, store, () => now);
    await made.tiering.setRule(
      testAsker,
      { id: near, name: 'near' },
      { enabled: false, afterMs: undefined, minSize: undefined },
    );
    await made.run();
    assert.equal(store.tierOf(await locationOf(db, old.digest)), 'cold');
    assert.ok((await readAt(store, await locationOf(db, old.digest))).equals(old.bytes));
    for (const blob of [pulled, small, kept, shared, loose]) {
      assert.equal(store.tierOf(await locationOf(db, blob.digest)), 'hot', blob.bytes.toString());
    }
    assert.ok((await readAt(store, old.location)).equals(old.bytes), 'who looked before still reads');
    const trash = await place.query('select location, digest, at from trash');
    assert.deepEqual(
      trash.map((row) => [row['location'], row['digest']]),
      [[old.location, old.digest]],
    );
    // PostgreSQL goes by its own clock.
    const written = on.kind === 'sqlite' ? now : Date.now();
    const left = Number(trash[0]?.['at']) + 7 * day - written;
    assert.ok(Math.abs(left - hour) < 60_000, `${left} ms are left of its week, not an hour`);
    const report = await made.tiering.report();
    assert.deepEqual(
      report.tiers.map(({ tier, blobs }) => [tier, blobs]),
      [
        ['hot', 5],
        ['cold', 1],
      ],
    );
    assert.deepEqual([report.last?.detail['moved'], report.last?.detail['moved_bytes']], [1, old.bytes.length]);
    await made.tiering.clearRule(testAsker, { id: near, name: 'near' });
    await made.run();
    assert.equal(store.tierOf(await locationOf(db, shared.digest)), 'cold');
    assert.ok(made.audited.includes('move-content') && made.audited.includes('update-tiering'));
  });

  test('a project may let go earlier than the registry', async () => {
    await using place = await on.open();
    const { db } = place;
    const store = twoOfMemory();
    const team = await addProjectRow(db, 'team');
    const blob = await holdBlob(db, store, team, Buffer.from('quickly old'));
    const made = makeTiering(db, store, () => 2 * hour);
    await made.run();
    assert.equal(store.tierOf(await locationOf(db, blob.digest)), 'hot');
    await made.tiering.setRule(testAsker, { id: team, name: 'team' }, { enabled: true, afterMs: hour, minSize: 0 });
    await made.run();
    assert.equal(store.tierOf(await locationOf(db, blob.digest)), 'cold');
    await assert.rejects(made.tiering.clearRule(testAsker, { id: 999, name: 'none' }), { code: 'object-not-found' });
  });

  test('what is read there comes back, and stays', async () => {
    await using place = await on.open();
    const { db } = place;
    const store = twoOfMemory();
    const team = await addProjectRow(db, 'team');
    const blob = await holdBlob(db, store, team, Buffer.from('wanted again'));
    const now = on.kind === 'sqlite' ? 100 * day : Date.now();
    const made = makeTiering(db, store, () => now);
    await made.run();
    const far = await locationOf(db, blob.digest);
    assert.equal(store.tierOf(far), 'cold');
    made.tiering.noteRead(blob.digest, far);
    const near = await eventually(async () => {
      const location = await locationOf(db, blob.digest);
      return store.tierOf(location) === 'hot' ? location : undefined;
    });
    assert.ok((await readAt(store, near)).equals(blob.bytes));
    await made.run();
    assert.equal(await locationOf(db, blob.digest), near);
    const never = makeTiering(db, store, () => now + 40 * day, { promote: false });
    await never.run();
    const again = await locationOf(db, blob.digest);
    assert.equal(store.tierOf(again), 'cold');
    never.tiering.noteRead(blob.digest, again);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(await locationOf(db, blob.digest), again);
  });

  test('a blob whose bytes are wrong is not moved, and is told of', async () => {
    await using place = await on.open();
    const { db } = place;
    const hot = createMemoryBlobs();
    const store = createTieredBlobs({ hot, cold: createMemoryBlobs() });
    const team = await addProjectRow(db, 'team');
    const right = await holdBlob(db, store, team, Buffer.from('right'));
    const wrong = await placeBlob(db, store, Buffer.from('other'));
    await place.query(`update blob set location = '${wrong.location}' where digest = '${right.digest}'`);
    const made = makeTiering(db, store, () => 100 * day);
    await made.run();
    assert.deepEqual(made.suspects, [right.digest]);
    assert.equal(await locationOf(db, right.digest), wrong.location);
    const gone = await holdBlob(db, store, team, Buffer.from('is gone'));
    await hot.delete(gone.location);
    await made.run();
    assert.ok(made.suspects.includes(gone.digest));
  });

  test('killed at any step, a move loses nothing, and is made when it is tried again', async () => {
    await using place = await on.open();
    const { db } = place;
    const team = await addProjectRow(db, 'team');
    const now = () => 100 * day;
    let steps = 0;
    for (let at = 1; ; at += 1) {
      const hot = createMemoryBlobs();
      const cold = createMemoryBlobs();
      const killer = killAt(at);
      const plain = createTieredBlobs({ hot, cold });
      const dying = createTieredBlobs({ hot: killer.store(hot), cold: killer.store(cold) });
      const blob = await holdBlob(db, plain, team, Buffer.from(`kill ${at} ${crypto.randomUUID()}`));
      const kept = (made: ReturnType<typeof makeTiering>) => made.store.find(blob.digest);
      const made = makeTiering({ ...db, transact: killer.transact(db.transact) } as Db, dying, now);
      const found = await kept(made);
      assert.ok(found !== undefined);
      const options = {
        to: 'cold',
        pace: { spend: async () => undefined },
        signal: new AbortController().signal,
      } as const;
      const outcome = await made.move(found, options).catch((error: unknown) => error);
      assert.ok((await readAt(plain, await locationOf(db, blob.digest))).equals(blob.bytes), `killed at step ${at}`);
      const trash = await db.read.selectFrom('trash').select('location').where('digest', '=', blob.digest).execute();
      const named = new Set([await locationOf(db, blob.digest), ...trash.map(({ location }) => location)]);
      assert.ok(named.has(blob.location), 'the old bytes are named, by the blob or by the trash');
      const again = makeTiering(db, plain, now);
      const left = await kept(again);
      assert.ok(left !== undefined);
      await again.move(left, options);
      assert.equal(plain.tierOf(await locationOf(db, blob.digest)), 'cold');
      assert.ok((await readAt(plain, await locationOf(db, blob.digest))).equals(blob.bytes));
      if (outcome === 'moved' && !killer.struck()) break;
      steps += 1;
    }
    assert.ok(steps >= 7, `${steps} steps were tried`);
  });

  test('somebody who changes the blob meanwhile wins, and no copy is left behind', async () => {
    await using place = await on.open();
    const { db } = place;
    const cold = createMemoryBlobs();
    const store = createTieredBlobs({ hot: createMemoryBlobs(), cold });
    const team = await addProjectRow(db, 'team');
    const blob = await holdBlob(db, store, team, Buffer.from('contended'));
    const made = makeTiering(db, store, () => 100 * day);
    const found = await made.store.find(blob.digest);
    assert.ok(found !== undefined);
    const options = {
      to: 'cold',
      pace: { spend: async () => undefined },
      signal: new AbortController().signal,
    } as const;
    const outcomes = await Promise.all([1, 2, 3].map(() => made.move(found, options)));
    assert.deepEqual(outcomes.toSorted(), ['changed', 'changed', 'moved']);
    assert.equal(cold.listBlobs().length, 1);
    assert.equal((await place.query('select id from trash')).length, 1);
    await place.query('update blob set damaged_at = 5');
    assert.equal(await made.store.find(blob.digest), undefined);
  });
});

test('between a folder and an archive content goes, and comes back when it was fetched', async () => {
  await using fake = await startFakeS3({ restoreMs: 200 });
  const root = await mkdtemp(join(tmpdir(), 'tiers-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(root, { recursive: true, force: true }));
  const { makeSqlitePlace } = await import('#testing/databases');
  const place = stack.use(await makeSqlitePlace());
  const db = stack.use(await place.open());
  const hot = await createFilesystemBlobs({ root });
  const cold = await createS3Blobs({
    ...fake,
    forcePathStyle: true,
    redirect: false,
    redirectExpiresSeconds: 60,
    storageClass: 'GLACIER',
  });
  const store = stack.use(createTieredBlobs({ hot, cold }));
  const team = await addProjectRow(db, 'team');
  const blob = await holdBlob(db, store, team, Buffer.alloc(18 * 1024 * 1024, 'layer'));
  const made = makeTiering(db, store, () => 100 * day);
  await made.run();
  const far = await locationOf(db, blob.digest);
  assert.equal(store.tierOf(far), 'cold');
  assert.deepEqual(fake.listClasses(), { GLACIER: 1 });
  assert.deepEqual(fake.listOpenUploads(), []);
  const found = await made.store.find(blob.digest);
  assert.ok(found !== undefined);
  const options = { to: 'hot', pace: { spend: async () => undefined }, signal: new AbortController().signal } as const;
  assert.equal(await made.move(found, options), 'archived');
  await new Promise((resolve) => setTimeout(resolve, 250));
  assert.equal(await made.move(found, options), 'moved');
  assert.ok((await readAt(store, await locationOf(db, blob.digest))).equals(blob.bytes));
});

/** Stores and transactions that break at the n-th thing they are asked for, before or after they do it. */
function killAt(step: number) {
  let count = 0;
  const died = () => new Error('killed');
  let dead = false;
  async function through<T>(work: () => Promise<T>): Promise<T> {
    if (dead) throw died();
    count += 1;
    if (count === step) {
      dead = true;
      throw died();
    }
    const result = await work();
    count += 1;
    if (count === step) {
      dead = true;
      throw died();
    }
    return result;
  }
  return {
    struck: () => dead,
    store: (inner: BlobStore): BlobStore => ({
      ...inner,
      open: (...args) => through(() => inner.open(...args)),
      create: (...args) => through(() => inner.create(...args)),
      append: (...args) => through(() => inner.append(...args)),
      commit: (...args) => through(() => inner.commit(...args)),
      cancel: (...args) => through(() => inner.cancel(...args)),
      delete: (...args) => through(() => inner.delete(...args)),
    }),
    transact: (inner: Db['transact']): Db['transact'] =>
      ((...args: Parameters<Db['transact']>) => through(() => inner(...args))) as Db['transact'],
  };
}
