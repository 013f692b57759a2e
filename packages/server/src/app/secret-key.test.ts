import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { exportJWK, generateKeyPair } from 'jose';
import { forEachDialect } from '#testing/databases';
import { startServing } from '#testing/serve-process';
import { startTestRegistry } from '#testing/test-registry';

const password = 'Password123';
const admin = `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`;
const aKey = () => randomBytes(32).toString('base64');

async function makeFolder() {
  const path = await mkdtemp(join(tmpdir(), 'entrepot-secret-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

const serveOn = (data: string, env: Readonly<Record<string, string>> = {}) =>
  startServing({
    args: ['--listen', '127.0.0.1:0', '--data', data],
    env: { ENTREPOT_ADMIN_PASSWORD: password, ...env },
  });

/** Starts, does the work and ends. */
async function withRegistry<T>(
  data: string,
  env: Readonly<Record<string, string>>,
  work: (url: string) => Promise<T>,
): Promise<T> {
  await using server = serveOn(data, env);
  const result = await work(await server.ready());
  server.child.kill('SIGTERM');
  assert.equal(await server.ended(), 0, server.stderr());
  return result;
}

async function fetchToken(url: string): Promise<string> {
  const scope = 'repository:library/app:pull,push';
  const response = await fetch(`${url}/service/token?scope=${scope}`, { headers: { authorization: admin } });
  assert.equal(response.status, 200);
  return ((await response.json()) as { token: string }).token;
}

async function isTaken(url: string, token: string): Promise<boolean> {
  const init = { method: 'POST', headers: { authorization: `Bearer ${token}` } };
  return (await fetch(`${url}/v2/library/app/blobs/uploads/`, init)).status === 202;
}

async function assertRefused(data: string, env: Readonly<Record<string, string>>, wanted: RegExp): Promise<void> {
  await using server = serveOn(data, env);
  assert.equal(await server.ended(), 1);
  assert.equal(server.stderr().trim().split('\n').length, 1, server.stderr());
  assert.match(server.stderr(), wanted);
}

function sealedKeysIn(data: string): string[] {
  using connection = new DatabaseSync(join(data, 'entrepot.db'));
  return connection
    .prepare('select private_jwk from signing_key order by kid')
    .all()
    .map((row) => String(row['private_jwk']));
}

describe('the secret key', { concurrency: 2 }, () => {
  test('of the first start lies in the data folder, and a start without it says so and changes nothing', async () => {
    await using folder = await makeFolder();
    const data = join(folder.path, 'data');
    const path = join(data, 'secret.key');
    const token = await withRegistry(data, {}, fetchToken);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    const before = sealedKeysIn(data);
    await rename(path, join(folder.path, 'kept'));
    await assertRefused(data, {}, /put the file back to .*secret\.key.*ENTREPOT_SECRET_KEY/);
    await assertRefused(data, { ENTREPOT_SECRET_KEY: aKey() }, /sealed with the key [0-9a-f]{16}, which is not here/);
    assert.deepEqual(sealedKeysIn(data), before);
    assert.ok(!(await readdir(data)).includes('secret.key'), 'no other key was made');
    await rename(join(folder.path, 'kept'), path);
    assert.equal(await withRegistry(data, {}, (url) => isTaken(url, token)), true);
  });

  test('is changed by giving the new one and the one before, and then the new one alone', async () => {
    await using folder = await makeFolder();
    const [one, two] = [aKey(), aKey()];
    const token = await withRegistry(folder.path, { ENTREPOT_SECRET_KEY: one }, fetchToken);
    const before = sealedKeysIn(folder.path);
    for (const env of [
      { ENTREPOT_SECRET_KEY: one, ENTREPOT_SECRET_KEYS_PREVIOUS: two },
      { ENTREPOT_SECRET_KEY: two, ENTREPOT_SECRET_KEYS_PREVIOUS: `${aKey()},\n${one}` },
      { ENTREPOT_SECRET_KEY: two },
    ]) {
      assert.equal(await withRegistry(folder.path, env, (url) => isTaken(url, token)), true);
    }
    assert.notDeepEqual(sealedKeysIn(folder.path), before);
    await assertRefused(folder.path, { ENTREPOT_SECRET_KEY: one }, /which is not here/);
    assert.ok(!(await readdir(folder.path)).includes('secret.key'));
  });

  test('that was given opens what the file of the data folder sealed', async () => {
    await using folder = await makeFolder();
    const token = await withRegistry(folder.path, {}, fetchToken);
    const env = { ENTREPOT_SECRET_KEY: aKey() };
    assert.equal(await withRegistry(folder.path, env, (url) => isTaken(url, token)), true);
    await rm(join(folder.path, 'secret.key'));
    assert.equal(await withRegistry(folder.path, env, (url) => isTaken(url, token)), true);
  });

  test('that is none is a fault of the configuration, and is not shown', async () => {
    await using folder = await makeFolder();
    await using server = serveOn(folder.path, {
      ENTREPOT_SECRET_KEY: 'canary-too-short',
      ENTREPOT_SECRET_KEYS_PREVIOUS: `${aKey()},canary`,
    });
    assert.equal(await server.ended(), 2);
    assert.match(server.stderr(), /secret_key \(ENTREPOT_SECRET_KEY\): expected 32 random bytes/);
    assert.match(server.stderr(), /secret_keys_previous \(ENTREPOT_SECRET_KEYS_PREVIOUS\)/);
    assert.doesNotMatch(server.stderr(), /canary/);
    assert.deepEqual(await readdir(folder.path), []);
  });
});

forEachDialect('the key that signs tokens', (on) => {
  test('is sealed at start where an older build wrote it plainly, and still verifies', async () => {
    await using place = await on.makePlace();
    {
      await using _db = await place.open();
    }
    const { privateKey } = await generateKeyPair('ES256', { extractable: true });
    const jwk = JSON.stringify(await exportJWK(privateKey));
    await place.query(`insert into signing_key (kid, private_jwk, created_at) values ('old', '${jwk}', ${Date.now()})`);
    await using registry = await startTestRegistry({ place });
    const [row, ...others] = await place.query('select kid, private_jwk from signing_key');
    assert.deepEqual(others, []);
    assert.match(String(row?.['private_jwk']), /^sealed:1:/);
    const token = await registry.bearer(registry.admin, 'repository:library/app:pull');
    assert.equal(JSON.parse(Buffer.from(token.slice(7).split('.')[0] ?? '', 'base64url').toString()).kid, 'old');
    assert.equal((await registry.fetch('/v2/library/app/tags/list', { as: token })).status, 404);
  });

  test('is not taken from another row of the database', async () => {
    await using place = await on.makePlace();
    {
      await using _registry = await startTestRegistry({ place });
    }
    await place.query("update signing_key set kid = 'moved'");
    await assert.rejects(startTestRegistry({ place }), { name: 'SecretUnusable', message: /belongs to another row/ });
  });
});
