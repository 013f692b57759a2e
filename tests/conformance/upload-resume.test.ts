import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf, mediaType, someBytes } from '#support/content';
import { ServerProcess } from '#support/server-process';
import { missingStack, type StackKind, startRegistryOn } from '#support/stack';

const octets = { 'content-type': mediaType.bytes };

for (const kind of ['sqlite-filesystem', 'postgres-s3'] satisfies StackKind[]) {
  const skip = (await missingStack(kind)) ?? false;
  for (const [how, end] of [
    ['stopped', (server: ServerProcess) => server.stop()],
    ['killed', (server: ServerProcess) => server.kill()],
  ] as const) {
    for (const algorithm of ['sha256', 'sha512'] as const) {
      test(`an upload goes on after the server was ${how} (${algorithm}, ${kind})`, { skip }, async () => {
        await using registry = await startRegistryOn(kind);
        const { server } = registry;
        using client = server.client();
        const bytes = someBytes(300_000);
        let location = await client.startUpload('library/resumed');
        for (const [first, last] of [
          [0, 99_999],
          [100_000, 199_999],
        ] as const) {
          const headers = { ...octets, 'content-range': `${first}-${last}` };
          const answer = await client.expect(202, 'PATCH', location, headers, bytes.subarray(first, last + 1));
          location = client.locationOf(answer);
          await end(server);
          await server.start();
          const status = await client.expect(204, 'GET', location);
          assert.equal(status.header('range'), `0-${last}`, 'what was acknowledged is there');
        }
        const closed = await client.finishUpload(location, digestOf(bytes, algorithm), bytes.subarray(200_000), {
          ...octets,
          'content-range': '200000-299999',
        });
        assert.equal(closed.status, 201, closed.text);
        assert.deepEqual((await client.expect(200, 'GET', client.locationOf(closed))).body, bytes);
        assert.equal(await server.stop(), 0);
      });
    }
  }
}

test('a server asked to end lets a running push finish and ends with 0', async () => {
  await using server = await ServerProcess.start();
  using client = server.client();
  const bytes = someBytes(200_000);
  const location = await client.startUpload('library/drained');
  let stopped: Promise<number | null> | undefined;
  async function* slowly(): AsyncIterable<Buffer> {
    for (let at = 0; at < bytes.length; at += 20_000) {
      yield bytes.subarray(at, at + 20_000);
      await new Promise((resolve) => setTimeout(resolve, 50));
      if (at === 60_000) stopped = server.stop();
    }
  }
  const closed = await client.finishUpload(location, digestOf(bytes), slowly(), octets);
  assert.equal(closed.status, 201, closed.text);
  assert.equal(await stopped, 0);
  await server.start();
  assert.deepEqual((await client.expect(200, 'GET', client.locationOf(closed))).body, bytes);
});
