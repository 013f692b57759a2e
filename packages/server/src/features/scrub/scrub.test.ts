import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { RegistryError } from '#kernel/errors';
import type { BlobStore } from '#platform/blobs';
import { createFilesystemBlobs } from '#platform/blobs/filesystem';
import { createMemoryBlobs } from '#platform/blobs/memory';
import { within } from '#platform/db';
import { damage, makeScrub, placeBlob, placeBytes, placeTrash, runBitRot, scrubOnce } from '#testing/bit-rot';
import { forEachDialect } from '#testing/databases';
import { addProjectRow, addRepositoryRow } from '#testing/rows';

const day = 86_400_000;

async function makeRoot() {
  const root = await mkdtemp(join(tmpdir(), 'scrub-'));
  return { root, [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }) };
}

/** The same figures for the same seed. */
function drawFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

forEachDialect('the scrub', (on) => {
  test('finds every damage in one pass, and mends what has a good copy', async () => {
    await using place = await on.open();
    await using folder = await makeRoot();
    const store = await createFilesystemBlobs({ root: folder.root });
    const blobs = on.kind === 'sqlite' ? 400 : 120;
    const result = await runBitRot({
      db: place.db,
      store,
      root: folder.root,
      blobs,
      damages: on.kind === 'sqlite' ? 120 : 30,
      random: drawFrom(7),
    });
    assert.ok(result.found === result.damaged && result.damaged >= 30, JSON.stringify(result));
    assert.ok(result.mended === result.mendable && result.mended > 0);
  });

  test('goes on after it was stopped, and reads nothing twice', async () => {
    await using place = await on.open();
    const { db } = place;
    const inner = createMemoryBlobs();
    let opened = 0;
    const counting: BlobStore = { ...inner, open: (...args) => ((opened += 1), inner.open(...args)) };
    for (let at = 0; at < 300; at += 1) await placeBlob(db, counting, Buffer.from(`blob ${at}`));
    const made = makeScrub(db, counting, { rate: 16 * 1024 * 400 });
    {
      await using worker = made.startWorker();
      await made.scrub.start({ actor: { kind: 'anonymous' }, address: '', requestId: '' });
      worker.wake();
      while (opened < 150) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const before = opened;
    assert.ok(before < 300);
    await using worker = makeScrub(db, counting).startWorker();
    worker.wake();
    while (opened < 300) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, 50));
    // One was under way when it was stopped.
    assert.ok(opened <= 302, `${opened} reads of 300 blobs`);
  });

  test('takes a store that is away for a store that is away, and not for damage', async () => {
    await using place = await on.open();
    const { db } = place;
    const inner = createMemoryBlobs();
    for (let at = 0; at < 30; at += 1) await placeBlob(db, inner, Buffer.from(`blob ${at}`));
    const gone = () => Promise.reject(new RegistryError('unavailable', 'away'));
    const away = makeScrub(db, { ...inner, open: gone, probe: gone });
    await assert.rejects(scrubOnceBriefly(away), /Pending|Scheduled|Running/);
    // An empty folder where the store should be: everything is missing, and the probe fails.
    const unmounted = makeScrub(db, {
      ...inner,
      open: () => Promise.reject(new RegistryError('blob-not-found', 'not there')),
      probe: gone,
    });
    await assert.rejects(scrubOnceBriefly(unmounted), /Pending|Scheduled|Running/);
    assert.deepEqual(await place.query('select id from blob where damaged_at is not null'), []);
    assert.deepEqual(await place.query('select id from storage_damage'), []);
  });

  test('lets a passing error pass', async () => {
    await using place = await on.open();
    const { db } = place;
    const inner = createMemoryBlobs();
    const blob = await placeBlob(db, inner, Buffer.from('sound'));
    let reads = 0;
    const flaky: BlobStore = {
      ...inner,
      open: async (...args) => ((reads += 1) === 1 ? Readable.from([Buffer.from('wrong')]) : inner.open(...args)),
    };
    const made = makeScrub(db, flaky);
    await scrubOnce(made);
    assert.equal(reads, 2);
    assert.ok((await made.store.findSound(blob.digest)) !== undefined);
  });

  test('leaves a blob alone that was moved while it was read', async () => {
    await using place = await on.open();
    const { db } = place;
    const store = createMemoryBlobs();
    const blob = await placeBlob(db, store, Buffer.from('moving'));
    const made = makeScrub(db, store);
    const kept = await made.store.findSound(blob.digest);
    const moved = await placeBytes(store, blob.bytes);
    await place.query(`update blob set location = '${moved.location}' where id = ${kept?.id}`);
    await store.delete(blob.location);
    assert.ok(kept !== undefined);
    const taken = await db.transact((tx) => made.store.quarantine(tx, kept, { kind: 'damaged', reason: 'missing' }, 5));
    assert.equal(taken, false);
    await scrubOnce(made);
    assert.ok((await made.store.findSound(blob.digest)) !== undefined);
  });

  test('puts bytes that nobody names into the trash, but none that are young, staged or thrown away already', async () => {
    await using place = await on.open();
    await using folder = await makeRoot();
    const { db } = place;
    const store = await createFilesystemBlobs({ root: folder.root });
    const kept = await placeBlob(db, store, Buffer.from('kept'));
    const thrown = await placeTrash(db, store, Buffer.from('thrown away'));
    const orphan = await placeBytes(store, Buffer.from('nobody knows'));
    const staged = await placeBytes(store, Buffer.from('about to be named'));
    await writeFile(join(folder.root, 'sha256/00/README'), 'not ours');
    const project = await addProjectRow(db, 'team');
    const repository = await addRepositoryRow(db, project, 'team/app');
    await db.transact((tx) =>
      within(tx)
        .insertInto('upload')
        .values({
          id: '00-upload',
          repository_id: repository,
          owner: 'user:1',
          algorithm: 'sha256',
          size: 1,
          stage: JSON.stringify({ key: staged.location }),
          created_at: 1,
          touched_at: 1,
          locked_until: 0,
          lock_id: null,
        })
        .execute(),
    );
    const trash = () => place.query('select location, digest, size from trash order by id');
    await scrubOnce(makeScrub(db, store));
    assert.equal((await trash()).length, 1, 'all is younger than a day');
    const late = makeScrub(db, store, { clock: () => Date.now() + 2 * day });
    await scrubOnce(late);
    const rows = await trash();
    assert.deepEqual(
      rows.map((row) => row['location']),
      [thrown.location, orphan.location],
    );
    assert.equal(rows[1]?.['digest'], orphan.digest);
    assert.ok((await store.stat(kept.location)) !== undefined);
    assert.ok(late.audited.some((line) => line.startsWith('discard-content')));
    await scrubOnce(late);
    assert.equal((await trash()).length, 2, 'once');
  });

  test('mends a blob from bytes that nobody named', async () => {
    await using place = await on.open();
    await using folder = await makeRoot();
    const { db } = place;
    const store = await createFilesystemBlobs({ root: folder.root });
    const blob = await placeBlob(db, store, Buffer.from('twice'));
    await placeBytes(store, blob.bytes);
    await damage(folder.root, 'remove', [blob], Math.random);
    const made = makeScrub(db, store, { clock: () => Date.now() + 2 * day });
    await scrubOnce(made);
    assert.ok((await made.store.findSound(blob.digest)) !== undefined);
    assert.deepEqual(
      (await place.query('select mended_by from storage_damage')).map((row) => row['mended_by']),
      ['trash'],
    );
  });

  test('asks elsewhere for what it has no copy of, and believes the digest alone', async () => {
    await using place = await on.open();
    const { db } = place;
    const store = createMemoryBlobs();
    const blob = await placeBlob(db, store, Buffer.from('only here'));
    await store.delete(blob.location);
    const liar = { name: 'liar', find: async () => Readable.from([Buffer.from('only hers')]) };
    const endless = { name: 'endless', find: async () => Readable.from(forever()) };
    const silent = { name: 'silent', find: async () => undefined };
    const bad = makeScrub(db, store, { sources: [liar, endless, silent] });
    await scrubOnce(bad);
    assert.equal(await bad.store.findSound(blob.digest), undefined);
    assert.equal(bad.errors.length, 1);
    const honest = { name: 'mirror', find: async () => Readable.from([blob.bytes]) };
    const made = makeScrub(db, store, { sources: [liar, silent, honest] });
    await scrubOnce(made);
    const sound = await made.store.findSound(blob.digest);
    assert.ok(sound !== undefined);
    assert.ok(Buffer.concat(await (await store.open(sound.location)).toArray()).equals(blob.bytes));
    assert.ok(made.audited.includes(`repair-content ${blob.digest}`));
    assert.deepEqual(store.listStaged(), []);
  });

  test('finds a manifest whose bytes in the database are not its own, and says who needs it', async () => {
    await using place = await on.open();
    const { db } = place;
    const store = createMemoryBlobs();
    const blob = await placeBlob(db, store, Buffer.from('{"a":1}'));
    const { digest, bytes } = blob;
    const project = await addProjectRow(db, 'team');
    const repository = await addRepositoryRow(db, project, 'team/app');
    await db.transact(async (tx) => {
      const q = within(tx);
      await q.insertInto('manifest_content').values({ digest, content: bytes }).execute();
      const { id } = await q
        .insertInto('manifest')
        .values({
          repository_id: repository,
          digest,
          media_type: 'application/vnd.oci.image.manifest.v1+json',
          size: bytes.length,
          artifact_type: null,
          subject_digest: null,
          annotations: null,
          pushed_at: 1,
          pushed_by: 'anna',
        })
        .returning('id')
        .executeTakeFirstOrThrow();
      await q
        .insertInto('tag')
        .values({ repository_id: repository, name: 'v1', manifest_id: id, pushed_at: 1, pushed_by: 'anna' })
        .execute();
    });
    const sound = makeScrub(db, store);
    await scrubOnce(sound);
    assert.equal((await sound.scrub.report()).state.damaged, 0);
    const wrong = Buffer.from('{"a":2}');
    await db.transact((tx) => within(tx).updateTable('manifest_content').set({ content: wrong }).execute());
    const made = makeScrub(db, store, { clock: () => Date.now() + day });
    await scrubOnce(made);
    const { entries, total } = await made.scrub.listDamage(false, { page: 1, pageSize: 10, conditions: [], sort: [] });
    assert.equal(total, 1);
    assert.equal(entries[0]?.kind, 'manifest');
    assert.deepEqual(entries[0]?.affected, [{ repository: 'team/app', digest, tags: ['v1'] }]);
    const healing = makeScrub(db, store, {
      sources: [{ name: 'mirror', find: async () => Readable.from([bytes]) }],
      clock: () => Date.now() + 2 * day,
    });
    await scrubOnce(healing);
    assert.equal((await healing.scrub.report()).state.damaged, 0);
  });
});

async function* forever() {
  for (;;) yield Buffer.alloc(1024);
}

/** A pass that is to be tried again: rejects with what it is in. */
async function scrubOnceBriefly(made: ReturnType<typeof makeScrub>): Promise<void> {
  await using worker = made.startWorker();
  const id = await made.scrub.start({ actor: { kind: 'anonymous' }, address: '', requestId: '' });
  for (let tries = 0; tries < 200; tries += 1) {
    worker.wake();
    const found = await made.jobs.findExecution({ vendorTypes: ['STORAGE_SCRUB'] }, id);
    const { entries } = await made.jobs.listTasks(id, { page: 1, pageSize: 1, conditions: [], sort: [] });
    if ((entries[0]?.statusMessage ?? '') !== '') throw new Error(String(entries[0]?.status));
    if (found?.endedAt !== undefined) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('nothing came of it');
}
