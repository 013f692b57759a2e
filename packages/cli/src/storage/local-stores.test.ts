import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, rename, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startCli } from '#testing/run-child';
import { makeTemporaryFolder } from '#testing/temporary-folder';

const password = 'Correct-horse-7-battery';
const as = `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`;
const digestOf = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;

/** A registry of its own process, with an image of two blobs in it. */
async function startServer(data: string) {
  await using stack = new AsyncDisposableStack();
  const child = stack.use(
    startCli(['serve', '--listen', '127.0.0.1:0', '--data', data], {
      env: { ENTREPOT_ADMIN_PASSWORD: password },
    }),
  );
  const [, url = ''] = await child.waitFor(/"address":"(http:[^"]+)"/);
  async function send(method: string, path: string, status: number, body?: string, type = 'application/octet-stream') {
    const init = {
      method,
      headers: { authorization: as, 'content-type': type },
      ...(body === undefined ? {} : { body }),
    };
    const response = await fetch(`${url}${path}`, init);
    assert.equal(response.status, status, await response.text());
    return response;
  }
  const describe = (text: string, mediaType: string) => ({ mediaType, digest: digestOf(text), size: text.length });
  const [config, layer] = ['{}', 'the bytes of a layer'];
  for (const blob of [config, layer]) {
    const opened = await send('POST', '/v2/library/app/blobs/uploads/', 202);
    await send('PUT', `${opened.headers.get('location')}?digest=${digestOf(blob)}`, 201, blob);
  }
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType,
    config: describe(config, 'application/vnd.oci.image.config.v1+json'),
    layers: [describe(layer, 'application/vnd.oci.image.layer.v1.tar')],
  });
  await send('PUT', '/v2/library/app/manifests/v1', 201, manifest, mediaType);
  async function stop(): Promise<void> {
    child.process.kill('SIGTERM');
    assert.equal(await child.ended, 0, child.stderr());
  }
  const owned = stack.move();
  return { layer: digestOf(layer), stop, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function run(...args: readonly string[]) {
  await using child = startCli([...args], {});
  return { code: await child.ended, stdout: child.stdout(), stderr: child.stderr() };
}

test('the store of a registry that does not run is verified and repaired, and one that runs is told apart', async () => {
  await using folder = await makeTemporaryFolder();
  const data = join(folder.path, 'data');
  await using image = await startServer(data);
  const busy = await run('verify-storage', '--data', data);
  assert.equal(busy.code, 1);
  assert.match(busy.stderr, /Another registry runs on .*storage scrub/);
  await image.stop();

  const sound = await run('verify-storage', '--deep', '--data', data, '-o', 'json');
  assert.equal(sound.code, 0, sound.stderr);
  const report = JSON.parse(sound.stdout);
  assert.deepEqual([report.sound, report.blobs, report.manifests, report.mode], [true, 2, 1, 'deep']);

  const hex = image.layer.slice(7);
  const shard = join(data, 'blobs/sha256', hex.slice(0, 2));
  const [name = ''] = (await readdir(shard)).filter((each) => each.startsWith(hex));
  await truncate(join(shard, name), 1);
  const wrong = await run('verify-storage', '--fast', '--data', data);
  assert.equal(wrong.code, 1);
  assert.match(wrong.stdout, new RegExp(`${image.layer}.*size.*library/app`));
  assert.match(wrong.stderr, /1 blobs of .* missing or wrong/);
  const rehearsed = await run('repair', '--dry-run', '--data', data, '-o', 'json');
  assert.equal(rehearsed.code, 1);
  assert.deepEqual([JSON.parse(rehearsed.stdout).damaged, JSON.parse(rehearsed.stdout).left], [1, 1]);
  const repaired = await run('repair', '--data', data);
  assert.equal(repaired.code, 1);
  assert.match(repaired.stderr, /1 blobs and manifests are damaged and have no good copy here/);
  const both = await run('repair', '--fast', '--deep', '--data', data);
  assert.equal(both.code, 2);
});

test('a store that is not there is not taken for an empty one', async () => {
  await using folder = await makeTemporaryFolder();
  const data = join(folder.path, 'data');
  await using server = await startServer(data);
  await server.stop();
  await rename(join(data, 'blobs'), join(data, 'elsewhere'));
  const missing = await run('repair', '--data', data);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /There is no blob store in .*is its disk mounted/);
});
