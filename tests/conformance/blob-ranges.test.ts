import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { digestOf, someBytes } from '#support/content';
import type { Answer } from '#support/http-exchange';
import { useRegistry } from '#support/use-registry';

const registry = await useRegistry();
const bytes = someBytes(2048);
let path = '';

before(async () => {
  const repository = registry.repository();
  path = `/v2/${repository}/blobs/${await registry.client.pushBlob(repository, bytes)}`;
});

function get(range: string, headers: Record<string, string> = {}): Promise<Answer> {
  return registry.client.send('GET', path, { range, ...headers });
}

const parts: readonly (readonly [string, number, number])[] = [
  ['bytes=500-1499', 500, 1499],
  ['bytes=500-', 500, 2047],
  ['bytes=-500', 1548, 2047],
  ['bytes=2000-5000', 2000, 2047],
  ['bytes=0-0', 0, 0],
  ['bytes=2047-2047', 2047, 2047],
  ['bytes=0-', 0, 2047],
  ['bytes=0-2047', 0, 2047],
  ['bytes=-1', 2047, 2047],
  ['bytes=-5000', 0, 2047],
  ['bytes=-2048', 0, 2047],
  ['bytes=0-99999999999999999999', 0, 2047],
];

for (const [range, first, last] of parts) {
  test(`${range} of 2048 bytes gives ${first} to ${last}`, async () => {
    const answer = await get(range);
    assert.equal(answer.status, 206, answer.text.slice(0, 300));
    assert.equal(answer.header('content-range'), `bytes ${first}-${last}/2048`);
    assert.equal(answer.header('content-length'), String(last - first + 1));
    assert.equal(answer.header('docker-content-digest'), digestOf(bytes));
    assert.deepEqual(answer.body, bytes.subarray(first, last + 1));
  });
}

for (const range of ['bytes=500-0', 'bytes=5000-10000', 'bytes=2048-', 'bytes=-0', 'bytes=99999999999999999999-']) {
  test(`${range} of 2048 bytes cannot be had`, async () => {
    const answer = await get(range);
    assert.equal(answer.status, 416, answer.text.slice(0, 300));
    assert.equal(answer.header('content-range'), 'bytes */2048');
  });
}

for (const range of ['items=0-5', 'bytes 0-5', 'bytes=', 'bytes=a-b', 'bytes=--5', 'nonsense']) {
  test(`«${range}» is no range of bytes and gives the whole blob or a refusal`, async () => {
    const answer = await get(range);
    assert.ok([200, 400, 416].includes(answer.status), `${answer.status}`);
    if (answer.status === 200) assert.deepEqual(answer.body, bytes);
  });
}

/** Takes a multipart/byteranges body apart. */
function readParts(answer: Answer): { range: string; bytes: Buffer }[] {
  const boundary = /^multipart\/byteranges;\s*boundary="?([^";]+)"?/i.exec(answer.header('content-type') ?? '')?.[1];
  assert.ok(boundary, `multipart/byteranges with a boundary: ${answer.header('content-type')}`);
  const text = answer.body.toString('latin1');
  assert.ok(text.trimEnd().endsWith(`--${boundary}--`), 'the body is closed');
  return text
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((part) => {
      const end = part.indexOf('\r\n\r\n');
      const range = /content-range:\s*(.*)/i.exec(part.slice(0, end))?.[1]?.trim() ?? '';
      return { range, bytes: Buffer.from(part.slice(end + 4, -2), 'latin1') };
    });
}

test('several ranges come as several parts', async () => {
  const answer = await get('bytes=0-99,500-599, -10');
  assert.equal(answer.status, 206);
  assert.equal(answer.header('content-range'), undefined, 'each part has its own');
  assert.equal(answer.header('content-length'), String(answer.body.length));
  assert.deepEqual(readParts(answer), [
    { range: 'bytes 0-99/2048', bytes: bytes.subarray(0, 100) },
    { range: 'bytes 500-599/2048', bytes: bytes.subarray(500, 600) },
    { range: 'bytes 2038-2047/2048', bytes: bytes.subarray(2038) },
  ]);
});

test('of several ranges those that cannot be had are left out', async () => {
  const answer = await get('bytes=0-99,5000-6000');
  assert.equal(answer.status, 206);
  if (answer.header('content-range') === undefined) assert.equal(readParts(answer).length, 1);
  else assert.deepEqual(answer.body, bytes.subarray(0, 100));
});

test('several ranges of which none can be had are refused', async () => {
  const answer = await get('bytes=5000-6000,7000-8000');
  assert.equal(answer.status, 416);
});

test('hundreds of ranges do not make an answer larger than is sensible', async () => {
  const many = Array.from({ length: 800 }, () => '0-').join(',');
  const answer = await get(`bytes=${many}`);
  assert.ok([200, 206, 400, 416].includes(answer.status), `${answer.status}`);
  assert.ok(answer.body.length < 100 * bytes.length, `${answer.body.length} bytes`);
});

test('If-Range with the digest gives the part, with anything else the whole', async () => {
  const etag = (await registry.client.expect(200, 'HEAD', path)).header('etag');
  assert.equal(etag, `"${digestOf(bytes)}"`);
  assert.equal((await get('bytes=0-9', { 'if-range': etag ?? '' })).status, 206);
  for (const other of ['"sha256:other"', `W/${etag}`, 'Sat, 29 Oct 1994 19:43:31 GMT']) {
    const answer = await get('bytes=0-9', { 'if-range': other });
    assert.equal(answer.status, 200, other);
    assert.deepEqual(answer.body, bytes);
  }
});

test('every blob says that parts of it can be had', async () => {
  const answer = await registry.client.expect(200, 'GET', path);
  assert.equal(answer.header('accept-ranges'), 'bytes');
});

test('a range of an empty blob cannot be had, or gives the empty blob', async () => {
  const repository = registry.repository();
  const empty = `/v2/${repository}/blobs/${await registry.client.pushBlob(repository, '')}`;
  for (const range of ['bytes=0-', 'bytes=0-10', 'bytes=-5']) {
    const answer = await registry.client.send('GET', empty, { range });
    assert.ok([200, 416].includes(answer.status), `${range} answered ${answer.status}`);
    if (answer.status === 200) assert.equal(answer.body.length, 0);
  }
});
