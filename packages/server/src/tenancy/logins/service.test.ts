import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RegistryError } from '#kernel/errors';
import { createPasswordHasher } from '#platform/crypto';
import type { Audit } from '#tenancy/audit';
import { createUserStore } from '#tenancy/users';
import { forEachDialect, type TestDatabase } from '#testing/databases';
import { quickHash } from '#testing/quick-hash';
import { createTestClock } from '#testing/test-clock';
import { createLogins } from './service.ts';
import { createLoginFailureStore } from './store.ts';

const minute = 60_000;
const here = { address: '192.0.2.1', requestId: 'r' };
const elsewhere = { address: '192.0.2.2', requestId: 'r' };

async function setUp(place: TestDatabase) {
  const time = createTestClock();
  const users = createUserStore(place.db);
  const add = (name: string, password: string) =>
    place.db.transact((tx) => users.insert(tx, { name, password: quickHash(password), admin: false, at: 1 }));
  const [anna] = [await add('anna', 'right'), await add('bert', 'right')];
  const noted: Parameters<Audit['note']>[0][] = [];
  const hasher = createPasswordHasher(2);
  let checks = 0;
  const logins = createLogins({
    users,
    failures: createLoginFailureStore(place.db),
    transact: place.db.transact,
    hasher: {
      hash: hasher.hash,
      verify(password, hash) {
        checks += 1;
        // Nobody's hash is the dear one; here it would only take time.
        return hasher.verify(password, hash ?? quickHash('nobody')).then((same) => same && hash !== undefined);
      },
    },
    audit: { note: (entry) => void noted.push(entry), noteRefusal: (entry) => void noted.push(entry) },
    clock: time.clock,
    attempts: 10,
    windowMs: 15 * minute,
  });
  const outcome = async (name: string, password: string, from = here): Promise<string> => {
    try {
      return (await logins.signIn(name, password, from)).name;
    } catch (error) {
      assert.ok(error instanceof RegistryError, String(error));
      return error.code;
    }
  };
  const disable = (disabled: boolean) =>
    place.db.transact((tx) => users.setDisabled(tx, anna ?? 0, disabled, time.clock()));
  return { time, logins, outcome, noted, disable, users, anna: anna ?? 0, checks: () => checks };
}

