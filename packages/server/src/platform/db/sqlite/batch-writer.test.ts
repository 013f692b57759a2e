import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { Transact } from '#kernel/transaction';
import { createBatchWriter } from './batch-writer.ts';

interface Bench extends AsyncDisposable {
  readonly raw: DatabaseSync;
  readonly other: DatabaseSync;
  readonly transact: Transact;
  /** What a second connection sees: the committed rows, in the order they were written. */
  committed(): number[];
  put(value: number): void;
}

/** A write connection with its batch writer, and a second connection that sees only what was committed. */
async function openBench(): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'entrepot-batch-'));
  const path = join(folder, 'batch.db');
  const raw = new DatabaseSync(path);
  raw.exec('pragma journal_mode = wal');
  raw.exec('pragma synchronous = full');
  raw.exec('create table item (id integer primary key autoincrement, value integer not null unique)');
  const other = new DatabaseSync(path, { timeout: 0 });
  const insert = raw.prepare('insert into item (value) values (?)');
  return {
    raw,
    other,
    transact: createBatchWriter(raw, (work) => work({ kind: 'transaction' }) as Promise<never>),
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

const synchronousOf = (raw: DatabaseSync) => Number(raw.prepare('pragma synchronous').get()?.['synchronous']);
const [normal, full] = [1, 2];

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

test('every commit that acknowledges content is synced, the very first one too', async () => {
  await using bench = await openBench();
  const levels: string[] = [];
  for (const durable of [true, true, false, true, false, false, true, undefined, false, true]) {
    await bench.transact(
      async () => {
        levels.push(`${durable}:${synchronousOf(bench.raw)}`);
        bench.put(levels.length);
      },
      durable === undefined ? undefined : { durable },
    );
  }
  const wanted = levels.map((level) => level.replace(/:.*/, (_) => `:${level.startsWith('false') ? normal : full}`));
  assert.deepEqual(levels, wanted);
  assert.equal(synchronousOf(bench.raw), full, 'what follows is synced');
});

test('one durable work makes the commit of its whole batch durable', async () => {
  await using bench = await openBench();
  const levels: number[] = [];
  const note = async () => void levels.push(synchronousOf(bench.raw));
  await Promise.all([
    bench.transact(note, { durable: false }),
    bench.transact(note),
    bench.transact(note, { durable: false }),
  ]);
  assert.deepEqual(levels, [full, full, full]);
});

test('a commit that failed without being durable leaves the next one synced', async () => {
  await using bench = await openBench();
  await assert.rejects(
    bench.transact(
      async () => {
        throw new Error('no');
      },
      { durable: false },
    ),
  );
  await bench.transact(async () => assert.equal(synchronousOf(bench.raw), full));
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
