import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf, someBytes } from '#support/content';
import { openRawConnection, statusesOf } from '#support/raw-socket';
import { basicAuthorization } from '#support/registry-client';
import { useRegistry } from '#support/use-registry';

const registry = await useRegistry();

async function expectContinue(path: string, headers: readonly string[], body: Buffer): Promise<number[]> {
  await using connection = await openRawConnection(registry.origin);
  connection.write(
    [
      `PUT ${path} HTTP/1.1`,
      `Host: ${registry.host}`,
      ...headers,
      `Content-Length: ${body.length}`,
      'Expect: 100-continue',
      'Connection: close',
      '\r\n',
    ].join('\r\n'),
  );
  const first = await connection.until(/\r\n\r\n/);
  if (statusesOf(first)[0] === 100) {
    connection.write(body);
    await connection.until(/ 100 [^]* [2-5]\d\d [^]*\r\n\r\n/);
  }
  return statusesOf(connection.received);
}

test('who may push is invited to send the body', async () => {
  const bytes = someBytes(5000);
  const location = await registry.client.startUpload(registry.repository());
  const authorization = `Authorization: ${basicAuthorization(registry.admin)}`;
  assert.deepEqual(await expectContinue(`${location}?digest=${digestOf(bytes)}`, [authorization], bytes), [100, 201]);
});

test('who may not push is refused before the body is sent', async () => {
  const bytes = someBytes(5000);
  const location = await registry.client.startUpload(registry.repository());
  assert.deepEqual(await expectContinue(`${location}?digest=${digestOf(bytes)}`, [], bytes), [401]);
  const wrong = `Authorization: ${basicAuthorization({ user: 'admin', password: 'wrong' })}`;
  assert.deepEqual(await expectContinue(`${location}?digest=${digestOf(bytes)}`, [wrong], bytes), [401]);
});

test('a body for a session that does not exist is refused before it is sent', async () => {
  const bytes = someBytes(5000);
  const path = `/v2/${registry.repository()}/blobs/uploads/00000000-0000-4000-8000-000000000000?digest=${digestOf(bytes)}`;
  const authorization = `Authorization: ${basicAuthorization(registry.admin)}`;
  assert.deepEqual(await expectContinue(path, [authorization], bytes), [404]);
});
