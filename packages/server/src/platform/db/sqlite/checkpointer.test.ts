import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { eventually } from '#testing/test-clock';
import { createBatchWriter } from './batch-writer.ts';
import { createCheckpointer } from './checkpointer.ts';

const pageBytes = 4096;

async function openScene() {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'entrepot-checkpoints-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'test.db');
  const raw = new DatabaseSync(path);
  stack.defer(() => raw.close());
  raw.exec('pragma journal_mode = wal; create table piece (bytes blob)');
  const checkpointer = stack.use(createCheckpointer(raw, path));
  const transact = createBatchWriter({
    raw,
    run: (work) => work({ kind: 'transaction' }) as Promise<never>,
    log: { sync: async () => undefined, assertSound: () => undefined },
    checkpointer,
  });
  const insert = raw.prepare('insert into piece values (zeroblob(?))');
  const owned = stack.move();
  return {
    path,
    raw,
    /** One commit of about so many pages. */
    write: (pages: number) => transact(async () => void insert.run(pages * pageBytes), { durable: false }),
    log: () => raw.prepare('pragma wal_checkpoint(noop)').get() as { log: number; checkpointed: number },
    logBytes: () => statSync(`${path}-wal`).size,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

describe('checkpoints', () => {
  test('are made by another thread when the log is long, and not before', async () => {
    await using scene = await openScene();
    await scene.write(500);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const short = scene.log();
    assert.ok(short.log > 500 && short.checkpointed === 0, JSON.stringify(short));
    await scene.write(600);
    const long = scene.log();
    assert.ok(long.checkpointed < long.log, 'the writer copied nothing itself');
    await eventually(async () => scene.log().checkpointed === scene.log().log || undefined);
    await scene.write(1);
    assert.ok(scene.log().log < 100, 'the log has started over');
  });

  test('keep the log short while commits never pause', async () => {
    await using scene = await openScene();
    let longest = 0;
    for (let commit = 0; commit < 200; commit += 1) {
      // Eight at once, as writers come while others commit.
      await Promise.all(Array.from({ length: 8 }, () => scene.write(50)));
      longest = Math.max(longest, scene.logBytes());
    }
    const written = 200 * 8 * 50 * pageBytes;
    assert.ok(longest < written / 3, `${longest} bytes of log for ${written} bytes written`);
    assert.equal(scene.raw.prepare('select count(*) as n from piece').get()?.['n'], 1600);
  });

  test('wait for a reader that still needs the log, and go on after it', async () => {
    await using scene = await openScene();
    await scene.write(10);
    const reader = new DatabaseSync(scene.path, { readOnly: true });
    reader.exec('begin');
    reader.prepare('select count(*) as n from piece').get();
    for (let commit = 0; commit < 30; commit += 1) await scene.write(500);
    assert.equal(reader.prepare('select count(*) as n from piece').get()?.['n'], 1);
    reader.close();
    await eventually(async () => {
      await scene.write(1);
      return scene.log().log < 1000 || undefined;
    });
    assert.ok(Number(scene.raw.prepare('select count(*) as n from piece').get()?.['n']) > 31);
  });

  test('lose nothing that was committed when the process is gone in the middle', async () => {
    await using scene = await openScene();
    for (let commit = 0; commit < 20; commit += 1) await scene.write(400);
    // Another process would find exactly these files.
    using other = new DatabaseSync(scene.path);
    assert.equal(other.prepare('select count(*) as n from piece').get()?.['n'], 20);
    assert.equal(other.prepare('pragma integrity_check').get()?.['integrity_check'], 'ok');
  });

  test('that run while the database is closed are waited for, by a process that has nothing else to do', async () => {
    await using scene = await openScene();
    const program = `
      import { sql } from 'kysely';
      import { openSqliteDb, within } from '#platform/db';
      for (let round = 0; round < 5; round += 1) {
        const db = await openSqliteDb(process.argv[1]);
        const table = sql.table('piece_' + round);
        await db.transact((tx) => sql\`create table \${table} as select zeroblob(9000000) as bytes\`.execute(within(tx)));
        await db[Symbol.asyncDispose]();
      }
      console.log('closed');`;
    const packageFolder = join(import.meta.dirname, '../../../..');
    const args = ['--eval', program, `${scene.path}.other`];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: packageFolder, timeout: 60_000 });
    assert.equal(stdout.trim(), 'closed');
  });
});
