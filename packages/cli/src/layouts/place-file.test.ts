import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeTemporaryFolder } from '#testing/temporary-folder';
import { placeFile } from './place-file.ts';

test('bytes of any number of chunks arrive in order', async () => {
  await using folder = await makeTemporaryFolder();
  const chunks = Array.from({ length: 300 }, (_, at) => Buffer.alloc(10_007, at));
  await placeFile(join(folder.path, 'x'), chunks);
  assert.ok((await readFile(join(folder.path, 'x'))).equals(Buffer.concat(chunks)));
  assert.deepEqual(await readdir(folder.path), ['x']);
});

test('a source that fails leaves the old file, and nothing beside it', async () => {
  await using folder = await makeTemporaryFolder();
  const path = join(folder.path, 'x');
  await writeFile(path, 'old');
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield Buffer.alloc(2_000_000);
    throw new Error('the line broke');
  }
  await assert.rejects(placeFile(path, failing()), { message: 'the line broke' });
  assert.equal(await readFile(path, 'utf8'), 'old');
  assert.deepEqual(await readdir(folder.path), ['x']);
});

test('what does not pass the check is never seen', async () => {
  await using folder = await makeTemporaryFolder();
  const check = () => {
    throw new Error('not what it should be');
  };
  await assert.rejects(placeFile(join(folder.path, 'x'), [Buffer.from('new')], { check }), /not what it should be/);
  assert.deepEqual(await readdir(folder.path), []);
});
