import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describe as describeBytes, imageManifest, mediaType, someBytes, unknownDigest } from '#support/content';
import type { Answer } from '#support/http-exchange';
import { assertError } from '#support/registry-client';
import { useRegistry } from '#support/use-registry';

const registry = await useRegistry();

/** What an answer shows to who asks, without what differs between any two answers. */
function shown(answer: Answer, ...differing: string[]): object {
  let text = answer.text;
  for (const part of differing) text = text.replaceAll(part, '…');
  const headers = answer.headerNames.filter((name) => !['date', 'content-length'].includes(name)).toSorted();
  return { status: answer.status, headers: headers.filter((name) => !/request-id/.test(name)), text };
}

test('to know a digest gives nobody the blob of another repository', async () => {
  const { client } = registry;
  const [one, other] = [registry.repository(), registry.repository()];
  const digest = await client.pushBlob(one, someBytes(100));
  await client.pushBlob(other, someBytes(100));
  for (const method of ['GET', 'HEAD', 'DELETE']) {
    await client.expect(404, method, `/v2/${other}/blobs/${digest}`);
  }
  await client.expect(200, 'HEAD', `/v2/${one}/blobs/${digest}`);
});

test('a digest that exists elsewhere looks like one that exists nowhere', async () => {
  const { client } = registry;
  const [one, other] = [registry.repository(), registry.repository()];
  const digest = await client.pushBlob(one, someBytes(100));
  await client.pushBlob(other, someBytes(100));
  const nowhere = unknownDigest();
  const answers = [
    await client.send('GET', `/v2/${other}/blobs/${digest}`),
    await client.send('GET', `/v2/${other}/blobs/${nowhere}`),
  ] as const;
  assert.deepEqual(shown(answers[0], digest), shown(answers[1], nowhere));
});

test('a blob of another repository does not complete a manifest', async () => {
  const { client } = registry;
  const [one, other] = [registry.repository(), registry.repository()];
  const [config, layer] = [someBytes(100), someBytes(100)];
  await client.pushBlob(one, layer);
  await client.pushBlob(other, config);
  const manifest = imageManifest(describeBytes(mediaType.config, config), [describeBytes(mediaType.layer, layer)]);
  const answer = await client.putManifest(other, 'latest', manifest, mediaType.image);
  if (answer.status !== 201) assertError(answer, [400, 404], 'MANIFEST_BLOB_UNKNOWN');
  await client.expect(404, 'GET', `/v2/${other}/blobs/${describeBytes('', layer).digest}`);
});

test('what is in a private project and what is nowhere look alike to who is not logged in', async () => {
  const { client, anonymous } = registry;
  const project = await registry.makeProject({ public: false });
  const there = `${project}/there`;
  const image = await client.pushImage(there, 'latest');
  const nowhere = `${project}/nowhere`;
  const absent = 'p000000000000/nowhere';
  for (const [path, name] of [
    ['manifests/latest', 'manifest'],
    [`blobs/${image.config.digest}`, 'blob'],
    ['tags/list', 'tags'],
    [`referrers/${image.descriptor.digest}`, 'referrers'],
  ] as const) {
    const answers = await Promise.all(
      [there, nowhere, absent].map((repository) => anonymous.send('GET', `/v2/${repository}/${path}`)),
    );
    const [first, ...others] = answers.map((answer, index) => {
      const repository = [there, nowhere, absent][index] ?? '';
      return shown(answer, repository, repository.split('/')[0] ?? '');
    });
    assert.equal(answers[0]?.status, 401, name);
    assert.match(answers[0]?.header('www-authenticate') ?? '', /^(Bearer|Basic) /);
    for (const answer of others) assert.deepEqual(answer, first, name);
  }
});

test('a public project is pulled from without credentials', async () => {
  const { client, anonymous } = registry;
  const repository = registry.repository(await registry.makeProject({ public: true }));
  const image = await client.pushImage(repository, 'latest');
  const open = registry.clientWith(`Bearer ${await anonymousToken(`repository:${repository}:pull`)}`);
  for (const reader of [open, anonymous]) {
    const manifest = await reader.send('GET', `/v2/${repository}/manifests/latest`);
    if (reader === anonymous && manifest.status === 401) continue;
    assert.equal(manifest.text, image.manifest);
    await reader.expect(200, 'GET', `/v2/${repository}/blobs/${image.config.digest}`);
    await reader.expect(200, 'GET', `/v2/${repository}/tags/list`);
    const push = await reader.send('POST', `/v2/${repository}/blobs/uploads/`, { 'content-length': '0' });
    assertError(push, 401, 'UNAUTHORIZED');
    const removal = await reader.send('DELETE', `/v2/${repository}/manifests/latest`);
    assertError(removal, 401, 'UNAUTHORIZED');
  }
});

async function anonymousToken(scope: string): Promise<string> {
  const answer = await registry.anonymous.expect(
    200,
    'GET',
    `/service/token?service=${await registry.service()}&scope=${encodeURIComponent(scope)}`,
  );
  return String((answer.json() as { token?: unknown }).token);
}
