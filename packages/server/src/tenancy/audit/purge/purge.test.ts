import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Db, within } from '#platform/db';
import { createAudit, createAuditReads, createAuditStore } from '#tenancy/audit';
import { registryAsker } from '#kernel/registry-asker';
import { type AuditChain, createAuditChain, createChainStore } from '#tenancy/audit/chain';
import { type DatabasePlace, type Dialect, forEachDialect } from '#testing/databases';
import { createAuditPurge } from './purge.ts';
import { createPurgeStore } from './store.ts';

const now = 1_000_000;

const row = {
  actor: 'anna',
  actor_id: 7,
  address: '192.0.2.1',
  request_id: 'r',
  digest: null,
  outcome: 'success',
  detail: null,
} as const;

interface Bench extends AsyncDisposable {
  readonly place: DatabasePlace;
  readonly db: Db;
  readonly chain: AuditChain;
  readonly lines: string[];
  /** Writes rows of a moment and chains them into a segment of their own. */
  add(at: number, ...actions: readonly string[]): Promise<void>;
  purge(
    cutoff: number,
    actions?: readonly string[],
    more?: { dryRun?: boolean; signal?: AbortSignal },
  ): Promise<number>;
  /** As somebody who may take the guards off. */
  tamper(sql: string): Promise<void>;
}

