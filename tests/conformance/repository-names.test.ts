import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mediaType, someBytes } from '#support/content';
import { assertError } from '#support/registry-client';
import { useRegistry } from '#support/use-registry';

const registry = await useRegistry();

const good = [
  'a',
  'a/b/c/d/e/f/g',
  'a.b',
  'a_b',
  'a__b',
  'a-b',
  'a----b',
  '0',
  'blobs',
  'manifests',
  'tags',
  'tags/list',
  'uploads',
  'blobs/uploads',
  'referrers',
  'manifests/latest',
  'x/blobs/uploads',
  'x/manifests/latest/blobs',
  'x/referrers/y/tags/list',
  'v2',
  'v2/v2',
  'n'.repeat(200),
];

for (const name of good) {
  test(`a repository may be called library/${name.length > 40 ? `${name.slice(0, 5)}… (${name.length})` : name}`, async () => {
    const { client } = registry;
    const repository = `library/${name}`;
    const bytes = someBytes(100);
    const image = await client.pushImage(repository, 'latest');
    await client.pushBlob(repository, bytes);
    assert.equal((await client.expect(200, 'GET', `/v2/${repository}/manifests/latest`)).text, image.manifest);
    await client.expect(200, 'GET', `/v2/${repository}/blobs/${image.config.digest}`);
    const tags = await client.expect(200, 'GET', `/v2/${repository}/tags/list`);
    assert.deepEqual(tags.json(), { name: repository, tags: ['latest'] });
    await client.expect(200, 'GET', `/v2/${repository}/referrers/${image.descriptor.digest}`);
    await client.expect(202, 'DELETE', `/v2/${repository}/manifests/latest`);
  });
}

const bad = [
  'UPPER',
  'a..b',
  'a.-b',
  'a___b',
  '-a',
  'a-',
  '.a',
  'a.',
  '_a',
  'a_',
  'a//b',
  'a/',
  'a/../b',
  'a/./b',
  'ä',
  'a b',
  'a@b',
  'a+b',
  'a:b',
  'a\\b',
  'a%',
  'a\0',
  `a${'b'.repeat(300)}`,
];

for (const name of bad) {
  test(`no repository is called library/${JSON.stringify(name.length > 40 ? `${name.slice(0, 5)}… (${name.length})` : name)}`, async () => {
    const { client } = registry;
    const path = name
      .split('/')
      .map((part) => encodeURIComponent(part).replace(/^\.+$/, (dots) => '%2E'.repeat(dots.length)));
    const repository = `library/${path.join('/')}`;
    for (const [method, tail] of [
      ['POST', 'blobs/uploads/'],
      ['GET', 'manifests/latest'],
      ['GET', 'tags/list'],
    ] as const) {
      const answer = await client.send(
        method,
        `/v2/${repository}/${tail}`,
        method === 'POST' ? { 'content-length': '0' } : {},
      );
      assertError(answer, [400, 404], 'NAME_INVALID', 'NAME_UNKNOWN', 'UNSUPPORTED');
    }
  });
}

for (const path of [
  '/../etc/passwd',
  '/v2/../../etc/passwd',
  '/%2F%2F..%2F..%2Fetc/passwd',
  '/v2/library/x/blobs/..%2f..%2fetc',
  '/v2/%252e%252e/x/tags/list',
  '/v2//tags/list',
  '/v2/library/x/manifests/',
  '/v2/library/x',
  '/v2/x/y/unknown/z',
]) {
  test(`${path} leads nowhere`, async () => {
    const answer = await registry.client.send('GET', path);
    assert.ok([400, 404].includes(answer.status), `${answer.status}: ${answer.text.slice(0, 200)}`);
    assert.doesNotMatch(answer.text, /root:/);
  });
}

test('percent-encoding in a path means the same as the plain letters', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const image = await client.pushImage(repository, 'latest');
  const digest = image.descriptor.digest.replace(':', '%3A');
  assert.equal((await client.expect(200, 'GET', `/v2/${repository}/manifests/${digest}`)).text, image.manifest);
  assert.equal((await client.expect(200, 'GET', `/v2/${repository}/manifests/l%61test`)).text, image.manifest);
});

test('a repository outside every project is not made by a push', async () => {
  const answer = await registry.client.putManifest('nowhere', 'latest', '{}', mediaType.image);
  assert.ok([400, 401, 403, 404].includes(answer.status), `${answer.status}: ${answer.text}`);
});
