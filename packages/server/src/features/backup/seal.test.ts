import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { seal, sealedSize, unseal } from './seal.ts';

async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array, void, void> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function whole(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const mebibyte = 1024 * 1024;

for (const key of [undefined, randomBytes(32)]) {
  const kind = key === undefined ? 'without a key' : 'with a key';

  test(`${kind}, what was sealed comes back, whatever its size`, async () => {
    for (const size of [0, 1, mebibyte - 1, mebibyte, mebibyte + 1, 3 * mebibyte]) {
      const bytes = randomBytes(size);
      const sealed = await whole(seal('a/b', chunksOf(bytes, 70_001), key));
      assert.equal(sealed.length, sealedSize(size));
      assert.ok((await whole(unseal('a/b', chunksOf(sealed, 65_536), key))).equals(bytes), String(size));
    }
  });

  test(`${kind}, whatever was changed, cut off, added or put in another's place is refused`, async () => {
    const bytes = randomBytes(2 * mebibyte + 500);
    const sealed = await whole(seal('a/b', chunksOf(bytes, mebibyte), key));
    const opened = (as: string, changed: Uint8Array) => whole(unseal(as, chunksOf(changed, mebibyte), key));
    for (const at of [0, 5, 20, 39, 40, 43, 44, 500, mebibyte + 44, mebibyte + 61, sealed.length - 1]) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] as number) ^ 1;
      // Three bytes of the header say nothing.
      if (at !== 5) await assert.rejects(opened('a/b', changed), { name: 'BackupUnusable' }, String(at));
    }
    const piece = mebibyte + 20;
    const cuts = [0, 3, 39, 40, 42, 40 + piece - 1, 40 + piece, 40 + 2 * piece, sealed.length - 1];
    for (const at of cuts) {
      await assert.rejects(opened('a/b', sealed.subarray(0, at)), /a\/b of the backup is damaged/, String(at));
    }
    const header = sealed.subarray(0, 40);
    const [first, second, rest] = [
      sealed.subarray(40, 40 + piece),
      sealed.subarray(40 + piece, 40 + 2 * piece),
      sealed.subarray(40 + 2 * piece),
    ];
    await assert.rejects(opened('a/b', Buffer.concat([header, second, first, rest])), /piece 1/);
    await assert.rejects(opened('a/b', Buffer.concat([header, first, rest])), /piece 2/);
    await assert.rejects(opened('a/b', Buffer.concat([sealed, Buffer.from([0])])), /what follows its end/);
    await assert.rejects(opened('a/c', sealed), /piece 1/);
  });
}

test('another key, or none, opens nothing', async () => {
  const sealed = await whole(seal('a', chunksOf(Buffer.from('hello'), 5), randomBytes(32)));
  await assert.rejects(whole(unseal('a', chunksOf(sealed, 100), randomBytes(32))), /piece 1/);
  await assert.rejects(whole(unseal('a', chunksOf(sealed, 100), undefined)), /is encrypted/);
  assert.ok(!sealed.includes('hello'));
});
