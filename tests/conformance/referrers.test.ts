import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  describe as describeBytes,
  type Descriptor,
  imageIndex,
  imageManifest,
  mediaType,
  someBytes,
  unknownDigest,
} from '#support/content';
import { type Answer, pathOf } from '#support/http-exchange';
import { assertError } from '#support/registry-client';
import { useRegistry } from '#support/use-registry';

const registry = await useRegistry();

interface Listed extends Descriptor {
  readonly artifactType?: string;
  readonly annotations?: Record<string, string>;
}

function referrersOf(answer: Answer): Listed[] {
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.header('content-type'), mediaType.index);
  const index = answer.json() as { schemaVersion: number; mediaType: string; manifests: Listed[] };
  assert.equal(index.schemaVersion, 2);
  assert.equal(index.mediaType, mediaType.index);
  assert.ok(Array.isArray(index.manifests), 'manifests is a list, never null');
  return index.manifests;
}

function list(repository: string, digest: string, query = ''): Promise<Answer> {
  return registry.client.send('GET', `/v2/${repository}/referrers/${digest}${query}`);
}

async function allReferrers(repository: string, digest: string, query = ''): Promise<Listed[]> {
  const all: Listed[] = [];
  let path: string | undefined = `/v2/${repository}/referrers/${digest}${query}`;
  for (let page = 0; path !== undefined && page < 100; page++) {
    const answer: Answer = await registry.client.send('GET', path);
    all.push(...referrersOf(answer));
    const link = answer.header('link');
    path = link === undefined ? undefined : pathOf(/^<([^>]+)>;\s*rel="next"$/.exec(link)?.[1] ?? '', registry.origin);
  }
  return all;
}

