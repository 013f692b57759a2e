import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RegistryError } from '#kernel/errors';
import { createPasswordHasher } from '#platform/crypto';
import { forEachDialect, type TestDatabase } from '#testing/databases';
import { createTestClock } from '#testing/test-clock';
import { createUsers } from './service.ts';
import { createUserStore } from './store.ts';

function setUp(place: TestDatabase) {
  const store = createUserStore(place.db);
  const hasher = createPasswordHasher(2);
  const users = createUsers({ store, transact: place.db.transact, hasher, clock: createTestClock().clock });
  return { store, hasher, users };
}

const refused = (error: unknown) => error instanceof RegistryError && error.code === 'body-invalid';

forEachDialect('users', (on) => {
  test('are kept with a hash and never with the password', async () => {
    await using place = await on.open();
    const { store, hasher, users } = setUp(place);
    await users.create({ name: 'anna', password: 'Canary-password-1', admin: false });
    const anna = await store.find('anna');
    assert.match(anna?.password ?? '', /^\$argon2id\$/);
    assert.equal(await hasher.verify('Canary-password-1', anna?.password), true);
    assert.doesNotMatch(JSON.stringify(await place.query('select * from user_account')), /canary/i);
  });

  test('have names that fit into Basic credentials and one line of a log', async () => {
    await using place = await on.open();
    const { users } = setUp(place);
    const create = (name: string) => users.create({ name, password: 'Password123', admin: false });
    for (const name of [
      '',
      'a:b',
      'a b',
      'a\nb',
      'a\0',
      'a\tb',
      'a/b',
      'robot$x',
      '"a"',
      '<b>',
      'a'.repeat(256),
      '\u200b',
      'a\u202eb',
      'e\u0301',
    ]) {
      await assert.rejects(create(name), refused, JSON.stringify(name));
    }
    for (const name of ['a', 'Anna.O_Neil@example.com', 'jürgen', '李']) await create(name);
    await assert.rejects(create('a'), refused, 'no name is given twice');
  });

  test('have passwords of a sensible length, with letters of both cases and a digit', async () => {
    await using place = await on.open();
    const { users } = setUp(place);
    for (const password of [
      '',
      'Short1',
      `Px1${'x'.repeat(126)}`,
      `Px1${'x'.repeat(1_000_000)}`,
      'lowercase1',
      'Letters-only',
    ]) {
      await assert.rejects(users.create({ name: 'anna', password, admin: false }), refused);
    }
    const id = await users.create({ name: 'anna', password: `Px1${'x'.repeat(5)}`, admin: false });
    await assert.rejects(users.setPassword(id, 'short'), refused);
    await users.setPassword(id, `Px1${'x'.repeat(125)}`);
  });
});

forEachDialect('the first administrator', (on) => {
  test('gets a password that nobody can guess, told once', async () => {
    await using place = await on.open();
    const { store, hasher, users } = setUp(place);
    const first = await users.ensureAdmin(undefined);
    assert.equal(first.created, true);
    assert.ok((first.invented ?? '').length >= 20);
    assert.equal(await hasher.verify(first.invented ?? '', (await store.find('admin'))?.password), true);
    assert.deepEqual(await users.ensureAdmin(undefined), { created: false, invented: undefined });
    await using other = await on.open();
    assert.notEqual(
      (await setUp(other).users.ensureAdmin(undefined)).invented,
      first.invented,
      'and nobody else has it',
    );
  });

  test('keeps the password it has, whatever is given later', async () => {
    await using place = await on.open();
    const { store, hasher, users } = setUp(place);
    assert.deepEqual(await users.ensureAdmin('given-Password1'), { created: true, invented: undefined });
    assert.deepEqual(await users.ensureAdmin('another-Password2'), { created: false, invented: undefined });
    assert.equal(await hasher.verify('given-Password1', (await store.find('admin'))?.password), true);
  });

  test('is made once by two nodes that start at once, and one of them knows the password', async () => {
    await using place = await on.open();
    const [here, there] = [setUp(place), setUp(place)];
    const made = await Promise.all([here.users.ensureAdmin(undefined), there.users.ensureAdmin(undefined)]);
    const knowing = made.filter(({ created }) => created);
    assert.equal(knowing.length, 1);
    const hash = (await here.store.find('admin'))?.password;
    assert.equal(await here.hasher.verify(knowing[0]?.invented ?? '', hash), true);
  });

  test('does not get a password that is none', async () => {
    await using place = await on.open();
    const { store, users } = setUp(place);
    for (const given of ['', 'x', 'x'.repeat(129)]) await assert.rejects(users.ensureAdmin(given), refused, given);
    assert.equal(await store.find('admin'), undefined);
  });
});
