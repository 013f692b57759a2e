import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mediaType } from '#support/content';
import { useRegistry } from '#support/use-registry';

const registry = await useRegistry();

// The specification hints at conditional pushes of a tag; without them, writers of one index lose each other's work.
test('a tag is moved only from where its writer believes it to be', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const [first, second, third] = [
    await client.pushImage(repository, 'guarded'),
    await client.pushImage(repository),
    await client.pushImage(repository),
  ];
  const path = `/v2/${repository}/manifests/guarded`;
  const put = (manifest: string, condition: Record<string, string>) =>
    client.send('PUT', path, { 'content-type': mediaType.image, ...condition }, manifest);
  assert.equal((await put(second.manifest, { 'if-match': `"${third.descriptor.digest}"` })).status, 412);
  assert.equal((await put(second.manifest, { 'if-none-match': '*' })).status, 412);
  assert.equal((await client.expect(200, 'GET', path)).text, first.manifest);
  assert.equal((await put(second.manifest, { 'if-match': `"${first.descriptor.digest}"` })).status, 201);
  assert.equal((await client.expect(200, 'GET', path)).text, second.manifest);
});

test('of many writers who believe a tag absent one makes it', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const images = await Promise.all(Array.from({ length: 8 }, () => client.pushImage(repository)));
  const headers = { 'content-type': mediaType.image, 'if-none-match': '*' };
  const answers = await Promise.all(
    images.map((image) => client.send('PUT', `/v2/${repository}/manifests/first`, headers, image.manifest)),
  );
  const winners = answers.flatMap((answer, index) => (answer.status === 201 ? [images[index]] : []));
  assert.equal(winners.length, 1, answers.map((answer) => answer.status).join());
  assert.equal((await client.expect(200, 'GET', `/v2/${repository}/manifests/first`)).text, winners[0]?.manifest);
});
