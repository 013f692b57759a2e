import assert from 'node:assert/strict';
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { packTar } from 'modern-tar';
import { makeTemporaryFolder } from '#testing/temporary-folder';
import { readTarIndex } from './tar-index.ts';

type Entry = Parameters<typeof packTar>[0][number];

async function indexOf(bytes: Uint8Array): Promise<Record<string, string>> {
  await using folder = await makeTemporaryFolder();
  const path = join(folder.path, 'x.tar');
  await writeFile(path, bytes);
  await using handle = await open(path);
  const index = await readTarIndex(handle, 'x.tar');
  return Object.fromEntries(
    [...index].map(([name, { offset, size }]) => [name, Buffer.from(bytes.subarray(offset, offset + size)).toString()]),
  );
}

const file = (name: string, body: string): Entry => ({ header: { name, size: Buffer.byteLength(body) }, body });

test('files are found where they lie, whatever their sizes', async () => {
  const bytes = await packTar([
    file('a', ''),
    file('./b/c', 'x'.repeat(513)),
    file('d', 'y'.repeat(512)),
    file('e', 'z'),
  ]);
  assert.deepEqual(await indexOf(bytes), { a: '', 'b/c': 'x'.repeat(513), d: 'y'.repeat(512), e: 'z' });
});

test('names too long for the old header are read from the new one', async () => {
  const name = `${'deep/'.repeat(60)}file`;
  assert.deepEqual(await indexOf(await packTar([file(name, 'long'), file('after', 'short')])), {
    [name]: 'long',
    after: 'short',
  });
});

test('links within the archive lead to their file, chains too', async () => {
  const bytes = await packTar([
    file('layers/a/layer.tar', 'layer'),
    { header: { name: 'layers/b/layer.tar', size: 0, type: 'symlink', linkname: '../a/layer.tar' } },
    { header: { name: 'hard', size: 0, type: 'link', linkname: 'layers/b/layer.tar' } },
    { header: { name: 'away', size: 0, type: 'symlink', linkname: '/etc/passwd' } },
    { header: { name: 'loop', size: 0, type: 'symlink', linkname: 'loop' } },
  ]);
  assert.deepEqual(await indexOf(bytes), {
    'layers/a/layer.tar': 'layer',
    'layers/b/layer.tar': 'layer',
    hard: 'layer',
  });
});

test('a GNU header for a long name is read', async () => {
  const name = 'n'.repeat(150);
  const bytes = await packTar([
    { header: { name: '././@LongLink', size: name.length + 1, type: 'gnu-long-name' }, body: `${name}\0` },
    file('short', 'content'),
  ]);
  assert.deepEqual(await indexOf(bytes), { [name]: 'content' });
});

test('an archive that is cut off is told as such', async () => {
  const bytes = await packTar([file('a', 'x'.repeat(2000))]);
  await assert.rejects(indexOf(bytes.subarray(0, 1500)), { name: 'LocalFileError', message: 'x.tar is cut off' });
});

test('what is no archive is told as such', async () => {
  await assert.rejects(indexOf(Buffer.alloc(2048, 'text ')), { message: 'x.tar is no tar archive' });
});

test('a damaged header in the middle is told with its place', async () => {
  const bytes = Buffer.from(await packTar([file('a', 'x'), file('b', 'y')]));
  bytes[1024 + 10] = 0x7f;
  await assert.rejects(indexOf(bytes), { message: 'x.tar is damaged at byte 1024' });
});
