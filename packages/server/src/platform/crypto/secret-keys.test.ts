import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { SecretUnusable } from './secret-box.ts';
import { openSecretKeys, type SecretKeySources } from './secret-keys.ts';

const run = promisify(execFile);

async function makeFolder() {
  const path = await mkdtemp(join(tmpdir(), 'entrepot-keys-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

const openIn = (folder: string, sources: Partial<SecretKeySources> = {}) =>
  openSecretKeys({ given: undefined, previous: [], folder, holdsSealed: async () => false, ...sources });

const hexOf = (keys: readonly Uint8Array[]) => keys.map((key) => Buffer.from(key).toString('hex'));

test('the first start makes a file with a key, for its owner alone, and the next one reads it', async () => {
  await using folder = await makeFolder();
  const data = join(folder.path, 'not', 'there', 'yet');
  const made = await openIn(data);
  assert.equal(made[0]?.byteLength, 32);
  assert.deepEqual(await readdir(data), ['secret.key']);
  assert.equal((await stat(join(data, 'secret.key'))).mode & 0o777, 0o600);
  assert.deepEqual(hexOf(await openIn(data)), hexOf(made));
  assert.deepEqual(hexOf(await openIn(data, { holdsSealed: async () => true })), hexOf(made));
});

test('processes that start at once agree on one key and leave one file', async () => {
  await using folder = await makeFolder();
  const script = `
    const { openSecretKeys } = await import('#platform/crypto');
    const keys = await openSecretKeys({ previous: [], folder: process.env.FOLDER, holdsSealed: async () => false });
    console.log(Buffer.from(keys[0]).toString('hex'));`;
  const outcomes = await Promise.all(
    Array.from({ length: 8 }, () =>
      run(process.execPath, ['--input-type=module', '--eval', script], {
        cwd: fileURLToPath(new URL('../../..', import.meta.url)),
        env: { ...process.env, FOLDER: folder.path },
      }),
    ),
  );
  const keys = new Set(outcomes.map(({ stdout }) => stdout.trim()));
  assert.equal(keys.size, 1);
  assert.match([...keys][0] ?? '', /^[0-9a-f]{64}$/);
  assert.deepEqual(await readdir(folder.path), ['secret.key']);
});

test('a key that was given seals and no file is made; one that is there still opens', async () => {
  await using folder = await makeFolder();
  const [given, previous] = [randomBytes(32), randomBytes(32)];
  assert.deepEqual(hexOf(await openIn(folder.path, { given, previous: [previous] })), hexOf([given, previous]));
  assert.deepEqual(await readdir(folder.path), []);
  const [kept] = await openIn(folder.path);
  assert.ok(kept !== undefined);
  assert.deepEqual(hexOf(await openIn(folder.path, { given })), hexOf([given, kept]));
  assert.deepEqual(hexOf(await openIn(folder.path, { previous: [previous] })), hexOf([kept, previous]));
});

test('without its file no new key is made for a database that holds sealed secrets', async () => {
  await using folder = await makeFolder();
  await assert.rejects(openIn(folder.path, { holdsSealed: async () => true }), (error) => {
    assert.ok(error instanceof SecretUnusable);
    assert.match(error.message, /put the file back to .*secret\.key.* ENTREPOT_SECRET_KEY/);
    return true;
  });
  assert.deepEqual(await readdir(folder.path), []);
});

test('a file that another process made while we looked at the database counts', async () => {
  await using folder = await makeFolder();
  let other: readonly Uint8Array[] = [];
  const keys = await openIn(folder.path, {
    holdsSealed: async () => {
      other = await openIn(folder.path);
      return true;
    },
  });
  assert.deepEqual(hexOf(keys), hexOf(other));
});

test('a file that holds no key is told and left alone', async () => {
  await using folder = await makeFolder();
  const path = join(folder.path, 'secret.key');
  for (const text of ['', 'x'.repeat(100), 'half a key']) {
    await writeFile(path, text);
    await assert.rejects(openIn(folder.path), /secret\.key holds no key/);
    assert.equal(await readFile(path, 'utf8'), text);
  }
});

test('a folder that takes no file is told, with the other way to give a key', async (context) => {
  if (process.getuid?.() === 0) return context.skip('root may write everywhere');
  await using folder = await makeFolder();
  await chmod(folder.path, 0o500);
  await assert.rejects(openIn(folder.path), /cannot be made \(EACCES\).*ENTREPOT_SECRET_KEY/);
});

test('a folder that cannot be is told', async () => {
  await assert.rejects(openIn('/proc/nowhere'), /cannot be made \(\w+\).*ENTREPOT_SECRET_KEY/);
});
