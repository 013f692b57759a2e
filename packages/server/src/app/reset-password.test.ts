import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { assertAnswer } from '#testing/answers';
import { type DatabasePlace, forEachDialect, makeSqlitePlace } from '#testing/databases';
import { eventually } from '#testing/test-clock';
import { startTestRegistry, testPassword } from '#testing/test-registry';
import { resetAdminPassword } from './reset-password.ts';

const resetOn = (place: DatabasePlace, password?: string) =>
  resetAdminPassword({ flags: {}, env: place.env, password });

async function inventOn(place: DatabasePlace): Promise<string> {
  const outcome = await resetOn(place);
  assert.ok(outcome.kind === 'reset' && outcome.invented !== undefined, JSON.stringify(outcome));
  return outcome.invented;
}

const accountIn = async ({ query }: DatabasePlace) =>
  JSON.stringify((await query("select * from user_account where name = 'admin'"))[0]);

forEachDialect('a lost password of the administrator', (on) => {
  test('is replaced while the registry runs, and what the old one opened is closed', async () => {
    await using place = await on.makePlace();
    await using registry = await startTestRegistry({ place });
    const token = await registry.bearer(registry.admin, 'repository:library/app:pull,push');
    const invented = await inventOn(place);
    assert.ok(invented.length >= 16);
    await eventually(async () => {
      const response = await registry.fetch('/v2/', { as: registry.basic('admin', invented) });
      return response.status === 200 ? true : undefined;
    });
    await assertAnswer(await registry.fetch('/v2/library/app/blobs/uploads/', { method: 'POST', as: token }), 401);
    // Another registry, which remembers nothing of the old password.
    await using other = await startTestRegistry({ place, env: { ENTREPOT_WORKERS: '2' } });
    await assertAnswer(await other.fetch('/v2/', { as: other.basic('admin', testPassword) }), 401);
  });

  test('is replaced by the one that was given, which is told nobody', async () => {
    await using place = await on.makePlace();
    await using registry = await startTestRegistry({ place });
    const outcome = await resetOn(place, 'Canary-new-password-7');
    assert.ok(outcome.kind === 'reset' && outcome.invented === undefined);
    assert.doesNotMatch(JSON.stringify(outcome), /canary/i);
    const as = registry.basic('admin', 'Canary-new-password-7');
    await eventually(async () => ((await registry.fetch('/v2/', { as })).status === 200 ? true : undefined));
  });

  test('comes with the right to everything, whatever had become of the account', async () => {
    await using place = await on.makePlace();
    {
      await using _registry = await startTestRegistry({ place });
    }
    await place.query("update user_account set disabled = 1, admin = 0, source = 'ldap' where name = 'admin'");
    const invented = await inventOn(place);
    await using registry = await startTestRegistry({ place });
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"project_name":"again"}' };
    const as = registry.basic('admin', invented);
    await assertAnswer(await registry.fetch('/api/v2.0/projects', { ...init, as }), 201);
    await assertAnswer(await registry.fetch('/v2/_catalog', { as }), 200);
  });

  test('leaves a row in the audit that says who did it, and no password', async () => {
    await using place = await on.makePlace();
    {
      await using _registry = await startTestRegistry({ place });
    }
    const invented = await inventOn(place);
    const rows = await place.query("select * from audit where action = 'change-password'");
    assert.equal(rows.length, 1);
    const [row] = rows;
    assert.deepEqual(
      [row?.['actor'], row?.['actor_id'], row?.['resource'], row?.['outcome']],
      ['system:command-line', null, 'admin', 'success'],
    );
    const text = JSON.stringify(rows);
    assert.ok(!text.includes(invented) && !/argon2/.test(text));
  });

  test('is not replaced by one that is against the rules for passwords', async () => {
    await using place = await on.makePlace();
    {
      await using _registry = await startTestRegistry({ place });
    }
    const before = await accountIn(place);
    for (const password of ['', 'short', 'x'.repeat(129), 'no-digits-in-Here']) {
      const outcome = await resetOn(place, password);
      assert.ok(outcome.kind === 'faulty' && /8 to 128 characters|a digit/.test(outcome.message));
    }
    assert.equal(await accountIn(place), before);
  });

  test('stays where another build may be at work on the database', async () => {
    await using place = await on.makePlace();
    {
      await using _registry = await startTestRegistry({ place });
    }
    const before = await accountIn(place);
    for (const version of [1, 4711]) {
      await place.query(`update schema_version set version = ${version}`);
      const outcome = await resetOn(place);
      assert.ok(outcome.kind === 'failed', JSON.stringify(outcome));
      assert.match(outcome.message, new RegExp(`version ${version}, .*Nothing was changed`));
      assert.equal(Number((await place.query('select version from schema_version'))[0]?.['version']), version);
    }
    assert.equal(await accountIn(place), before);
  });

  test('cannot be replaced before the first start, which is said', async () => {
    await using place = await on.makePlace();
    {
      await using _db = await place.open();
    }
    const outcome = await resetOn(place);
    assert.ok(outcome.kind === 'failed' && /no account admin.*a start of the registry/.test(outcome.message));
  });
});

test('where there is no database none is made', async () => {
  await using place = await makeSqlitePlace();
  const outcome = await resetOn(place);
  assert.ok(outcome.kind === 'failed' && /There is no database .*entrepot\.db: name the folder/.test(outcome.message));
  assert.deepEqual(await readdir(place.env['ENTREPOT_DATA'] ?? ''), []);
});

test('a database that somebody holds for long is told as such, and not changed', async () => {
  await using place = await makeSqlitePlace();
  {
    await using _registry = await startTestRegistry({ place });
  }
  const before = await accountIn(place);
  {
    using holder = new DatabaseSync(join(place.env['ENTREPOT_DATA'] ?? '', 'entrepot.db'));
    holder.exec('begin immediate');
    const outcome = await resetOn(place);
    assert.ok(outcome.kind === 'failed', JSON.stringify(outcome));
    assert.match(outcome.message, /locked|another process holds the database/);
  }
  assert.equal(await accountIn(place), before);
});

test('PostgreSQL that is not there is told without its password', async () => {
  const env = { ENTREPOT_DATABASE_URL: 'postgres://entrepot:canary-secret@127.0.0.1:1/entrepot' };
  const outcome = await resetAdminPassword({ flags: {}, env, password: undefined });
  assert.ok(outcome.kind === 'failed' && /PostgreSQL/.test(outcome.message));
  assert.doesNotMatch(outcome.message, /canary/);
});
