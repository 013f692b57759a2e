import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { RegistryError } from '#kernel/errors';
import type { Reply } from './exchange.ts';
import { rangedReply } from './ranges-reply.ts';

const bytes = Buffer.from(Array.from({ length: 2048 }, (_, at) => at % 251));

interface Asked {
  readonly method?: string;
  readonly range?: string;
  readonly ifRange?: string;
}

function ask({ method = 'GET', range, ifRange }: Asked, streamed = true) {
  const opened: unknown[] = [];
  const reply = rangedReply(
    {
      size: bytes.length,
      contentType: 'application/octet-stream',
      etag: '"tag"',
      headers: ['X-Own', 'yes'],
      async open(part) {
        opened.push(part);
        const some = part === undefined ? bytes : bytes.subarray(part.first, part.last + 1);
        return streamed ? Readable.from([some], { objectMode: false }) : some;
      },
    },
    { method, range, ifRange },
  );
  return { reply, opened };
}

function headersOf({ headers }: Reply): Map<string, string> {
  const found = new Map<string, string>();
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]?.toLowerCase() ?? '';
    assert.ok(!found.has(name), `${name} is there once`);
    found.set(name, headers[at + 1] ?? '');
  }
  return found;
}

async function bodyOf({ body }: Reply): Promise<Buffer | undefined> {
  if (body === undefined) return undefined;
  return body instanceof Readable ? buffer(body) : Buffer.from(body);
}

/** The parts of a multipart answer, taken apart as RFC 2046 says. */
function partsOf(contentType: string, body: Buffer): { range: string; type: string; bytes: Buffer }[] {
  const boundary = /^multipart\/byteranges; boundary=(\w+)$/.exec(contentType)?.[1];
  assert.ok(boundary !== undefined, contentType);
  const text = body.toString('latin1');
  assert.ok(text.endsWith(`\r\n--${boundary}--\r\n`));
  return text
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((part) => {
      const [head = '', ...rest] = part.replace(/^\r\n/, '').split('\r\n\r\n');
      const content = rest.join('\r\n\r\n').replace(/\r\n$/, '');
      return {
        range: /^content-range: (.*)$/im.exec(head)?.[1]?.trim() ?? '',
        type: /^content-type: (.*)$/im.exec(head)?.[1]?.trim() ?? '',
        bytes: Buffer.from(content, 'latin1'),
      };
    });
}

for (const streamed of [true, false]) {
  const how = streamed ? 'streams' : 'memory';
  test(`the whole comes from ${how} with its length and its tag`, async () => {
    const reply = await ask({}, streamed).reply;
    const headers = headersOf(reply);
    assert.equal(reply.status, 200);
    assert.deepEqual(
      ['content-length', 'etag', 'accept-ranges', 'content-type', 'x-own'].map((name) => headers.get(name)),
      ['2048', '"tag"', 'bytes', 'application/octet-stream', 'yes'],
    );
    assert.ok(bytes.equals((await bodyOf(reply)) ?? Buffer.of()));
  });

  for (const [range, first, last] of [
    ['bytes=0-0', 0, 0],
    ['bytes=0-2047', 0, 2047],
    ['bytes=500-', 500, 2047],
    ['bytes=-500', 1548, 2047],
    ['bytes=2000-5000', 2000, 2047],
    ['bytes=-9999', 0, 2047],
  ] as const) {
    test(`${range} comes from ${how} as bytes ${first} to ${last}`, async () => {
      const { reply: asked, opened } = ask({ range }, streamed);
      const reply = await asked;
      const headers = headersOf(reply);
      assert.equal(reply.status, 206);
      assert.equal(headers.get('content-range'), `bytes ${first}-${last}/2048`);
      assert.equal(headers.get('content-length'), String(last - first + 1));
      assert.ok(bytes.subarray(first, last + 1).equals((await bodyOf(reply)) ?? Buffer.of()));
      assert.deepEqual(opened, [{ first, last }]);
    });
  }

  test(`several ranges come from ${how} in parts, in the order asked, of the length said`, async () => {
    const reply = await ask({ range: 'bytes=1000-1099, 0-9 , -5' }, streamed).reply;
    const headers = headersOf(reply);
    assert.equal(reply.status, 206);
    assert.equal(headers.get('content-range'), undefined);
    const body = (await bodyOf(reply)) ?? Buffer.of();
    assert.equal(String(body.length), headers.get('content-length'));
    const parts = partsOf(headers.get('content-type') ?? '', body);
    assert.deepEqual(
      parts.map(({ range, type }) => [range, type]),
      ['1000-1099', '0-9', '2043-2047'].map((range) => [`bytes ${range}/2048`, 'application/octet-stream']),
    );
    assert.ok(parts[0]?.bytes.equals(bytes.subarray(1000, 1100)));
    assert.ok(parts[1]?.bytes.equals(bytes.subarray(0, 10)));
    assert.ok(parts[2]?.bytes.equals(bytes.subarray(2043)));
  });
}