async function open(on: Dialect): Promise<Bench> {
  await using stack = new AsyncDisposableStack();
  const place = stack.use(await on.makePlace());
  const db = stack.use(await place.open());
  const clock = () => now;
  const chain = stack.use(
    createAuditChain({
      store: createChainStore(db),
      transact: db.transact,
      clock,
      onCheckpoint: () => undefined,
      onError: assert.ifError,
    }),
  );
  const audit = stack.use(
    createAudit({ store: createAuditStore(), transact: db.transact, clock, onError: assert.ifError }),
  );
  const purges = createAuditPurge({ store: createPurgeStore(db), chain, audit, transact: db.transact, clock });
  const lines: string[] = [];
  const owned = stack.move();
  return {
    place,
    db,
    chain,
    lines,
    async add(at, ...actions) {
      const rows = actions.map((action, index) => ({
        ...row,
        at,
        action,
        project_id: 1 + (index % 2),
        resource: action,
      }));
      await db.transact((tx) => within(tx).insertInto('audit').values(rows).execute());
      await chain.seal();
    },
    purge: (cutoff, actions = [], { dryRun = false, signal = new AbortController().signal } = {}) =>
      purges.purge({
        cutoff,
        actions,
        asker: registryAsker('purge-audit'),
        dryRun,
        signal,
        log: (line) => void lines.push(line),
        report: () => undefined,
      }),
    async tamper(sql) {
      if (place.kind === 'postgres') {
        for (const table of ['audit', 'audit_segment', 'audit_purge']) {
          await place.query(`alter table ${table} disable trigger all`);
        }
      } else {
        for (const { name } of await place.query("select name from sqlite_schema where type = 'trigger'")) {
          await place.query(`drop trigger ${String(name)}`);
        }
      }
      await place.query(sql);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const resources = async ({ place }: Bench) =>
  (await place.query('select resource from audit order by id')).map((found) => String(found['resource']));

const oldest = { page: 1, conditions: [], sort: [{ field: 'id', descending: false }] };

forEachDialect('a purge of the audit', (on) => {
  test('takes whole stretches from the oldest end, and the chain still vouches for the rest', async () => {
    await using bench = await open(on);
    await bench.add(100, 'login', 'logout');
    await bench.add(200, 'login');
    const told = (await bench.chain.verify()).head;
    await bench.add(300, 'logout');
    assert.equal(await bench.purge(300, [], { dryRun: true }), 3);
    assert.equal((await resources(bench)).length, 4, 'a dry run takes nothing');
    assert.equal(await bench.purge(300), 3);
    assert.deepEqual(await resources(bench), ['logout', 'audit']);
    const { verified, rows, purgedRows, purges } = await bench.chain.verify({ expect: told });
    assert.deepEqual([verified, rows, purgedRows], [true, 2, 3]);
    assert.deepEqual(
      purges.map(({ actor, removed, finished, head, lastId }) => ({ actor, removed, finished, head, lastId })),
      [{ actor: 'entrepot:purge-audit', removed: 3, finished: true, head: told, lastId: 3 }],
    );
    assert.equal(await bench.purge(300), 0);
    assert.equal(bench.lines.at(-1), 'There is nothing to purge.');
    assert.equal(await bench.purge(now + 1), 2, 'also the row about the first purge goes, when it is old');
    const after = await bench.chain.verify({ expect: told });
    assert.deepEqual([after.verified, after.rows, after.purgedRows, after.purges.length], [true, 1, 5, 2]);
  });

  test('leaves a stretch that has a row of the cutoff or later as it is', async () => {
    await using bench = await open(on);
    await bench.add(100, 'login');
    const mixed = [250, 350].map((at) => ({ ...row, at, action: 'login', project_id: 1, resource: `at ${at}` }));
    await bench.db.transact((tx) => within(tx).insertInto('audit').values(mixed).execute());
    await bench.chain.seal();
    assert.equal(await bench.purge(300), 1);
    assert.deepEqual(await resources(bench), ['at 250', 'at 350', 'audit']);
    assert.equal((await bench.chain.verify()).verified, true);
  });

  test('of some actions leaves the others, and proves that they are what they were', async () => {
    await using bench = await open(on);
    await bench.add(100, 'pull-artifact', 'login', 'pull-artifact');
    await bench.add(200, 'logout', 'pull-artifact');
    await bench.add(300, 'pull-artifact');
    assert.equal(await bench.purge(300, ['pull-artifact']), 3);
    assert.deepEqual(await resources(bench), ['login', 'logout', 'pull-artifact', 'audit']);
    assert.deepEqual((await bench.chain.verify()).firstBad, undefined);
    assert.equal(await bench.purge(300, ['login']), 1, 'another purge goes through what the first one left');
    assert.deepEqual(await resources(bench), ['logout', 'pull-artifact', 'audit', 'audit']);
    const { verified, purgedRows, rows } = await bench.chain.verify();
    assert.deepEqual([verified, purgedRows, rows], [true, 4, 4]);
    assert.equal(await bench.purge(150), 0, 'an earlier cutoff finds nothing there');
  });

  for (const [what, sql, reason] of [
    ['a kept row that was changed', "update audit set actor = 'eve' where resource = 'logout'", /not what the purge/],
    ['a kept row that was deleted', "delete from audit where resource = 'login'", /left 2 of these rows/],
    [
      'a row that was put among the kept ones',
      `insert into audit (id, at, actor, address, request_id, action, resource, outcome)
        values (1, 1, 'eve', '', '', 'login', 'forged', 'success')`,
      /and there are 3/,
    ],
    [
      'more rows deleted and the purge said to have been larger',
      'update audit_purge set kept_rows = kept_rows + 1, removed = removed - 1',
      /left 3 of these rows/,
    ],
    ['a row after the stretch that was changed', "update audit set actor = 'eve' where at = 300", /not what it was/],
    ['the row about the purge gone', "delete from audit where action = 'purge-audit'", /not in the audit/],
  ] as const) {
    test(`does not hide ${what}`, async () => {
      await using bench = await open(on);
      await bench.add(100, 'pull-artifact', 'login', 'pull-artifact');
      await bench.add(200, 'logout');
      await bench.add(300, 'pull-artifact');
      assert.equal(await bench.purge(300, ['pull-artifact']), 2);
      assert.equal((await bench.chain.verify()).verified, true);
      await bench.tamper(sql);
      const { verified, firstBad } = await bench.chain.verify();
      assert.equal(verified, false);
      assert.match(firstBad?.reason ?? '', reason);
      await assert.rejects(bench.purge(now), /Nothing was purged/, 'and the next purge takes nothing');
    });
  }

  test('refuses an audit that was changed before it, and takes nothing', async () => {
    await using bench = await open(on);
    await bench.add(100, 'login');
    await bench.add(200, 'logout');
    await bench.tamper("update audit set actor = 'eve' where at = 100");
    await assert.rejects(bench.purge(300), /rows 1 to 1: .*Nothing was purged/);
    assert.equal((await resources(bench)).length, 2);
  });

  test('that was cut off is told as such, and is ended by the next one', async () => {
    await using bench = await open(on);
    for (let from = 0; from < 3; from += 1) await bench.add(100, ...Array.from({ length: 1500 }, () => 'login'));
    await bench.add(300, 'logout');
    const stopping = new AbortController();
    const steps = bench.purge(200, [], { signal: stopping.signal });
    // It is written down first; then rows go, some thousand at a time.
    while ((await bench.place.query('select id from audit_purge')).length === 0) await new Promise(setImmediate);
    stopping.abort(new Error('stopped'));
    await assert.rejects(steps, /stopped/);
    const cut = await bench.chain.verify();
    assert.deepEqual([cut.verified, cut.purges[0]?.finished], [true, false]);
    assert.ok((await resources(bench)).length > 2, 'some rows are still there');
    await bench.purge(200);
    assert.deepEqual(await resources(bench), ['logout', 'audit']);
    const after = await bench.chain.verify();
    assert.deepEqual([after.verified, after.purgedRows, after.purges[0]?.finished], [true, 4500, true]);
  });

  test('is the only way to delete a row', async () => {
    await using bench = await open(on);
    await bench.add(100, 'login', 'logout');
    await bench.add(300, 'login');
    const refused = (sql: string) => assert.rejects(bench.place.query(sql), /append-only/);
    await refused('delete from audit');
    assert.equal(await bench.purge(200, ['login']), 1);
    await refused('delete from audit where id = 2');
    await refused('delete from audit where id = 3');
    await refused("update audit set actor = 'eve'");
    await refused('delete from audit_purge');
    await refused('update audit_purge set finished = 0');
    await refused('update audit_purge set removed = 7');
    await bench.place.query(`insert into audit_purge
      (at, actor, cutoff, actions, through, last_id, head, removed, kept_rows, kept_hash)
      values (1, 'eve', 200, ',logout,', 1, 2, 'x', 1, 0, 'x')`);
    await refused('delete from audit where id = 3');
    await bench.place.query('delete from audit where id = 2');
    assert.equal((await bench.chain.verify()).verified, false, 'whoever writes himself a purge is found');
  });

  test('leaves lists that count and page what is left', async () => {
    await using bench = await open(on);
    for (let at = 100; at < 110; at += 1) await bench.add(at, 'pull-artifact', 'login', `create-tag`);
    await bench.purge(105, ['pull-artifact']);
    const reads = createAuditReads(bench.db);
    const all = await resources(bench);
    assert.equal(all.length, 26);
    for (const pageSize of [1, 3, 7, 50]) {
      const seen: string[] = [];
      for (let page = 1; page <= Math.ceil(26 / pageSize); page += 1) {
        const found = await reads.list({ kind: 'all' }, { ...oldest, page, pageSize });
        assert.equal(found.total, 26);
        seen.push(...found.rows.map(({ resource }) => resource));
      }
      assert.deepEqual(seen, all, `pages of ${pageSize}`);
    }
    const own = await reads.list({ kind: 'projects', projectIds: [1] }, { ...oldest, pageSize: 100 });
    const others = await reads.list({ kind: 'projects', projectIds: [1, 2] }, { ...oldest, pageSize: 100 });
    assert.deepEqual([own.total, own.rows.length, others.total], [15, 15, 25]);
    const newest = await reads.list({ kind: 'all' }, { ...oldest, sort: [], pageSize: 4 });
    assert.deepEqual(
      newest.rows.map(({ resource }) => resource),
      all.toReversed().slice(0, 4),
    );
  });
});
