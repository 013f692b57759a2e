import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { RegistryConnectionError } from './errors.ts';
import { bodyOf } from './http-exchange.ts';
import { createHttpRequester } from './http-requester.ts';
import { readBytes } from './response-body.ts';

async function startServer(listener: (...exchange: Parameters<RequestListener>) => void | Promise<void>) {
  const server = createServer((incoming, outgoing) => {
    Promise.resolve(listener(incoming, outgoing)).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/x`),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

test('a body is sent with its length, and the answer is read', async () => {
  await using server = await startServer(async (incoming, outgoing) => {
    const chunks = await Array.fromAsync(incoming);
    outgoing.end(
      `${incoming.headers['content-length']}:${incoming.headers['transfer-encoding']}:${Buffer.concat(chunks)}`,
    );
  });
  const requester = createHttpRequester();
  const sent = await requester.send({
    method: 'PUT',
    url: server.url,
    headers: {},
    body: bodyOf(Buffer.from('hello')),
  });
  assert.equal(Buffer.from(await readBytes(sent, 100)).toString(), '5:undefined:hello');
  const empty = await requester.send({ method: 'POST', url: server.url, headers: {} });
  assert.equal(Buffer.from(await readBytes(empty, 100)).toString(), '0:undefined:');
  requester.close();
});

test('a peer that falls silent before its answer fails the exchange', async () => {
  await using server = await startServer(() => {});
  const requester = createHttpRequester({ silenceMs: 50 });
  await assert.rejects(requester.send({ method: 'GET', url: server.url, headers: {} }), RegistryConnectionError);
  requester.close();
});

test('a peer that falls silent in the middle of its answer fails the reading', async () => {
  await using server = await startServer((_, outgoing) => {
    outgoing.writeHead(200, { 'content-length': 100 });
    outgoing.write('some');
  });
  const requester = createHttpRequester({ silenceMs: 50 });
  const response = await requester.send({ method: 'GET', url: server.url, headers: {} });
  await assert.rejects(readBytes(response, 100), RegistryConnectionError);
  requester.close();
});

test('an answer that is slow but moves does not fail, nor does a slow reader', async () => {
  await using server = await startServer(async (_, outgoing) => {
    for (let i = 0; i < 6; i++) {
      outgoing.write('x');
      await delay(40);
    }
    outgoing.end('y'.repeat(1 << 20));
  });
  const requester = createHttpRequester({ silenceMs: 120 });
  const response = await requester.send({ method: 'GET', url: server.url, headers: {} });
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.length;
    if (size === 3) {
      await delay(250);
    }
  }
  assert.equal(size, (1 << 20) + 6);
  requester.close();
});

test('an answer that breaks off fails the reading', async () => {
  await using server = await startServer((_, outgoing) => {
    outgoing.writeHead(200, { 'content-length': 100 });
    outgoing.write('some', () => outgoing.destroy());
  });
  const requester = createHttpRequester();
  const response = await requester.send({ method: 'GET', url: server.url, headers: {} });
  await assert.rejects(readBytes(response, 100), RegistryConnectionError);
  requester.close();
});

test('nobody listening is a connection failure that names the address without its query', async () => {
  const server = await startServer(() => {});
  await server[Symbol.asyncDispose]();
  const requester = createHttpRequester();
  const url = new URL(`${server.url.href}?token=secret`);
  await assert.rejects(
    requester.send({ method: 'GET', url, headers: {} }),
    (error) =>
      error instanceof RegistryConnectionError &&
      error.message.includes('ECONNREFUSED') &&
      !error.message.includes('secret'),
  );
  requester.close();
});

test('an aborted exchange rejects with the reason of its signal', async () => {
  await using server = await startServer(() => {});
  const requester = createHttpRequester();
  const abort = new AbortController();
  const reason = new Error('enough');
  const sending = requester.send({ method: 'GET', url: server.url, headers: {}, signal: abort.signal });
  setTimeout(() => abort.abort(reason), 20);
  await assert.rejects(sending, reason);
  requester.close();
});

test('what the source of a body throws comes back as it is', async () => {
  await using server = await startServer((incoming) => {
    incoming.resume().on('error', () => {});
  });
  const requester = createHttpRequester();
  const failure = new TypeError('the disk is gone');
  const body = {
    size: 100,
    async *open() {
      yield Buffer.from('some');
      throw failure;
    },
  };
  await assert.rejects(requester.send({ method: 'PUT', url: server.url, headers: {}, body }), failure);
  requester.close();
});

for (const [name, text] of [
  ['fewer', 'some'],
  ['more', 'x'.repeat(101)],
] as const) {
  test(`a source with ${name} bytes than announced fails the exchange`, async () => {
    await using server = await startServer((incoming) => {
      incoming.resume().on('error', () => {});
    });
    const requester = createHttpRequester();
    const body = { size: 100, open: () => bodyOf(Buffer.from(text)).open() };
    await assert.rejects(requester.send({ method: 'PUT', url: server.url, headers: {}, body }), RangeError);
    requester.close();
  });
}

test('an answer that comes before the body was sent is delivered, and lets go of the source', async () => {
  await using server = await startServer((_, outgoing) => {
    outgoing.writeHead(413).end('too large');
  });
  const requester = createHttpRequester();
  let released = false;
  const body = {
    size: 1 << 30,
    async *open() {
      try {
        for (;;) {
          yield Buffer.alloc(1024);
          await delay(5);
        }
      } finally {
        released = true;
      }
    },
  };
  const response = await requester.send({ method: 'PUT', url: server.url, headers: {}, body });
  assert.equal(response.status, 413);
  assert.equal(Buffer.from(await readBytes(response, 100)).toString(), 'too large');
  await delay(20);
  assert.ok(released);
  requester.close();
});

test('a connection serves again after a body was discarded', async () => {
  const sockets = new Set();
  await using server = await startServer((incoming, outgoing) => {
    sockets.add(incoming.socket);
    outgoing.end('x'.repeat(1000));
  });
  const requester = createHttpRequester();
  for (let i = 0; i < 5; i++) {
    const response = await requester.send({ method: 'GET', url: server.url, headers: {} });
    response.discard();
    await delay(10);
  }
  assert.equal(sockets.size, 1);
  requester.close();
});
