import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';
import { RegistryError } from '#kernel/errors';
import { type BodyLimits, guardedBody } from './body.ts';

const patient: BodyLimits = { idleMs: 5000, minBytesPerSecond: 1 };

interface Reading {
  /** `ok`, or the code of the failure. */
  readonly outcome: string;
  readonly bytes: Buffer;
  readonly counted: number;
}

/** A server that reads one body, and a client that writes it byte by byte. */
async function readOne(
  context: TestContext,
  head: readonly string[],
  write: (socket: Socket) => Promise<void> | void,
  limits: BodyLimits = patient,
  consume: (chunk: Uint8Array) => Promise<void> | void = () => undefined,
): Promise<Reading> {
  const read = Promise.withResolvers<Reading>();
  const server = createServer(async (request: IncomingMessage, response) => {
    const chunks: Uint8Array[] = [];
    let counted = 0;
    let outcome = 'ok';
    try {
      for await (const chunk of guardedBody(request, limits, (bytes) => (counted += bytes))) {
        chunks.push(Buffer.from(chunk));
        await consume(chunk);
      }
    } catch (error) {
      outcome = error instanceof RegistryError ? error.code : String(error);
    }
    read.resolve({ outcome, bytes: Buffer.concat(chunks), counted });
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => undefined);
  context.after(() => {
    socket.destroy();
    server.close();
  });
  await once(socket, 'connect');
  socket.write(`PUT / HTTP/1.1\r\nHost: x\r\n${head.map((line) => `${line}\r\n`).join('')}\r\n`);
  await write(socket);
  return read.promise;
}

test('a body comes whole, in one piece or in many', async (context) => {
  const one = await readOne(context, ['Content-Length: 5'], (socket) => void socket.write('hello'));
  assert.deepEqual([one.outcome, one.bytes.toString(), one.counted], ['ok', 'hello', 5]);
  const many = await readOne(context, ['Content-Length: 5'], async (socket) => {
    for (const letter of 'hello') {
      socket.write(letter);
      await sleep(5);
    }
  });
  assert.deepEqual([many.outcome, many.bytes.toString(), many.counted], ['ok', 'hello', 5]);
});

test('a body of unknown length comes whole', async (context) => {
  const read = await readOne(context, ['Transfer-Encoding: chunked'], async (socket) => {
    socket.write('3\r\nhel\r\n');
    await sleep(5);
    socket.write('2\r\nlo\r\n0\r\n\r\n');
  });
  assert.deepEqual([read.outcome, read.bytes.toString()], ['ok', 'hello']);
});

test('no body is an empty one', async (context) => {
  const read = await readOne(context, ['Content-Length: 0'], () => undefined);
  assert.deepEqual([read.outcome, read.bytes.length], ['ok', 0]);
});

test('a large body comes whole', async (context) => {
  const size = 20 * 1024 * 1024;
  const read = await readOne(context, [`Content-Length: ${size}`], (socket) => {
    for (let sent = 0; sent < size; sent += 1024 * 1024) socket.write(Buffer.alloc(1024 * 1024, sent >> 20));
  });
  assert.deepEqual([read.outcome, read.bytes.length, read.counted], ['ok', size, size]);
});

test('a sender that falls silent is given up, and what it sent is kept', async (context) => {
  const read = await readOne(context, ['Content-Length: 10'], (socket) => void socket.write('hello'), {
    ...patient,
    idleMs: 100,
  });
  assert.deepEqual([read.outcome, read.bytes.toString()], ['body-timeout', 'hello']);
});

test('a sender that never begins is given up', async (context) => {
  const read = await readOne(context, ['Content-Length: 10'], () => undefined, { ...patient, idleMs: 100 });
  assert.equal(read.outcome, 'body-timeout');
});

test('a sender that keeps sending is never given up, however long it takes in all', async (context) => {
  const read = await readOne(
    context,
    ['Content-Length: 20'],
    async (socket) => {
      for (let at = 0; at < 20; at++) {
        socket.write('x');
        await sleep(30);
      }
    },
    { idleMs: 250, minBytesPerSecond: 1 },
  );
  assert.equal(read.outcome, 'ok');
});

test('a trickle is given up after a minute, and no sooner', async (context) => {
  // A minute passes with each byte that is sent.
  let minutes = 0;
  context.mock.method(performance, 'now', () => minutes * 30_000);
  let sent = 0;
  const read = await readOne(
    context,
    ['Content-Length: 100'],
    async (socket) => {
      for (; sent < 10; sent++) {
        minutes += 1;
        socket.write('x');
        await sleep(10);
      }
    },
    { idleMs: 5000, minBytesPerSecond: 1024 },
  );
  assert.equal(read.outcome, 'body-timeout');
  assert.ok(read.bytes.length >= 1 && read.bytes.length < 5, `${read.bytes.length} bytes were taken`);
});

test('a consumer that is slow is not held against the sender', async (context) => {
  let now = 0;
  context.mock.method(performance, 'now', () => now);
  const size = 1024 * 1024;
  const read = await readOne(
    context,
    [`Content-Length: ${size}`],
    (socket) => void socket.write(Buffer.alloc(size)),
    { idleMs: 5000, minBytesPerSecond: 1_000_000 },
    () => {
      now += 600_000;
    },
  );
  assert.deepEqual([read.outcome, read.bytes.length], ['ok', size]);
});

for (const [how, cut] of [
  ['ends', (socket: Socket) => void socket.end()],
  ['breaks', (socket: Socket) => void socket.resetAndDestroy()],
] as const) {
  test(`a connection that ${how} before the whole body came is told as such`, async (context) => {
    for (const head of ['Content-Length: 10', 'Transfer-Encoding: chunked']) {
      const read = await readOne(context, [head], async (socket) => {
        socket.write(head.includes('chunked') ? '5\r\nhello\r\n' : 'hello');
        await sleep(20);
        cut(socket);
      });
      assert.equal(read.outcome, 'body-incomplete', head);
      assert.equal(read.bytes.toString(), 'hello', head);
    }
  });
}
