import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { openSqliteDb } from '#platform/db';
import { openResting } from './apply-change.ts';
import { decodeChange, encodeChange } from './change-code.ts';
import { openSqliteLog, type SqliteLog } from './sqlite-log.ts';
import type { Change } from './wal-position.ts';

interface Scene extends AsyncDisposable {
  readonly path: string;
  readonly copy: string;
  readonly writer: DatabaseSync;
  write(name: string): void;
  /** The names in the copy after the changes that were taken so far. */
  restored(): string[];
  ship(log: SqliteLog, maxPages?: number): Change[];
  snapshot(log: SqliteLog): Promise<void>;
}

async function makeScene(): Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), 'entrepot-log-'));
  const path = join(folder, 'entrepot.db');
  const copy = join(folder, 'copy.db');
  await (await openSqliteDb(path))[Symbol.asyncDispose]();
  const writer = new DatabaseSync(path, { timeout: 2000 });
  writer.exec('pragma wal_autocheckpoint = 0');
  writer.exec('create table thing (name text)');
  const insert = writer.prepare('insert into thing (name) values (?)');
  return {
    path,
    copy,
    writer,
    write: (name) => void insert.run(name),
    restored() {
      const look = join(folder, 'look.db');
      copyFileSync(copy, look);
      using db = new DatabaseSync(look);
      assert.deepEqual(
        db
          .prepare('pragma integrity_check')
          .all()
          .map((row) => row['integrity_check']),
        ['ok'],
      );
      return db
        .prepare('select name from thing order by rowid')
        .all()
        .map((row) => String(row['name']));
    },
    ship(log, maxPages = 1_000_000) {
      const taken: Change[] = [];
      for (;;) {
        const change = log.take(maxPages);
        assert.notEqual(change, 'lost');
        if (change === undefined || change === 'lost') return taken;
        using resting = openResting(copy);
        resting.apply(decodeChange(encodeChange(change)));
        log.confirm(change);
        taken.push(change);
      }
    },
    async snapshot(log) {
      rmSync(copy, { force: true });
      using open = log.openCopy();
      await open.write(copy);
      if (open.change !== undefined) log.confirm(open.change);
    },
    async [Symbol.asyncDispose]() {
      if (writer.isOpen) writer.close();
      rmSync(folder, { recursive: true });
    },
  };
}

test('a copy and the changes since make the database as it is, however often the log starts over', async () => {
  await using scene = await makeScene();
  using log = openSqliteLog(scene.path);
  scene.write('before');
  await scene.snapshot(log);
  assert.deepEqual(scene.restored(), ['before']);
  const names = ['before'];
  let restarts = 0;
  for (let round = 0; round < 20; round += 1) {
    for (let at = 0; at < 10; at += 1) {
      scene.write(`${round}-${at}`);
      names.push(`${round}-${at}`);
    }
    if (round % 3 === 1) restarts += log.restart() ? 1 : 0;
    scene.ship(log);
    if (round % 3 === 2) restarts += log.restart() ? 1 : 0;
    assert.deepEqual(scene.restored(), names);
  }
  assert.ok(restarts >= 10, `${restarts} restarts`);
  assert.ok(statSync(`${scene.path}-wal`).size < 2_000_000);
});

test('changes are cut between transactions, and what is not committed is not among them', async () => {
  await using scene = await makeScene();
  using log = openSqliteLog(scene.path);
  await scene.snapshot(log);
  for (let at = 0; at < 5; at += 1) scene.write(`n${at}`);
  // So little memory that pages are in the log before they are committed.
  scene.writer.exec('pragma cache_size = 2');
  scene.writer.exec('begin immediate');
  const before = log.logBytes();
  for (let at = 0; at < 50; at += 1) scene.write('never'.repeat(2000));
  assert.ok(log.logBytes() > before);
  scene.writer.exec('rollback');
  assert.equal(scene.ship(log, 1).length, 5);
  assert.deepEqual(scene.restored(), ['n0', 'n1', 'n2', 'n3', 'n4']);
  assert.equal(log.take(1), undefined);
});

test('a process that was killed goes on where the last one was, in the same log or in the one after it', async () => {
  await using scene = await makeScene();
  let first = openSqliteLog(scene.path);
  await scene.snapshot(first);
  scene.write('one');
  const [change] = scene.ship(first);
  assert.ok(change);
  scene.write('two');
  first[Symbol.dispose]();

  using second = openSqliteLog(scene.path);
  assert.equal(second.resume(change.to), true);
  scene.write('three');
  // The log starts over with changes that nobody shipped: they are kept beside the database.
  assert.equal(second.restart(), true);
  assert.ok(existsSync(`${scene.path}-unshipped`));
  scene.write('four');
  second[Symbol.dispose]();

  first = openSqliteLog(scene.path);
  assert.equal(first.resume(change.to), true);
  scene.write('five');
  scene.ship(first);
  assert.deepEqual(scene.restored(), ['one', 'two', 'three', 'four', 'five']);
  assert.ok(!existsSync(`${scene.path}-unshipped`));
  first[Symbol.dispose]();
});

test('a log that somebody else emptied is not taken for the one before it', async () => {
  await using scene = await makeScene();
  const first = openSqliteLog(scene.path);
  await scene.snapshot(first);
  scene.write('one');
  const [change] = scene.ship(first);
  assert.ok(change);
  first[Symbol.dispose]();
  scene.write('unseen');
  scene.writer.exec('pragma wal_checkpoint(restart)');
  scene.write('seen');

  using second = openSqliteLog(scene.path);
  assert.equal(second.resume(change.to), false);
  assert.equal(second.take(1), 'lost');
  await scene.snapshot(second);
  scene.write('after');
  scene.ship(second);
  assert.deepEqual(scene.restored(), ['one', 'unseen', 'seen', 'after']);
});

test('nobody else has the log start over while it is read', async () => {
  await using scene = await makeScene();
  using log = openSqliteLog(scene.path);
  await scene.snapshot(log);
  scene.write('one');
  using other = new DatabaseSync(scene.path);
  const row = other.prepare('pragma wal_checkpoint(truncate)').get();
  assert.equal(row?.['busy'], 1);
  scene.write('two');
  scene.ship(log);
  assert.deepEqual(scene.restored(), ['one', 'two']);
});

test('what is given up is told as lost, and a new copy begins a new count', async () => {
  await using scene = await makeScene();
  using log = openSqliteLog(scene.path);
  await scene.snapshot(log);
  scene.write('one');
  log.giveUp();
  assert.ok(log.logBytes() < 20_000);
  assert.equal(log.take(1), 'lost');
  await scene.snapshot(log);
  assert.deepEqual(scene.restored(), ['one']);
});

test('a registry that ends leaves the log behind for who ships it', async () => {
  await using scene = await makeScene();
  scene.writer.close();
  const db = await openSqliteDb(scene.path, { shipped: true });
  const log = openSqliteLog(scene.path);
  await scene.snapshot(log);
  const [mark] = [log.openCopy()];
  const { position } = mark;
  mark[Symbol.dispose]();
  log[Symbol.dispose]();
  await db[Symbol.asyncDispose]();
  const again = await openSqliteDb(scene.path, { shipped: true });
  const next = openSqliteLog(scene.path);
  assert.equal(next.resume(position), true);
  next[Symbol.dispose]();
  await again[Symbol.asyncDispose]();
});
