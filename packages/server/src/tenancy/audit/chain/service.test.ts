import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Db, within } from '#platform/db';
import { type DatabasePlace, type Dialect, forEachDialect } from '#testing/databases';
import { createTestClock, eventually } from '#testing/test-clock';
import { type AuditChain, type Checkpoint, createAuditChain, createChainStore } from './index.ts';

const row = {
  at: 5,
  actor: 'anna',
  actor_id: 7,
  address: '192.0.2.1',
  request_id: 'r',
  action: 'push-artifact',
  project_id: 3,
  resource: 'team/app:1',
  digest: null,
  outcome: 'success',
  detail: '{"a":"\\"b\\""}',
} as const;

interface Bench extends AsyncDisposable {
  readonly place: DatabasePlace;
  readonly db: Db;
  readonly chain: AuditChain;
  readonly told: Checkpoint[];
  readonly errors: unknown[];
  add(...resources: readonly string[]): Promise<void>;
  /** Runs SQL as somebody who may take the guards off. */
  tamper(sql: string): Promise<void>;
}

function startChain(db: Db, told: Checkpoint[] = [], errors: unknown[] = []): AuditChain {
  return createAuditChain({
    store: createChainStore(db),
    transact: db.transact,
    clock: createTestClock().clock,
    onCheckpoint: (checkpoint) => void told.push(checkpoint),
    onError: (error) => void errors.push(error),
  });
}

