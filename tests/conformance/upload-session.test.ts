import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf, mediaType, someBytes } from '#support/content';
import { assertError } from '#support/registry-client';
import { useRegistry } from '#support/use-registry';

const registry = await useRegistry();
const octets = { 'content-type': mediaType.bytes };

test('a new session tells where it is and that nothing has arrived', async () => {
  const { client } = registry;
  const location = await client.startUpload(registry.repository());
  const answer = await client.expect(204, 'GET', location);
  assert.equal(answer.header('range'), '0-0');
  assert.ok(answer.header('location'));
});

test('two sessions have two addresses', async () => {
  const { client } = registry;
  const repository = registry.repository();
  assert.notEqual(await client.startUpload(repository), await client.startUpload(repository));
});

test('the address of a session keeps its state in the path, so that clients may append ?digest= blindly', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const bytes = someBytes(100);
  const started = await client.expect(202, 'POST', `/v2/${repository}/blobs/uploads/`, { 'content-length': '0' });
  assert.doesNotMatch(started.header('location') ?? '', /[?#]/);
  const patched = await client.expect(202, 'PATCH', client.locationOf(started), octets, bytes);
  assert.doesNotMatch(patched.header('location') ?? '', /[?#]/);
  assert.equal((await client.send('PUT', `${client.locationOf(started)}?digest=${digestOf(bytes)}`)).status, 201);
});

test('a cancelled session is gone', async () => {
  const { client } = registry;
  const location = await client.startUpload(registry.repository());
  const patched = await client.expect(202, 'PATCH', location, octets, someBytes(100));
  await client.expect(204, 'DELETE', client.locationOf(patched), { 'content-length': '0' });
  for (const method of ['GET', 'DELETE', 'PATCH']) {
    assertError(await client.send(method, location), 404, 'BLOB_UPLOAD_UNKNOWN');
  }
  assertError(await client.finishUpload(location, digestOf('')), 404, 'BLOB_UPLOAD_UNKNOWN');
});

test('a session nobody opened is unknown', async () => {
  const { client } = registry;
  const repository = registry.repository();
  await client.pushBlob(repository, someBytes(10));
  for (const id of ['00000000-0000-4000-8000-000000000000', 'x', '0', 'no%20such%20session', '%2E%2E']) {
    const path = `/v2/${repository}/blobs/uploads/${id}`;
    for (const method of ['GET', 'PATCH', 'DELETE']) {
      assertError(await client.send(method, path), [400, 404], 'BLOB_UPLOAD_UNKNOWN', 'BLOB_UPLOAD_INVALID');
    }
    const closed = await client.finishUpload(path, digestOf(''));
    assertError(closed, [400, 404], 'BLOB_UPLOAD_UNKNOWN', 'BLOB_UPLOAD_INVALID');
  }
});

test('a session of one repository does not exist in another', async () => {
  const { client } = registry;
  const [own, other] = [registry.repository(), registry.repository()];
  const bytes = someBytes(100);
  const location = await client.startUpload(own);
  const foreign = location.replace(own, other);
  assert.notEqual(foreign, location);
  assertError(await client.send('GET', foreign), 404, 'BLOB_UPLOAD_UNKNOWN');
  assertError(await client.send('PATCH', foreign, octets, bytes), 404, 'BLOB_UPLOAD_UNKNOWN');
  assertError(await client.send('DELETE', foreign), 404, 'BLOB_UPLOAD_UNKNOWN');
  assertError(await client.finishUpload(foreign, digestOf(bytes), bytes), 404, 'BLOB_UPLOAD_UNKNOWN');
  assert.equal((await client.finishUpload(location, digestOf(bytes), bytes)).status, 201, 'the session is unharmed');
});

test('a session closed twice gives the blob once', async () => {
  const { client } = registry;
  const location = await client.startUpload(registry.repository());
  const bytes = someBytes(100);
  const digest = digestOf(bytes);
  const patched = await client.expect(202, 'PATCH', location, octets, bytes);
  assert.equal((await client.finishUpload(client.locationOf(patched), digest)).status, 201);
  const again = await client.finishUpload(client.locationOf(patched), digest);
  assert.ok([201, 404].includes(again.status), `${again.status}: ${again.text}`);
});

test('closing a session without a digest is refused', async () => {
  const { client } = registry;
  const location = await client.startUpload(registry.repository());
  assertError(await client.send('PUT', location, octets, someBytes(10)), 400, 'DIGEST_INVALID', 'BLOB_UPLOAD_INVALID');
});

test('a push needs a project that exists', async () => {
  const { client } = registry;
  for (const repository of ['no-such-project-here/x', 'no-such-project-here/x/y/z']) {
    const answer = await client.send('POST', `/v2/${repository}/blobs/uploads/`, { 'content-length': '0' });
    assert.ok([401, 403, 404].includes(answer.status), `${answer.status}: ${answer.text}`);
  }
});

test('an anonymous push is refused with a challenge', async () => {
  const answer = await registry.anonymous.send('POST', `/v2/${registry.repository()}/blobs/uploads/`, {
    'content-length': '0',
  });
  assertError(answer, 401, 'UNAUTHORIZED');
  assert.ok(answer.header('www-authenticate'));
});

test('the address to open a session works with and without its last slash', async () => {
  const { client } = registry;
  const answer = await client.send('POST', `/v2/${registry.repository()}/blobs/uploads`, { 'content-length': '0' });
  assert.ok([202, 404].includes(answer.status), `${answer.status}: ${answer.text}`);
});