test('a part whose bytes look like a boundary does not end it', async () => {
  const evil = Buffer.from('\r\n--x--\r\n\r\n--');
  const reply = await rangedReply(
    {
      size: evil.length,
      contentType: 't',
      etag: '"t"',
      headers: [],
      open: async (part) => evil.subarray(part?.first ?? 0, (part?.last ?? evil.length - 1) + 1),
    },
    { method: 'GET', range: 'bytes=0-3,6-9', ifRange: undefined },
  );
  const parts = partsOf(headersOf(reply).get('content-type') ?? '', (await bodyOf(reply)) ?? Buffer.of());
  assert.deepEqual(
    parts.map((part) => part.bytes.toString()),
    [evil.toString().slice(0, 4), evil.toString().slice(6, 10)],
  );
});

test('a stream that breaks in the middle of several parts breaks the answer', async () => {
  const reply = await rangedReply(
    {
      size: 100,
      contentType: 't',
      etag: '"t"',
      headers: [],
      open: async () =>
        new Readable({
          read() {
            this.destroy(new Error('the disk broke'));
          },
        }),
    },
    { method: 'GET', range: 'bytes=0-3,6-9', ifRange: undefined },
  );
  await assert.rejects(bodyOf(reply), /the disk broke/);
});

for (const range of ['bytes=5000-10000', 'bytes=500-0', 'bytes=2048-', 'bytes=-0', 'bytes=9000-,8000-']) {
  test(`${range} of 2048 bytes is refused with the size`, async () => {
    const { reply, opened } = ask({ range });
    await assert.rejects(reply, (error) => {
      assert.ok(error instanceof RegistryError && error.code === 'range-unsatisfiable');
      assert.deepEqual(error.detail, { size: 2048 });
      return true;
    });
    assert.deepEqual(opened, []);
  });
}

for (const range of [
  'bytes=',
  'bytes=abc',
  'items=0-5',
  'bytes=0-5;q=1',
  'bytes 0-5',
  'bytes=--5',
  'bytes=0x0-5',
  `bytes=${Array.from({ length: 200 }, (_, at) => `${at * 10}-${at * 10}`).join(',')}`,
  'bytes=0-2047,0-2047,0-2047',
]) {
  test(`«${range.slice(0, 30)}» asks for nothing special and gets the whole`, async () => {
    const reply = await ask({ range }).reply;
    assert.equal(reply.status, 200);
    assert.equal((await bodyOf(reply))?.length, 2048);
  });
}

test('If-Range with the right tag gives the part, with another the whole', async () => {
  assert.equal((await ask({ range: 'bytes=0-1', ifRange: '"tag"' }).reply).status, 206);
  for (const ifRange of ['"other"', 'W/"tag"', 'Wed, 21 Oct 2015 07:28:00 GMT', '*']) {
    assert.equal((await ask({ range: 'bytes=0-1', ifRange }).reply).status, 200, ifRange);
  }
  assert.equal((await ask({ range: 'bytes=9999-', ifRange: '"other"' }).reply).status, 200);
});

test('HEAD opens nothing and tells the same length as GET', async () => {
  const { reply, opened } = ask({ method: 'HEAD' });
  const answer = await reply;
  assert.equal(answer.body, undefined);
  assert.equal(headersOf(answer).get('content-length'), '2048');
  assert.deepEqual(opened, []);
});
