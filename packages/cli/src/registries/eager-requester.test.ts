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