interface Setting {
  readonly repository: string;
  readonly subject: Descriptor;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

async function aSetting(): Promise<Setting> {
  const repository = registry.repository();
  const { descriptor, config, layers } = await registry.client.pushImage(repository, 'subject');
  return { repository, subject: descriptor, config, layers };
}

test('a referrer is listed with its type and its annotations', async () => {
  const { client } = registry;
  const { repository, subject, config, layers } = await aSetting();
  const annotations = { 'org.example.format': 'json', 'org.opencontainers.image.created': '2026-01-01T00:00:00Z' };
  const artifact = imageManifest(config, layers, {
    subject,
    artifactType: 'application/vnd.example.sbom',
    annotations,
  });
  const plain = imageManifest({ ...config, mediaType: 'application/vnd.example.config+json' }, layers, { subject });
  const index = imageIndex([subject], { subject, annotations });
  const typedIndex = imageIndex([], { subject, artifactType: 'application/vnd.example.set' });
  for (const [manifest, type] of [
    [artifact, mediaType.image],
    [plain, mediaType.image],
    [index, mediaType.index],
    [typedIndex, mediaType.index],
  ] as const) {
    const answer = await client.putManifest(repository, describeBytes(type, manifest).digest, manifest, type);
    assert.equal(answer.status, 201, answer.text);
    assert.equal(answer.header('oci-subject'), subject.digest);
  }
  const listed = await allReferrers(repository, subject.digest);
  const byDigest = (one: Listed, other: Listed): number => one.digest.localeCompare(other.digest);
  assert.deepEqual(
    listed.toSorted(byDigest),
    [
      { ...describeBytes(mediaType.image, artifact), artifactType: 'application/vnd.example.sbom', annotations },
      { ...describeBytes(mediaType.image, plain), artifactType: 'application/vnd.example.config+json' },
      { ...describeBytes(mediaType.index, index), annotations },
      { ...describeBytes(mediaType.index, typedIndex), artifactType: 'application/vnd.example.set' },
    ].toSorted(byDigest),
  );
});

test('nothing refers to what nobody knows, and that is no error', async () => {
  const { client } = registry;
  const { repository, subject } = await aSetting();
  for (const digest of [subject.digest, unknownDigest(), unknownDigest('sha512')]) {
    assert.deepEqual(referrersOf(await list(repository, digest)), []);
  }
  assert.deepEqual(referrersOf(await list(registry.repository(), unknownDigest())), [], 'a repository nobody made');
  assert.equal(
    (await client.send('GET', `/v2/${repository}/referrers/${subject.digest}`)).header('oci-filters-applied'),
    undefined,
  );
});

test('what is no digest has no referrers', async () => {
  const { repository } = await aSetting();
  for (const digest of ['sha256:bad', 'latest', 'md5:d41d8cd98f00b204e9800998ecf8427e', 'sha256:']) {
    assertError(await list(repository, digest), 400, 'DIGEST_INVALID', 'UNSUPPORTED');
  }
});

test('a filter for a type drops all others and says so', async () => {
  const { client } = registry;
  const { repository, subject, config, layers } = await aSetting();
  const types = [
    'application/vnd.example.sbom',
    'application/vnd.example.signature',
    'application/vnd.example.with+plus',
  ];
  const pushed = new Map<string, string>();
  for (const artifactType of types) {
    const manifest = imageManifest(config, layers, { subject, artifactType });
    pushed.set(artifactType, (await client.pushManifest(repository, undefined, manifest)).digest);
  }
  for (const type of types) {
    const answer = await list(repository, subject.digest, `?artifactType=${encodeURIComponent(type)}`);
    assert.deepEqual(
      referrersOf(answer).map(({ digest }) => digest),
      [pushed.get(type)],
    );
    assert.equal(answer.header('oci-filters-applied'), 'artifactType');
  }
  const none = await list(repository, subject.digest, '?artifactType=application/vnd.example.none');
  assert.deepEqual(referrersOf(none), []);
  assert.equal(none.header('oci-filters-applied'), 'artifactType');
});

test('a referrer pushed twice, by digest and under tags, is listed once', async () => {
  const { client } = registry;
  const { repository, subject, config, layers } = await aSetting();
  const manifest = imageManifest(config, layers, { subject, artifactType: 'application/vnd.example.x' });
  for (const reference of [undefined, undefined, 'a', 'b']) await client.pushManifest(repository, reference, manifest);
  assert.equal((await allReferrers(repository, subject.digest)).length, 1);
});

test('a referrer that is deleted is listed no more', async () => {
  const { client } = registry;
  const { repository, subject, config, layers } = await aSetting();
  const manifest = imageManifest(config, layers, { subject, artifactType: 'application/vnd.example.x' });
  const { digest } = await client.pushManifest(repository, undefined, manifest);
  assert.equal((await allReferrers(repository, subject.digest)).length, 1);
  await client.expect(202, 'DELETE', `/v2/${repository}/manifests/${digest}`);
  assert.deepEqual(await allReferrers(repository, subject.digest), []);
});

test('referrers pushed before their subject are listed', async () => {
  const { client } = registry;
  const { repository, config, layers } = await aSetting();
  const later = imageManifest(config, layers, { annotations: { later: 'yes' } });
  const subject = describeBytes(mediaType.image, later);
  await client.pushManifest(repository, undefined, imageManifest(config, layers, { subject }));
  assert.equal((await allReferrers(repository, subject.digest)).length, 1);
  await client.pushManifest(repository, 'later', later);
  assert.equal((await allReferrers(repository, subject.digest)).length, 1);
});

test('a subject deleted leaves its referrers to be asked for', async () => {
  const { client } = registry;
  const { repository, subject, config, layers } = await aSetting();
  await client.pushManifest(repository, undefined, imageManifest(config, layers, { subject }));
  await client.expect(202, 'DELETE', `/v2/${repository}/manifests/${subject.digest}`);
  await client.expect(200, 'GET', `/v2/${repository}/referrers/${subject.digest}`);
});

test('a subject named by sha512 has its referrers under that digest', async () => {
  const { client } = registry;
  const { repository, config, layers } = await aSetting();
  const text = imageManifest(config, layers, { annotations: { strong: 'yes' } });
  const subject = describeBytes(mediaType.image, text, 'sha512');
  assert.equal((await client.putManifest(repository, subject.digest, text, mediaType.image)).status, 201);
  const answer = await client.putManifest(
    repository,
    'ref',
    imageManifest(config, layers, { subject }),
    mediaType.image,
  );
  assert.equal(answer.header('oci-subject'), subject.digest);
  assert.equal((await allReferrers(repository, subject.digest)).length, 1);
});

test('referrers do not cross from one repository to another', async () => {
  const { client } = registry;
  const { repository, subject, config, layers } = await aSetting();
  await client.pushManifest(repository, undefined, imageManifest(config, layers, { subject }));
  assert.deepEqual(await allReferrers(registry.repository(), subject.digest), []);
});

test('hundreds of referrers with large annotations come whole, in pages below the manifest limit', async () => {
  const { client } = registry;
  const { repository, subject, config, layers } = await aSetting();
  const pushed = new Set<string>();
  for (let index = 0; index < 150; index++) {
    const annotations = { index: String(index), text: 'x'.repeat(40_000) };
    const manifest = imageManifest(config, layers, { subject, artifactType: 'application/vnd.example.x', annotations });
    pushed.add((await client.pushManifest(repository, undefined, manifest)).digest);
  }
  for (const query of ['', `?artifactType=${encodeURIComponent('application/vnd.example.x')}`]) {
    const first = await list(repository, subject.digest, query);
    assert.ok(first.body.length <= 4 * 1024 * 1024, `a page of ${first.body.length} bytes`);
    const digests = (await allReferrers(repository, subject.digest, query)).map(({ digest }) => digest);
    assert.equal(digests.length, pushed.size);
    assert.deepEqual(new Set(digests), pushed);
  }
});

test('an index that a client keeps under the fallback tag does not hide or double what is known', async () => {
  const { client } = registry;
  const { repository, subject, config, layers } = await aSetting();
  const annotations = { right: 'yes' };
  const manifest = imageManifest(config, layers, {
    subject,
    artifactType: 'application/vnd.example.right',
    annotations,
  });
  const { digest } = await client.pushManifest(repository, undefined, manifest);
  const bare = { ...describeBytes(mediaType.image, manifest), artifactType: 'application/vnd.example.wrong' };
  const stray = describeBytes(mediaType.image, someBytes(10));
  const tag = subject.digest.replace(':', '-');
  await client.putManifest(repository, tag, imageIndex([bare, bare, stray]), mediaType.index);
  const listed = await allReferrers(repository, subject.digest);
  assert.deepEqual(
    listed.filter((one) => one.digest === digest),
    [{ ...describeBytes(mediaType.image, manifest), artifactType: 'application/vnd.example.right', annotations }],
  );
});