async function open(on: Dialect): Promise<Bench> {
  await using stack = new AsyncDisposableStack();
  const place = stack.use(await on.makePlace());
  const db = stack.use(await place.open());
  const told: Checkpoint[] = [];
  const errors: unknown[] = [];
  const chain = stack.use(startChain(db, told, errors));
  const owned = stack.move();
  return {
    place,
    db,
    chain,
    told,
    errors,
    async add(...resources) {
      const rows = resources.map((resource) => ({ ...row, resource }));
      await db.transact((tx) => within(tx).insertInto('audit').values(rows).execute());
    },
    async tamper(sql) {
      const guarded = ['audit', 'audit_segment', 'audit_checkpoint'];
      if (place.kind === 'postgres') {
        for (const table of guarded) await place.query(`alter table ${table} disable trigger all`);
        await place.query(sql);
        return;
      }
      const triggers = await place.query("select name from sqlite_schema where type = 'trigger'");
      for (const { name } of triggers) await place.query(`drop trigger ${String(name)}`);
      await place.query(sql);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const zeros = '0'.repeat(64);

forEachDialect('the chain of the audit', (on) => {
  test('is empty at first, and whole', async () => {
    await using bench = await open(on);
    assert.deepEqual(await bench.chain.verify(), {
      rows: 0,
      purgedRows: 0,
      purges: [],
      head: zeros,
      verified: true,
      unchained: 0,
    });
  });

  test('vouches for every row, and its head changes with each', async () => {
    await using bench = await open(on);
    await bench.add('a', 'b');
    const first = await bench.chain.verify();
    await bench.add('c');
    const second = await bench.chain.verify();
    assert.deepEqual([first.rows, first.verified, second.rows, second.verified], [2, true, 3, true]);
    assert.match(second.head, /^[0-9a-f]{64}$/);
    assert.notEqual(first.head, second.head);
    assert.equal((await bench.chain.verify({ expect: first.head })).verified, true, 'an earlier head is part of it');
  });

  test('is the same for the same rows on both databases, whatever is in them', async () => {
    await using bench = await open(on);
    const signs = Array.from({ length: 0x2ff }, (_, code) => String.fromCodePoint(code + 1)).join('');
    const texts = [signs, '\u2028\u2029\ufeff\uffff', '🚢 中文', '\\u0041 \\" /', ''];
    await bench.add(...texts);
    await bench.chain.seal();
    const { createHash } = await import('node:crypto');
    const lines = texts.map((resource, at) =>
      JSON.stringify([
        at + 1,
        row.at,
        row.actor,
        row.actor_id,
        row.address,
        row.request_id,
        row.action,
        row.project_id,
        resource,
        null,
        row.outcome,
        row.detail,
      ]),
    );
    const expected = createHash('sha256')
      .update([zeros, ...lines].join('\n'))
      .digest('hex');
    assert.equal((await bench.chain.verify()).head, expected);
  });

  test('goes over thousands of rows in stretches', async () => {
    await using bench = await open(on);
    for (let at = 0; at < 5; at++) await bench.add(...Array.from({ length: 500 }, (_, each) => `${at}-${each}`));
    const { rows, verified } = await bench.chain.verify();
    assert.deepEqual([rows, verified], [2500, true]);
    const segments = await bench.place.query('select row_count from audit_segment order by number');
    assert.deepEqual(
      segments.map((segment) => Number(segment['row_count'])),
      [2000, 500],
    );
    const held = await bench.place.query(
      'select row_count, rows_total from audit_segment_project where project_id = 3',
    );
    assert.deepEqual(
      held.map((segment) => [Number(segment['row_count']), Number(segment['rows_total'])]),
      [
        [2000, 2000],
        [500, 2500],
      ],
    );
  });

  test('takes rows up by itself', async () => {
    await using bench = await open(on);
    await bench.add('a');
    await eventually(async () => {
      const segments = await bench.place.query('select number from audit_segment');
      return segments.length === 1 ? true : undefined;
    }, 20_000);
    assert.deepEqual(bench.errors, []);
  });

  test('takes up the last rows when it ends', async () => {
    await using bench = await open(on);
    await bench.add('a');
    await bench.chain[Symbol.asyncDispose]();
    assert.equal((await bench.place.query('select number from audit_segment')).length, 1);
  });

  const attacks: readonly (readonly [name: string, sql: string, firstId: number, reason: RegExp])[] = [
    ['a row that was changed', "update audit set actor = 'eve' where id = 5", 4, /not what it was/],
    ['a time that was changed', 'update audit set at = 6 where id = 5', 4, /not what it was/],
    ['a row that was removed', 'delete from audit where id = 5', 4, /1 of these rows are missing/],
    [
      'a stretch of rows that was removed',
      'delete from audit where id between 4 and 6',
      4,
      /3 of these rows are missing/,
    ],
    [
      'rows removed with their part of the chain',
      'delete from audit_segment where number = 2',
      4,
      /part of the chain is missing/,
    ],
    [
      'the end removed with its part of the chain',
      'delete from audit_segment where number = 3',
      7,
      /does not hold the head/,
    ],
    [
      'a hash that was changed',
      `update audit_segment set hash = '${'1'.repeat(64)}' where number = 2`,
      4,
      /not what it was/,
    ],
    [
      'a row that was put between others',
      `insert into audit (id, at, actor, address, request_id, action, resource, outcome)
       values (0, 1, 'eve', 'x', 'x', 'login', 'x', 'success')`,
      0,
      /added/,
    ],
    ['a chain made anew', 'delete from audit_segment', 1, /does not hold the head/],
  ];
  for (const [name, sql, firstId, reason] of attacks) {
    test(`shows ${name}`, async () => {
      await using bench = await open(on);
      for (const stretch of [
        ['1', '2', '3'],
        ['4', '5', '6'],
        ['7', '8', '9'],
      ]) {
        await bench.add(...stretch);
        await bench.chain.seal();
      }
      assert.equal((await bench.chain.verify()).verified, true);
      await bench.tamper(sql);
      if (sql.includes('number = 3')) await bench.tamper('delete from audit where id > 6');
      const found = await bench.chain.verify();
      assert.equal(found.verified, false);
      assert.match(found.firstBad?.reason ?? '', reason);
      // The chain made anew is whole; what is wrong with it lies behind its end.
      if (!sql.endsWith('audit_segment')) assert.equal(found.firstBad?.firstId, firstId);
    });
  }

  test('misses a head that an operator kept, when all trace of it was removed', async () => {
    await using bench = await open(on);
    await bench.add('a');
    await bench.chain.seal();
    await bench.add('b');
    const { head } = await bench.chain.verify();
    await bench.tamper('delete from audit where id = 2');
    for (const table of ['audit_segment', 'audit_checkpoint'])
      await bench.tamper(`delete from ${table} where number = 2`);
    assert.equal((await bench.chain.verify()).verified, true, 'nothing inside tells of it');
    const found = await bench.chain.verify({ expect: head });
    assert.equal(found.verified, false);
    assert.match(found.firstBad?.reason ?? '', /expected head/);
  });

  test('tells each head once', async () => {
    await using bench = await open(on);
    await bench.add('a');
    const { head } = await bench.chain.verify();
    await bench.chain.verify();
    assert.deepEqual(
      bench.told.map(({ hash, rowsTotal }) => [hash, rowsTotal]),
      [[head, 1]],
    );
  });

  for (const table of ['audit_segment', 'audit_checkpoint']) {
    for (const statement of [
      `update ${table} set hash = 'x'`,
      `delete from ${table}`,
      ...(on.kind === 'postgres' ? [`truncate ${table}`] : [`replace into ${table} select * from ${table}`]),
    ]) {
      test(`refuses «${statement}», whoever connects`, async () => {
        await using bench = await open(on);
        await bench.add('a');
        await bench.chain.verify();
        await assert.rejects(bench.place.query(statement), /append-only/);
      });
    }
  }

  test('is one chain when several processes write and chain at once', async () => {
    await using bench = await open(on);
    await using second = await bench.place.open();
    await using other = startChain(second);
    const write = async (db: Db, name: string) => {
      for (let at = 0; at < 40; at++) {
        await db.transact(async (tx) => {
          const values = Array.from({ length: 5 }, (_, each) => ({ ...row, resource: `${name}-${at}-${each}` }));
          await within(tx).insertInto('audit').values(values).execute();
          // An id that is drawn and not committed yet, while others go on.
          if (db.kind === 'postgres' && at % 8 === 0) await sleep(15);
        });
        await sleep(2);
      }
    };
    let writing = true;
    const sealing = async (chain: AuditChain) => {
      while (writing) {
        await chain.seal();
        await sleep(5);
      }
    };
    const sealers = [sealing(bench.chain), sealing(other)];
    const writers = [bench.db, second].flatMap((db, at) => [write(db, `${at}a`), write(db, `${at}b`)]);
    await Promise.all(writers);
    writing = false;
    await Promise.all(sealers);
    const found = await bench.chain.verify();
    assert.deepEqual([found.rows, found.verified, found.unchained], [800, true, 0], JSON.stringify(found));
    assert.ok((await bench.place.query('select number from audit_segment')).length > 3);
  });
});