forEachDialect('a sign-in', (on) => {
  test('with the right password says who it is', async () => {
    await using place = await on.open();
    const { logins, anna } = await setUp(place);
    const actor = await logins.signIn('anna', 'right', here);
    assert.deepEqual(actor, { kind: 'user', userId: anna, name: 'anna', admin: false });
  });

  test('fails alike for a wrong name, a wrong password and a disabled account', async () => {
    await using place = await on.open();
    const { logins, disable } = await setUp(place);
    await disable(true);
    const told: string[] = [];
    for (const [name, password] of [
      ['nobody', 'right'],
      ['bert', 'wrong'],
      ['anna', 'right'],
      ['anna', 'wrong'],
      ['', ''],
    ] as const) {
      await assert.rejects(
        async () => logins.signIn(name, password, here),
        (error) => {
          assert.ok(error instanceof RegistryError);
          told.push(`${error.code}: ${error.message} ${JSON.stringify(error.detail)} ${error.retryAfter}`);
          return true;
        },
      );
    }
    assert.equal(new Set(told).size, 1, told.join('\n'));
  });

  test('checks a password for nobody too', async () => {
    await using place = await on.open();
    const { outcome, checks } = await setUp(place);
    await outcome('nobody', 'x');
    assert.equal(checks(), 1);
  });

  test('is remembered for half a minute and then looked at again', async () => {
    await using place = await on.open();
    const { outcome, disable, time, checks } = await setUp(place);
    for (let at = 0; at < 5; at++) assert.equal(await outcome('anna', 'right'), 'anna');
    assert.equal(checks(), 1);
    await disable(true);
    time.advance(30_000);
    assert.equal(await outcome('anna', 'right'), 'unauthorized');
  });

  test('by ten connections at once pays for one check', async () => {
    await using place = await on.open();
    const { outcome, checks } = await setUp(place);
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => outcome('anna', 'right')));
    assert.deepEqual(new Set(outcomes), new Set(['anna']));
    assert.equal(checks(), 1);
  });

  test('must wait after ten wrong passwords, the right one too, and only from there', async () => {
    await using place = await on.open();
    const { logins, outcome, time } = await setUp(place);
    for (let at = 0; at < 10; at++) assert.equal(await outcome('anna', `wrong-${at}`), 'unauthorized');
    assert.equal(await outcome('anna', 'wrong'), 'login-throttled');
    assert.equal(await outcome('anna', 'right'), 'login-throttled');
    assert.equal(await outcome('anna', 'right', elsewhere), 'anna', 'the victim is not locked out');
    assert.equal(await outcome('bert', 'right'), 'bert', 'nor is anybody else behind the address');
    await assert.rejects(
      async () => logins.signIn('anna', 'once more', here),
      (error) => {
        assert.ok(error instanceof RegistryError);
        assert.ok(error.retryAfter !== undefined && error.retryAfter > 0 && error.retryAfter <= 15 * 60);
        return true;
      },
    );
    time.advance(15 * minute + 1);
    assert.equal(await outcome('anna', 'right'), 'anna');
  });

  test('with a name that nobody has is slowed down just the same', async () => {
    await using place = await on.open();
    const { outcome } = await setUp(place);
    for (let at = 0; at < 10; at++) assert.equal(await outcome('nobody', `x${at}`), 'unauthorized');
    assert.equal(await outcome('nobody', 'x'), 'login-throttled');
    const long = 'n'.repeat(2000);
    for (let at = 0; at < 10; at++) assert.equal(await outcome(long, `x${at}`), 'unauthorized');
    assert.equal(await outcome(long, 'x'), 'login-throttled');
  });

  test('cannot be guessed faster by guessing at the same time', async () => {
    await using place = await on.open();
    const { outcome } = await setUp(place);
    const outcomes = await Promise.all(Array.from({ length: 60 }, (_, at) => outcome('anna', `wrong-${at}`)));
    const checked = outcomes.filter((told) => told === 'unauthorized').length;
    assert.ok(checked <= 10, `${checked} guesses were checked`);
    assert.equal(outcomes.length - checked, outcomes.filter((told) => told === 'login-throttled').length);
  });

  test('is counted by network where one client has many addresses', async () => {
    await using place = await on.open();
    const { outcome } = await setUp(place);
    const from = (address: string) => ({ address, requestId: 'r' });
    for (let at = 0; at < 10; at++) await outcome('anna', `wrong-${at}`, from(`2001:db8:1:2::${at.toString(16)}`));
    assert.equal(await outcome('anna', 'x', from('2001:db8:1:2:ffff::1')), 'login-throttled');
    assert.equal(await outcome('anna', 'x', from('2001:0DB8:0001:0002::abcd')), 'login-throttled');
    assert.equal(await outcome('anna', 'x', from('2001:db8:1:3::1')), 'unauthorized');
    assert.equal(await outcome('anna', 'x', from('::1')), 'unauthorized');
  });

  test('leaves one row in the audit each time, with the name, the address and how it ended', async () => {
    await using place = await on.open();
    const { outcome, noted } = await setUp(place);
    await outcome('anna', 'right');
    await outcome('anna', 'canary-wrong-password');
    await outcome('nobody', 'canary-wrong-password');
    assert.deepEqual(
      noted.map((entry) => [entry.action, entry.resource, entry.asker.address, entry.outcome]),
      [
        ['login', 'anna', '192.0.2.1', 'success'],
        ['login', 'anna', '192.0.2.1', 'failure'],
        ['login', 'nobody', '192.0.2.1', 'failure'],
      ],
    );
    assert.doesNotMatch(JSON.stringify(noted), /canary/);
  });

  test('with a name that no database takes is refused like any other', async () => {
    await using place = await on.open();
    const { outcome } = await setUp(place);
    for (const name of ['an\0na', '\0', 'anna\0', '\ud800', 'x\r\n{"level":"info"}', "' or 1=1 --"]) {
      assert.equal(await outcome(name, 'right'), 'unauthorized', JSON.stringify(name));
      assert.equal(await outcome(name, 'ri\0ght'), 'unauthorized', JSON.stringify(name));
    }
    assert.equal(await outcome('anna', 'ri\0ght'), 'unauthorized');
  });
});
