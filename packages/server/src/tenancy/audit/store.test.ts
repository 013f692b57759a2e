import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDialect } from '#testing/databases';
import { createAuditStore } from './store.ts';
import type { AuditEntry } from './types.ts';

const entry: AuditEntry = {
  action: 'push-artifact',
  asker: {
    actor: { kind: 'user', userId: 7, name: 'anna', admin: false },
    address: '192.0.2.1',
    requestId: 'request-1',
  },
  projectId: 3,
  resource: 'team/app:1.0',
  digest: 'sha256:aa',
  outcome: 'success',
  detail: { tags: ['1.0'], size: 5 },
};

function omit<T extends { id: unknown }>(row: T | undefined): Omit<T, 'id'> {
  assert.ok(row !== undefined);
  const { id: _, ...rest } = row;
  return rest;
}

forEachDialect('the audit store', (on) => {
  test('keeps who did what to what, from where, in which request, and how it ended', async () => {
    await using place = await on.open();
    const store = createAuditStore();
    await place.db.transact((tx) => store.insert(tx, [{ entry, at: 99 }]));
    const [row] = await place.db.read.selectFrom('audit').selectAll().execute();
    assert.deepEqual(
      { ...row },
      {
        id: 1,
        at: 99,
        actor: 'anna',
        actor_id: 7,
        address: '192.0.2.1',
        request_id: 'request-1',
        action: 'push-artifact',
        project_id: 3,
        resource: 'team/app:1.0',
        digest: 'sha256:aa',
        outcome: 'success',
        detail: '{"tags":["1.0"],"size":5}',
      },
    );
  });

  test('writes rows of many statements as those of one', async () => {
    await using place = await on.open();
    const store = createAuditStore();
    const { detail: _, ...bare } = entry;
    const entries = Array.from({ length: 650 }, (_row, at) => ({ entry: { ...bare, resource: `team/app:${at}` }, at }));
    await place.db.transact((tx) => store.insert(tx, entries));
    const rows = await place.db.read.selectFrom('audit').selectAll().orderBy('id').execute();
    assert.equal(rows.length, 650);
    for (const [at, { id: _id, ...row }] of rows.entries()) {
      assert.deepEqual({ ...row }, { ...omit(rows[0]), at, resource: `team/app:${at}` });
    }
  });

  test('keeps nobody as anonymous, and leaves empty what is not said', async () => {
    await using place = await on.open();
    const store = createAuditStore();
    const { projectId: _p, digest: _d, detail: _e, ...bare } = entry;
    const asker = { ...entry.asker, actor: { kind: 'anonymous' } as const };
    const token = { kind: 'token', account: { kind: 'anonymous' }, grants: [], catalog: false } as const;
    await place.db.transact((tx) =>
      store.insert(tx, [
        { entry: { ...bare, asker }, at: 1 },
        { entry: { ...bare, asker: { ...asker, actor: token } }, at: 2 },
      ]),
    );
    const rows = await place.db.read.selectFrom('audit').selectAll().orderBy('id').execute();
    for (const row of rows) {
      assert.deepEqual(
        [row.actor, row.actor_id, row.project_id, row.digest, row.detail],
        ['anonymous', null, null, null, null],
      );
    }
  });

  test('writes thousands of rows at once, each once and in their order', async () => {
    await using place = await on.open();
    const store = createAuditStore();
    const entries = Array.from({ length: 2500 }, (_, at) => ({ entry, at }));
    await place.db.transact((tx) => store.insert(tx, entries));
    const rows = await place.db.read.selectFrom('audit').select('at').orderBy('id').execute();
    assert.deepEqual(
      rows.map((row) => row.at),
      entries.map(({ at }) => at),
    );
  });

  test('writes nothing when there is nothing to write', async () => {
    await using place = await on.open();
    await place.db.transact((tx) => createAuditStore().insert(tx, []));
    assert.deepEqual(await place.query('select id from audit'), []);
  });

  const tampering = [
    "update audit set actor = 'nobody'",
    "update audit set actor = 'nobody' where id = 1",
    'delete from audit',
    'delete from audit where id = 1',
    `insert into audit (id, at, actor, address, request_id, action, resource, outcome)
     values (1, 0, 'nobody', 'x', 'x', 'login', 'x', 'success')
     on conflict (id) do update set actor = 'nobody'`,
    ...(on.kind === 'postgres'
      ? ['truncate audit', 'truncate audit cascade']
      : [
          `insert or replace into audit (id, at, actor, address, request_id, action, resource, outcome)
           values (1, 0, 'nobody', 'x', 'x', 'login', 'x', 'success')`,
          `replace into audit (id, at, actor, address, request_id, action, resource, outcome)
           values (1, 0, 'nobody', 'x', 'x', 'login', 'x', 'success')`,
          "update or replace audit set actor = 'nobody'",
        ]),
  ];
  for (const statement of tampering) {
    test(`refuses «${statement.replaceAll(/\s+/g, ' ').slice(0, 60)}», whoever connects`, async () => {
      await using place = await on.open();
      await place.db.transact((tx) => createAuditStore().insert(tx, [{ entry, at: 99 }]));
      await assert.rejects(place.query(statement), /append-only/);
      assert.deepEqual(
        (await place.query('select actor, at from audit')).map(({ actor, at }) => [actor, Number(at)]),
        [['anna', 99]],
      );
    });
  }
});
