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
import type { Authenticator, LoginVerdict } from './types.ts';

const minute = 60_000;
const here = { address: '192.0.2.1', requestId: 'r' };
const elsewhere = { address: '192.0.2.2', requestId: 'r' };

async function setUp(place: TestDatabase, elsewhere: readonly Authenticator[] = []) {
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
    elsewhere,
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

  test('waits longer after each wrong password once there were too many', async () => {
    await using place = await on.open();
    const { logins, outcome, time } = await setUp(place);
    for (let at = 0; at < 10; at++) await outcome('anna', `wrong-${at}`);
    const waits: number[] = [];
    for (let at = 0; at < 6; at++) {
      time.advance(15 * minute + 1);
      assert.equal(await outcome('anna', `again-${at}`), 'unauthorized');
      await assert.rejects(
        async () => logins.signIn('anna', 'at once', here),
        (error) => error instanceof RegistryError && waits.push(error.retryAfter ?? 0) > 0,
      );
    }
    assert.deepEqual(waits, [60, 120, 240, 480, 900, 900]);
    assert.equal(await outcome('anna', 'right', elsewhere), 'anna', 'the victim is not locked out');
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

/** A place that knows accounts, and what it was asked. */
function placeThatSays(verdicts: Readonly<Record<string, LoginVerdict>>) {
  const asked: string[] = [];
  const authenticator: Authenticator = {
    async signIn(name, password) {
      asked.push(`${name} ${password}`);
      return verdicts[name] ?? 'unknown';
    },
  };
  return { asked, authenticator };
}

const carl = { kind: 'user', userId: 99, name: 'carl', admin: false } as const;

forEachDialect('a sign-in of somebody known elsewhere', (on) => {
  test('is asked there after our own accounts, one place after another', async () => {
    await using place = await on.open();
    const first = placeThatSays({ carl });
    const second = placeThatSays({ dora: carl, carl: 'refused' });
    const { outcome, checks } = await setUp(place, [first.authenticator, second.authenticator]);
    assert.equal(await outcome('carl', 'x'), 'carl');
    assert.equal(await outcome('dora', 'x'), 'carl');
    assert.deepEqual([first.asked, second.asked], [['carl x', 'dora x'], ['dora x']]);
    assert.equal(checks(), 0);
    assert.equal(await outcome('nobody', 'x'), 'unauthorized');
    assert.equal(checks(), 1, 'and nobody costs as much as somebody');
  });

  test('is never asked there about an account of ours', async () => {
    await using place = await on.open();
    const other = placeThatSays({ anna: carl, bert: 'unavailable' });
    const { outcome } = await setUp(place, [other.authenticator]);
    assert.equal(await outcome('anna', 'wrong'), 'unauthorized');
    assert.equal(await outcome('bert', 'right'), 'bert', 'which signs in while the other place is away');
    assert.deepEqual(other.asked, []);
  });

  test('does not go by a password that an account from elsewhere may have had here', async () => {
    await using place = await on.open();
    const other = placeThatSays({ anna: 'refused' });
    const { outcome } = await setUp(place, [other.authenticator]);
    await place.query("update user_account set source = 'ldap' where name = 'anna'");
    assert.equal(await outcome('anna', 'right'), 'unauthorized');
    const alone = await setUp(place);
    await place.query("update user_account set password = '' where name = 'anna'");
    assert.equal(await alone.outcome('anna', ''), 'unauthorized');
  });

  test('that cannot be judged just now says so, counts as no failure and is tried again at once', async () => {
    await using place = await on.open();
    const verdicts: Record<string, LoginVerdict> = { carl: 'unavailable' };
    const { outcome, noted } = await setUp(place, [placeThatSays(verdicts).authenticator]);
    for (let at = 0; at < 25; at++) assert.equal(await outcome('carl', 'x'), 'unavailable');
    assert.equal(noted[0]?.outcome, 'failure');
    verdicts['carl'] = carl;
    assert.equal(await outcome('carl', 'x'), 'carl');
  });

  test('is remembered for half a minute as well', async () => {
    await using place = await on.open();
    const other = placeThatSays({ carl });
    const { outcome, time } = await setUp(place, [other.authenticator]);
    for (let at = 0; at < 5; at++) await outcome('carl', 'x');
    await Promise.all(Array.from({ length: 5 }, () => outcome('carl', 'y')));
    assert.equal(other.asked.length, 2);
    time.advance(30_000);
    await outcome('carl', 'x');
    assert.equal(other.asked.length, 3);
  });

  test('gives no more guesses for writing the name in another case', async () => {
    await using place = await on.open();
    const { outcome } = await setUp(place, [placeThatSays({}).authenticator]);
    for (const name of ['carl', 'Carl', 'CARL', 'cArl', 'caRl', 'carL', 'CArl', 'cARl', 'caRL', 'CARl']) {
      assert.equal(await outcome(name, 'x'), 'unauthorized');
    }
    assert.equal(await outcome('CaRl', 'x'), 'login-throttled');
  });
});
