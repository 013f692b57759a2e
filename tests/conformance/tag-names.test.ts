import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { mediaType } from '#support/content';
import { assertError, type PushedImage } from '#support/registry-client';
import { useRegistry } from '#support/use-registry';

const registry = await useRegistry();
let repository = '';
let image: PushedImage;

before(async () => {
  repository = registry.repository();
  image = await registry.client.pushImage(repository);
});

const good = [
  'a',
  '_',
  '0',
  'A.B-C_d',
  'x'.repeat(128),
  'latest',
  'list',
  'uploads',
  'sha256-abc',
  '..'.padStart(3, 'a'),
  '1..2',
  'a-',
];

for (const tag of good) {
  test(`«${tag.length > 20 ? `${tag.slice(0, 3)}… (${tag.length})` : tag}» is a tag`, async () => {
    const { client } = registry;
    await client.pushManifest(repository, tag, image.manifest);
    assert.equal((await client.expect(200, 'GET', `/v2/${repository}/manifests/${tag}`)).text, image.manifest);
    await client.expect(202, 'DELETE', `/v2/${repository}/manifests/${tag}`);
    await client.expect(404, 'HEAD', `/v2/${repository}/manifests/${tag}`);
  });
}

const bad = [
  '-a',
  '.a',
  '.',
  '..',
  'x'.repeat(129),
  'a b',
  'a/b',
  'ä',
  'a\nb',
  'a\0',
  'a@b',
  'a+b',
  'a%',
  ' ',
  'a?b',
  'a#b',
  '🚢',
];

for (const tag of bad) {
  test(`${JSON.stringify(tag.length > 20 ? `${tag.slice(0, 3)}… (${tag.length})` : tag)} is no tag`, async () => {
    const { client } = registry;
    const reference = encodeURIComponent(tag).replaceAll('.', '%2E');
    const answer = await client.putManifest(repository, reference, image.manifest, mediaType.image);
    assert.ok([400, 404].includes(answer.status), `${answer.status}: ${answer.text}`);
    assertError(
      answer,
      answer.status,
      'MANIFEST_INVALID',
      'NAME_INVALID',
      'UNSUPPORTED',
      'MANIFEST_UNKNOWN',
      'NAME_UNKNOWN',
    );
    await client.expect([400, 404], 'GET', `/v2/${repository}/manifests/${reference}`);
  });
}

test('no refused name has become a tag', async () => {
  const answer = await registry.client.expect(200, 'GET', `/v2/${repository}/tags/list`);
  const { tags } = answer.json() as { tags: string[] };
  assert.deepEqual(tags, []);
});

test('tags that differ in case only are two', async () => {
  const { client } = registry;
  const other = await client.pushImage(repository);
  await client.pushManifest(repository, 'case', image.manifest);
  await client.pushManifest(repository, 'CASE', other.manifest);
  assert.equal((await client.expect(200, 'GET', `/v2/${repository}/manifests/case`)).text, image.manifest);
  assert.equal((await client.expect(200, 'GET', `/v2/${repository}/manifests/CASE`)).text, other.manifest);
  for (const tag of ['case', 'CASE']) await client.expect(202, 'DELETE', `/v2/${repository}/manifests/${tag}`);
});
