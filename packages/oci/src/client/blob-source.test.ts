import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededBytes } from '#src/testing/random-image';
import { type BlobSource, blobFromBytes, createSourceReader } from './blob-source.ts';

const bytes = seededBytes('source', 100_000);

/** A source in small pieces that counts how often it was opened. */
function inPieces(fail?: Error) {
  const opened: number[] = [];
  const source: BlobSource = {
    ...blobFromBytes(bytes),
    async *open(offset) {
      opened.push(offset);
      for (let at = offset; at < bytes.length; at += 1000) {
        yield bytes.subarray(at, at + 1000);
      }
      if (fail !== undefined) {
        throw fail;
      }
    },
  };
  return { opened, source };
}

async function take(parts: AsyncIterable<Uint8Array>) {
  return Buffer.concat(await Array.fromAsync(parts));
}

test('parts that follow each other share one opening', async () => {
  const { opened, source } = inPieces();
  const reader = createSourceReader(source);
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 33_333) {
    parts.push(await take(reader.read(at, Math.min(33_333, bytes.length - at))));
  }
  assert.ok(Buffer.concat(parts).equals(bytes));
  assert.deepEqual(opened, [0]);
});

test('a part elsewhere opens the source there', async () => {
  const { opened, source } = inPieces();
  const reader = createSourceReader(source);
  await take(reader.read(0, 5000));
  assert.ok((await take(reader.read(2500, 10))).equals(bytes.subarray(2500, 2510)));
  assert.deepEqual(opened, [0, 2500]);
  reader.close();
});

test('a part that was abandoned while it waited does not swallow bytes of the next', async () => {
  const { source } = inPieces();
  const reader = createSourceReader(source);
  const first = reader.read(0, 5000);
  await first.next();
  const pending = first.next();
  assert.ok((await take(reader.read(1000, 5000))).equals(bytes.subarray(1000, 6000)));
  await pending;
});

test('the last piece stays back when the source ends badly', async () => {
  const failure = new Error('wrong bytes');
  const reader = createSourceReader(inPieces(failure).source);
  let size = 0;
  await assert.rejects(async () => {
    for await (const part of reader.read(0, bytes.length)) {
      size += part.length;
    }
  }, failure);
  assert.ok(size < bytes.length);
});

test('a source of another length than it says is refused', async () => {
  for (const size of [bytes.length - 1, bytes.length - 1000, bytes.length + 1]) {
    const reader = createSourceReader({ ...inPieces().source, size });
    await assert.rejects(take(reader.read(0, size)), RangeError);
  }
});
