import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RegistryError } from '#kernel/errors';
import { randomId } from '#kernel/ids';
import { createSecretBox } from '#platform/crypto';
import type { Audit } from '#tenancy/audit';
import { forEachDialect, type TestDatabase } from '#testing/databases';
import { addUserRow } from '#testing/rows';
import { createTestClock } from '#testing/test-clock';
import { createSessions } from './service.ts';
import { createSessionStore } from './store.ts';

const minute = 60_000;
const hour = 60 * minute;
const asked = { address: '192.0.2.1', requestId: 'r' };

async function setUp(place: TestDatabase) {
  const time = createTestClock();
  const written: Parameters<Audit['write']>[1][] = [];
  let idleMs = hour;
  const deps = {
    store: createSessionStore(place.db),
    transact: place.db.transact,
    audit: {
      write: async (_tx: unknown, entry: Parameters<Audit['write']>[1]) => void written.push(entry),
    },
    clock: time.clock,
    newId: randomId,
    box: createSecretBox([new Uint8Array(32)]),
    idleMs: () => idleMs,
  };
  const sessions = createSessions(deps);
  const anna = await addUserRow(place.db, 'anna');
  const bert = await addUserRow(place.db, 'bert');
  const actorOf = (userId: number) =>
    ({ kind: 'user', userId, name: userId === anna ? 'anna' : 'bert', admin: false }) as const;
  const begin = (userId = anna, before?: string) =>
    sessions.begin({ actor: actorOf(userId), address: '192.0.2.1', userAgent: 'browser', before });
  const asker = (userId: number) => ({ actor: actorOf(userId), ...asked });
  const change = (sql: string) => place.query(`update user_account set ${sql} where id = ${anna}`);
  const setIdle = (ms: number) => {
    idleMs = ms;
  };
  return { time, sessions, deps, written, anna, bert, begin, asker, change, setIdle };
}

const setPassword = 'generation = generation + 1';

forEachDialect('a session', (on) => {
  test('says who it is, and a token of nobody says nothing', async () => {
    await using place = await on.open();
    const { sessions, begin, anna } = await setUp(place);
    const token = await begin();
    const found = await sessions.find(token);
    assert.deepEqual(found?.actor, { kind: 'user', userId: anna, name: 'anna', admin: false });
    assert.equal(found.source, 'local');
    for (const wrong of [undefined, '', `${token}x`, found.sessionId, found.csrfKey]) {
      assert.equal(await sessions.find(wrong), undefined);
    }
  });

  test('is kept in the database without what opens it', async () => {
    await using place = await on.open();
    const { sessions, begin } = await setUp(place);
    const token = await begin();
    const dump = JSON.stringify(await place.query('select * from session'));
    assert.ok(!dump.includes(token));
    assert.ok(!dump.includes((await sessions.find(token))?.csrfKey ?? 'none'));
  });

  test('is over after an idle hour, and requests keep it going', async () => {
    await using place = await on.open();
    const { sessions, begin, time } = await setUp(place);
    const token = await begin();
    for (let times = 0; times < 3; times++) {
      time.advance(59 * minute);
      assert.ok(await sessions.find(token));
    }
    time.advance(hour);
    assert.equal(await sessions.find(token), undefined);
  });

  test('is idle for as long as the setting says now', async () => {
    await using place = await on.open();
    const { sessions, begin, time, setIdle } = await setUp(place);
    const token = await begin();
    time.advance(10 * minute);
    setIdle(5 * minute);
    assert.equal(await sessions.find(token), undefined);
    setIdle(hour);
    assert.ok(await sessions.find(token));
  });

  test('is over after twelve hours, however busy', async () => {
    await using place = await on.open();
    const { sessions, begin, time } = await setUp(place);
    const token = await begin();
    for (let at = 0; at < 23; at++) {
      time.advance(30 * minute);
      assert.ok(await sessions.find(token), `after ${(at + 1) / 2} hours`);
    }
    time.advance(30 * minute);
    assert.equal(await sessions.find(token), undefined);
  });

  test('is over on every node at the end, and a second end ends nothing', async () => {
    await using place = await on.open();
    const { sessions, deps, begin, written } = await setUp(place);
    const elsewhere = createSessions(deps);
    const token = await begin();
    assert.ok(await elsewhere.find(token));
    assert.deepEqual(await sessions.end(token, asked), { providerToken: undefined });
    assert.equal(await elsewhere.find(token), undefined);
    assert.equal(await sessions.end(token, asked), undefined);
    assert.deepEqual(
      written.map(({ action, resource }) => [action, resource]),
      [['logout', 'anna']],
    );
  });

  test('gives back at its end what the provider wants to see, which the database does not show', async () => {
    await using place = await on.open();
    const { sessions, anna } = await setUp(place);
    const actor = { kind: 'user', userId: anna, name: 'anna', admin: false } as const;
    const token = await sessions.begin({ actor, address: 'a', userAgent: undefined, providerToken: 'id-token' });
    assert.ok(!JSON.stringify(await place.query('select * from session')).includes('id-token'));
    assert.deepEqual(await sessions.end(token, asked), { providerToken: 'id-token' });
  });

  for (const [what, sql] of [
    ['a changed password', setPassword],
    ['administration that was given', 'admin = 1'],
    ['administration that the provider gave', 'admin_in_auth = 1'],
    ['a disabled account', 'disabled = 1'],
  ] as const) {
    test(`is over after ${what}, and nobody else's is`, async () => {
      await using place = await on.open();
      const { sessions, begin, bert, change } = await setUp(place);
      const [own, others] = [await begin(), await begin(bert)];
      await change(sql);
      // What was read a moment ago is remembered until the next commit or a second at most.
      await begin(bert);
      assert.equal(await sessions.find(own), undefined);
      assert.ok(await sessions.find(others));
    });
  }

  test('does not begin for a disabled account', async () => {
    await using place = await on.open();
    const { begin, change } = await setUp(place);
    await change('disabled = 1');
    await assert.rejects(begin(), (error: RegistryError) => error.code === 'unauthorized');
  });

  test('has a new token at each sign-in, and the one that the browser brought along is over', async () => {
    await using place = await on.open();
    const { sessions, begin } = await setUp(place);
    const before = await begin();
    const after = await begin(undefined, before);
    assert.notEqual(after, before);
    assert.equal(await sessions.find(before), undefined);
    const planted = await begin(undefined, 'planted');
    assert.notEqual(planted, 'planted');
    assert.equal(await sessions.find('planted'), undefined);
  });

  test('goes with its user', async () => {
    await using place = await on.open();
    const { sessions, begin, anna } = await setUp(place);
    const token = await begin();
    await place.query(`delete from user_account where id = ${anna}`);
    await place.db.transact(async () => undefined);
    assert.equal(await sessions.find(token), undefined);
  });

  test('says of an administrator that he is one, whoever says so', async () => {
    await using place = await on.open();
    const { sessions, begin, bert } = await setUp(place);
    await place.query(`update user_account set admin_in_auth = 1 where id = ${bert}`);
    assert.equal((await sessions.find(await begin(bert)))?.actor.admin, true);
  });
});

