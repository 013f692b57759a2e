import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { digestOf, mediaType, someBytes } from '#support/content';
import { mustRun } from '#support/program';
import { assertError, type RegistryClient } from '#support/registry-client';
import { ServerProcess } from '#support/server-process';
import { makeTemporaryFolder, type TemporaryFolder } from '#support/temporary-folder';

const skip =
  process.getuid?.() === 0 && process.platform === 'linux' ? false : 'a file system of its own needs root on Linux';
const octets = { 'content-type': mediaType.bytes };

/** A folder on a file system of its own that holds no more than so many bytes. */
async function makeSmallDisk(size: string): Promise<TemporaryFolder> {
  const folder = await makeTemporaryFolder('disk');
  const path = join(folder.path, 'disk');
  await mkdir(path);
  await mustRun('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path]);
  return {
    path,
    async [Symbol.asyncDispose]() {
      await mustRun('umount', ['--lazy', path]);
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Pushes blobs until there is no room; answers with those that were accepted and the refusal. */
async function fill(
  client: RegistryClient,
  repository: string,
  size: number,
): Promise<{ kept: Buffer[]; status: number }> {
  const kept: Buffer[] = [];
  for (let round = 0; round < 1_000; round++) {
    const bytes = someBytes(size);
    const answer = await client.send(
      'POST',
      `/v2/${repository}/blobs/uploads/?digest=${digestOf(bytes)}`,
      octets,
      bytes,
    );
    if (answer.status !== 201) {
      assertError(
        answer,
        [500, 503, 507],
        'UNKNOWN',
        'UNSUPPORTED',
        'DENIED',
        'TOOMANYREQUESTS',
        'BLOB_UPLOAD_INVALID',
        'SIZE_INVALID',
      );
      assert.match(answer.text, /space|full|room|storage/i, `the refusal says why: ${answer.text}`);
      return { kept, status: answer.status };
    }
    kept.push(bytes);
  }
  throw new Error('the disk is never full');
}

async function assertAllThere(client: RegistryClient, repository: string, blobs: readonly Buffer[]): Promise<void> {
  for (const bytes of blobs) {
    const answer = await client.expect(200, 'GET', `/v2/${repository}/blobs/${digestOf(bytes)}`);
    assert.equal(digestOf(answer.body), digestOf(bytes));
  }
}

test('a full disk refuses pushes, keeps what is there, and takes pushes again when there is room', {
  skip,
}, async () => {
  await using disk = await makeSmallDisk('48m');
  await using server = await ServerProcess.start({ data: disk.path });
  using client = server.client();
  const repository = 'library/full';
  const image = await client.pushImage(repository, 'before');
  const ballast = join(disk.path, 'ballast');
  await writeFile(ballast, Buffer.alloc(8_000_000));
  const { kept } = await fill(client, repository, 3_000_000);
  const smaller = await fill(client, repository, 100_000);
  kept.push(...smaller.kept);

  assert.ok(kept.length > 3);
  await assertAllThere(client, repository, kept);
  assert.equal((await client.expect(200, 'GET', `/v2/${repository}/manifests/before`)).text, image.manifest);
  assert.ok(server.running, 'the server lives');

  await rm(ballast);
  const after = await client.pushImage(repository, 'after', { layers: 2, layerSize: 500_000 });
  await assertAllThere(client, repository, kept);

  await server.kill();
  await server.start();
  await assertAllThere(client, repository, kept);
  for (const [tag, pushed] of [
    ['before', image],
    ['after', after],
  ] as const) {
    assert.equal((await client.expect(200, 'GET', `/v2/${repository}/manifests/${tag}`)).text, pushed.manifest);
  }
});

test('an upload that finds the disk full in its middle goes on when there is room', { skip }, async () => {
  await using disk = await makeSmallDisk('48m');
  await using server = await ServerProcess.start({ data: disk.path });
  using client = server.client();
  const repository = 'library/full';
  const bytes = someBytes(10_000_000);
  const location = await client.startUpload(repository);
  await client.expect(202, 'PATCH', location, { ...octets, 'content-range': '0-999999' }, bytes.subarray(0, 1_000_000));
  const ballast = join(disk.path, 'ballast');
  await writeFile(ballast, Buffer.alloc(20_000_000));
  await fill(client, repository, 1_000_000);

  const rest = { ...octets, 'content-range': '1000000-9999999' };
  const refused = await client.send('PATCH', location, rest, bytes.subarray(1_000_000));
  assertError(
    refused,
    [500, 503, 507],
    'UNKNOWN',
    'UNSUPPORTED',
    'DENIED',
    'TOOMANYREQUESTS',
    'BLOB_UPLOAD_INVALID',
    'SIZE_INVALID',
  );
  const status = await client.expect(204, 'GET', location);
  const last = Number(status.header('range')?.slice(2));
  assert.ok(last >= 999_999 && last < 9_999_999, `what was acknowledged is kept: ${last}`);

  await rm(ballast);
  const headers = { ...octets, 'content-range': `${last + 1}-9999999` };
  const closed = await client.finishUpload(location, digestOf(bytes), bytes.subarray(last + 1), headers);
  assert.equal(closed.status, 201, closed.text);
  await assertAllThere(client, repository, [bytes]);
});

test('a server that finds its disk full at the start says so or starts, and damages nothing', { skip }, async () => {
  await using disk = await makeSmallDisk('48m');
  await using server = await ServerProcess.start({ data: disk.path, patience: 10_000 });
  using client = server.client();
  const image = await client.pushImage('library/full', 'kept');
  await server.stop();
  const ballast = join(disk.path, 'ballast');
  await writeFile(ballast, Buffer.alloc(60_000_000)).catch(() => {});
  const started = await server.start().then(
    () => true,
    () => false,
  );
  if (started) await client.expect(200, 'GET', '/v2/library/full/manifests/kept');
  else assert.match(server.log, /space|full|ENOSPC/i);
  await server.kill();
  await rm(ballast);
  await server.start();
  assert.equal((await client.expect(200, 'GET', '/v2/library/full/manifests/kept')).text, image.manifest);
});
