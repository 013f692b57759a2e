import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createEagerRequester } from './eager-requester.ts';

test('a host that refuses the first connection is reported as final', async () => {
  const requester = createEagerRequester({});
  const sent = requester.send({ method: 'GET', url: new URL('http://127.0.0.1:1/'), headers: {} });
  await assert.rejects(sent, { name: 'UnreachableError', code: 'ECONNREFUSED' });
  requester.close();
});

test('a host that answered once and then refuses may come back, so that is repeated', async () => {
  const server = createServer((_request, response) => response.setHeader('connection', 'close').end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const requester = createEagerRequester({});
  const answer = await requester.send({ method: 'GET', url, headers: {} });
  answer.discard();
  await new Promise((resolve) => server.close(resolve));
  await assert.rejects(requester.send({ method: 'GET', url, headers: {} }), { name: 'RegistryConnectionError' });
  requester.close();
});

test('an answer that is dropped after its connection went leaves nothing that keeps the process', async () => {
  const server = createServer(
    (_request, response) => void response.writeHead(401, { 'content-length': 100 }).write('half of it'),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const requester = createEagerRequester({});
  const ending = new AbortController();
  const answer = await requester.send({ method: 'GET', url, headers: {}, signal: ending.signal });
  ending.abort();
  await new Promise((resolve) => setTimeout(resolve, 50));
  const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  answer.discard();
  await new Promise((resolve) => setImmediate(resolve));
  const after = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  assert.equal(after, before);
  requester.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