forEachDialect('lists of sessions', (on) => {
  test('show the newest first, of one or of all, and none that are over', async () => {
    await using place = await on.open();
    const { sessions, begin, anna, bert, time } = await setUp(place);
    await begin();
    time.advance(hour);
    for (const user of [anna, bert, anna]) {
      await begin(user);
      time.advance(1000);
    }
    const all = await sessions.list({ page: 1, pageSize: 2 });
    assert.equal(all.total, 3);
    assert.deepEqual(
      all.sessions.map(({ userName }) => userName),
      ['anna', 'bert'],
    );
    const own = await sessions.list({ userId: anna, page: 1, pageSize: 10 });
    assert.deepEqual([own.total, own.sessions.length], [2, 2]);
    assert.equal(own.sessions[0]?.userAgent, 'browser');
  });

  test('are shorter by what is revoked', async () => {
    await using place = await on.open();
    const { sessions, begin, anna, bert, asker, written } = await setUp(place);
    const [current, other, foreign] = [await begin(), await begin(), await begin(bert)];
    const currentId = (await sessions.find(current))?.sessionId;
    assert.equal(await sessions.revokeOthers(asker(anna), anna, currentId), 1);
    assert.ok(await sessions.find(current));
    assert.equal(await sessions.find(other), undefined);
    const foreignId = (await sessions.find(foreign))?.sessionId ?? '';
    assert.equal(await sessions.revoke(asker(anna), foreignId), true);
    assert.equal(await sessions.revoke(asker(anna), foreignId), false);
    assert.equal(await sessions.find(foreign), undefined);
    assert.equal(written.filter(({ action }) => action === 'delete-session').length, 2);
  });

  test('end with what they rest on', async () => {
    await using place = await on.open();
    const { sessions, begin, anna } = await setUp(place);
    const token = await begin();
    assert.equal(await place.db.transact((tx) => sessions.endAllOf(tx, anna)), 1);
    assert.equal(await sessions.find(token), undefined);
  });

  test('are cleared of what is over when a session begins', async () => {
    await using place = await on.open();
    const { begin, time } = await setUp(place);
    for (let times = 0; times < 5; times++) {
      await begin();
      time.advance(2 * hour);
    }
    assert.equal((await place.query('select id from session')).length, 1);
  });
});
