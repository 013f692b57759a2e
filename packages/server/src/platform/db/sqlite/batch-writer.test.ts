import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { Transact } from '#kernel/transaction';
import { createBatchWriter } from './batch-writer.ts';
import type { LogSync } from './log-sync.ts';

interface Bench extends AsyncDisposable {
  readonly raw: DatabaseSync;
  readonly other: DatabaseSync;
  readonly transact: Transact;
  readonly log: TestLog;
  /** What a second connection sees: the committed rows, in the order they were written. */
  committed(): number[];
  put(value: number): void;
}

/** A log whose disk does as the test says. */
interface TestLog extends Pick<LogSync, 'sync' | 'assertSound'> {
  readonly synced: number;
  hold(): void;
  go(): void;
  fail(error: Error): void;
}

function makeTestLog(): TestLog {
  let synced = 0;
  let held: PromiseWithResolvers<void> | undefined;
  let failure: Error | undefined;
  let failed = false;
  return {
    get synced() {
      return synced;
    },
    async sync() {
      await held?.promise;
      synced += 1;
      failed = failure !== undefined;
      if (failure !== undefined) throw failure;
    },
    assertSound() {
      if (failed) throw failure;
    },
    hold: () => void (held = Promise.withResolvers()),
    go: () => held?.resolve(),
    fail: (error) => void (failure = error),
  };
}

/** A write connection with its batch writer, and a second connection that sees only what was committed. */
async function openBench(): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'entrepot-batch-'));
  const path = join(folder, 'batch.db');
  const raw = new DatabaseSync(path);
  raw.exec('pragma journal_mode = wal');
  raw.exec('pragma synchronous = normal');
  raw.exec('create table item (id integer primary key autoincrement, value real not null unique)');
  const other = new DatabaseSync(path, { timeout: 0 });
  const log = makeTestLog();
  const insert = raw.prepare('insert into item (value) values (?)');
  return {
    raw,
    other,
    log,
    transact: createBatchWriter({ raw, run: (work) => work({ kind: 'transaction' }) as Promise<never>, log }),
    committed: () =>
      other
        .prepare('select value from item order by id')
        .all()
        .map((row) => Number(row['value'])),
    put: (value) => {
      insert.run(value);
    },
    async [Symbol.asyncDispose]() {
      other.close();
      raw.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

test('works that wait together are committed together and see each other in their order', async () => {
  await using bench = await openBench();
  const seen: number[][] = [];
  const works = [1, 2, 3].map((value) =>
    bench.transact(async () => {
      seen.push(bench.committed());
      bench.put(value);
      return value;
    }),
  );
  assert.deepEqual(await Promise.all(works), [1, 2, 3]);
  assert.deepEqual(seen, [[], [], []], 'nothing was committed before all three had run');
  assert.deepEqual(bench.committed(), [1, 2, 3]);
});

test('a work is answered only after its commit', async () => {
  await using bench = await openBench();
  const atAnswer: number[][] = [];
  await Promise.all(
    [1, 2, 3, 4].map(async (value) => {
      await bench.transact(async () => bench.put(value));
      atAnswer.push(bench.committed());
    }),
  );
  assert.ok(atAnswer.every((rows) => rows.length === 4));
});

test('a work that fails undoes itself and leaves its neighbours', async () => {
  await using bench = await openBench();
  const refused = new Error('refused');
  const results = await Promise.allSettled([
    bench.transact(async () => bench.put(1)),
    bench.transact(async () => {
      bench.put(2);
      throw refused;
    }),
    bench.transact(async () => bench.put(3)),
    bench.transact(async () => bench.put(1)),
    bench.transact(async () => bench.put(4)),
  ]);
  assert.deepEqual(
    results.map((result) => result.status),
    ['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled'],
  );
  assert.equal((results[1] as PromiseRejectedResult).reason, refused);
  assert.deepEqual(bench.committed(), [1, 3, 4]);
});

test('a commit that fails rejects every work of the batch and none of the next', async () => {
  await using bench = await openBench();
  bench.raw.exec('pragma foreign_keys = on');
  bench.raw.exec('create table child (item integer references item (id) deferrable initially deferred)');
  const results = await Promise.allSettled([
    bench.transact(async () => bench.put(1)),
    // A deferred foreign key is looked at by the commit itself.
    bench.transact(async () => bench.raw.exec('insert into child (item) values (99)')),
    bench.transact(async () => bench.put(2)),
  ]);
  assert.ok(results.every((result) => result.status === 'rejected'));
  assert.deepEqual(bench.committed(), []);
  await bench.transact(async () => bench.put(3));
  assert.deepEqual(bench.committed(), [3]);
});

test('a database that another process holds rejects the works, and takes them when it is free', async () => {
  await using bench = await openBench();
  bench.raw.exec('pragma busy_timeout = 0');
  bench.other.exec('begin immediate');
  const results = await Promise.allSettled([1, 2].map((value) => bench.transact(async () => bench.put(value))));
  assert.ok(results.every((result) => result.status === 'rejected'));
  bench.other.exec('rollback');
  await bench.transact(async () => bench.put(1));
  assert.deepEqual(bench.committed(), [1]);
});

test('every commit that acknowledges content is synced before it is answered, the very first one too', async () => {
  await using bench = await openBench();
  for (const durable of [true, true, false, true, false, false, true, undefined, false, true]) {
    const before = bench.log.synced;
    await bench.transact(
      async () => bench.put(before + Math.random()),
      durable === undefined ? undefined : { durable },
    );
    assert.equal(bench.log.synced - before, durable === false ? 0 : 1);
  }
});

test('who does not need it on the disk is answered before the sync that its neighbours wait for', async () => {
  await using bench = await openBench();
  const answered: string[] = [];
  bench.log.hold();
  const works = [
    bench.transact(async () => bench.put(1), { durable: false }).then(() => answered.push('note')),
    bench.transact(async () => bench.put(2)).then(() => answered.push('push')),
  ];
  await works[0];
  assert.deepEqual([answered, bench.committed()], [['note'], [1, 2]]);
  await bench.transact(async () => bench.put(3), { durable: false });
  assert.deepEqual(bench.committed(), [1, 2, 3], 'others are committed meanwhile');
  assert.deepEqual(answered, ['note']);
  bench.log.go();
  await Promise.all(works);
  assert.deepEqual(answered, ['note', 'push']);
});

test('a sync that fails rejects who waited for it, and everything after it', async () => {
  await using bench = await openBench();
  bench.log.fail(Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' }));
  await assert.rejects(
    bench.transact(async () => bench.put(1)),
    /EIO/,
  );
  await assert.rejects(
    bench.transact(async () => bench.put(2)),
    /EIO/,
  );
  await assert.rejects(
    bench.transact(async () => bench.put(3), { durable: false }),
    /EIO/,
  );
});

test('hundreds of works at once all come through, in the order they were given', async () => {
  await using bench = await openBench();
  await Promise.all(Array.from({ length: 300 }, (_, value) => bench.transact(async () => bench.put(value))));
  assert.deepEqual(
    bench.committed(),
    Array.from({ length: 300 }, (_, value) => value),
  );
});

test('a work given while others run is not forgotten', async () => {
  await using bench = await openBench();
  let late: Promise<void> | undefined;
  await bench.transact(async () => {
    bench.put(1);
    late = bench.transact(async () => bench.put(2));
  });
  await late;
  assert.deepEqual(bench.committed(), [1, 2]);
});

test('a work given after the database was closed is rejected', async () => {
  await using bench = await openBench();
  bench.raw.close();
  await assert.rejects(bench.transact(async () => 1));
  bench.raw.open();
});
