import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describe as describeBytes, digestOf, imageManifest, mediaType, someBytes } from '#support/content';
import { missingStack, type StackKind, startRegistryOn } from '#support/stack';

for (const kind of ['sqlite-filesystem', 'postgres-s3'] satisfies StackKind[]) {
  const skip = (await missingStack(kind)) ?? false;

  test(`of a manifest pushed while its config is deleted only one succeeds (${kind})`, { skip }, async () => {
    await using registry = await startRegistryOn(kind);
    using client = registry.server.client();
    const repository = 'library/races';
    const outcomes = new Set<string>();
    for (let round = 0; round < 60; round++) {
      const config = someBytes(200);
      const digest = await client.pushBlob(repository, config);
      const manifest = imageManifest(describeBytes(mediaType.config, config), []);
      const [pushed, deleted] = await Promise.all([
        client.putManifest(repository, `r${round}`, manifest, mediaType.image),
        client.send('DELETE', `/v2/${repository}/blobs/${digest}`),
      ]);
      outcomes.add(`${pushed.status} ${deleted.status}`);
      const blob = await client.send('HEAD', `/v2/${repository}/blobs/${digest}`);
      if (pushed.status === 201)
        assert.equal(blob.status, 200, `a manifest without its config: ${[...outcomes].join(', ')}`);
      else assert.equal(deleted.status, 202, `neither succeeded: ${pushed.text} ${deleted.text}`);
    }
  });

  test(`a manifest pushed and deleted at once is there whole or not at all, and no answer is a failure (${kind})`, {
    skip,
  }, async () => {
    await using registry = await startRegistryOn(kind);
    using client = registry.server.client();
    const repository = 'library/both';
    const image = await client.pushImage(repository, 'kept');
    const manifest = `${image.manifest}\n`;
    const digest = digestOf(manifest);
    const push = (tag: string) => client.putManifest(repository, tag, manifest, mediaType.image);
    for (let round = 0; round < 40; round++) {
      const answers = await Promise.all([
        push('a'),
        client.send('DELETE', `/v2/${repository}/manifests/${digest}`),
        push('b'),
        client.send('DELETE', `/v2/${repository}/manifests/a`),
      ]);
      for (const { status, text } of answers) assert.ok([201, 202, 404].includes(status), `${status}: ${text}`);
      const { tags } = (await client.expect(200, 'GET', `/v2/${repository}/tags/list`)).json() as { tags: string[] };
      for (const tag of tags) await client.expect(200, 'GET', `/v2/${repository}/manifests/${tag}`);
    }
  });

  test(`a blob mounted while it is deleted at its source is whole or absent (${kind})`, { skip }, async () => {
    await using registry = await startRegistryOn(kind);
    using client = registry.server.client();
    for (let round = 0; round < 40; round++) {
      const bytes = someBytes(500);
      const digest = await client.pushBlob('library/source', bytes);
      const [mounted] = await Promise.all([
        client.send('POST', `/v2/library/target/blobs/uploads/?mount=${digest}&from=library/source`, {
          'content-length': '0',
        }),
        client.send('DELETE', `/v2/library/source/blobs/${digest}`),
      ]);
      assert.ok([201, 202].includes(mounted.status), `${mounted.status}: ${mounted.text}`);
      const got = await client.send('GET', `/v2/library/target/blobs/${digest}`);
      assert.equal(got.status, mounted.status === 201 ? 200 : 404);
      if (got.status === 200) assert.deepEqual(got.body, bytes);
    }
  });

  test(`a blob pushed again while it is deleted stays when the push was answered last (${kind})`, {
    skip,
  }, async () => {
    await using registry = await startRegistryOn(kind);
    using client = registry.server.client();
    const repository = 'library/again';
    const bytes = someBytes(500);
    for (let round = 0; round < 30; round++) {
      await client.pushBlob(repository, bytes);
      await Promise.all([
        client.send('DELETE', `/v2/${repository}/blobs/${digestOf(bytes)}`),
        client.pushBlob(repository, bytes),
      ]);
      await client.pushBlob(repository, bytes);
      assert.deepEqual((await client.expect(200, 'GET', `/v2/${repository}/blobs/${digestOf(bytes)}`)).body, bytes);
    }
  });
}
