import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mediaType } from '#support/content';
import { useRegistry } from '#support/use-registry';

const registry = await useRegistry();

test('of many writers to one tag the last wins whole, and every manifest stays', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const images = await Promise.all(Array.from({ length: 16 }, () => client.pushImage(repository)));
  const answers = await Promise.all(
    images.map((image) => client.putManifest(repository, 'race', image.manifest, mediaType.image)),
  );
  for (const answer of answers) assert.equal(answer.status, 201, answer.text);
  const got = await client.expect(200, 'GET', `/v2/${repository}/manifests/race`);
  assert.ok(images.some((image) => image.manifest === got.text));
  for (const image of images) {
    await client.expect(200, 'HEAD', `/v2/${repository}/manifests/${image.descriptor.digest}`);
  }
});

test('who reads a tag while it moves sees one manifest or the other, never a mixture', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const images = [await client.pushImage(repository, 'moving'), await client.pushImage(repository)];
  let moving = true;
  const reader = (async () => {
    for (let reads = 0; moving; reads++) {
      const answer = await client.expect(200, 'GET', `/v2/${repository}/manifests/moving`);
      const image = images.find((one) => one.descriptor.digest === answer.header('docker-content-digest'));
      assert.equal(answer.text, image?.manifest);
      assert.equal(answer.header('etag'), `"${image?.descriptor.digest}"`);
      if (reads > 100_000) break;
    }
  })();
  for (let round = 0; round < 100; round++) {
    await client.pushManifest(repository, 'moving', images[(round + 1) % 2]?.manifest ?? '');
    const now = await client.expect(200, 'HEAD', `/v2/${repository}/manifests/moving`);
    assert.equal(
      now.header('docker-content-digest'),
      images[(round + 1) % 2]?.descriptor.digest,
      'an answered push is seen',
    );
  }
  moving = false;
  await reader;
});

test('a tag that is read while it is deleted is there or not, and nothing else', async () => {
  const { client } = registry;
  const repository = registry.repository();
  const image = await client.pushImage(repository, 'blinking');
  await Promise.all([
    (async () => {
      for (let round = 0; round < 50; round++) {
        await client.expect(202, 'DELETE', `/v2/${repository}/manifests/blinking`);
        await client.pushManifest(repository, 'blinking', image.manifest);
      }
    })(),
    (async () => {
      for (let round = 0; round < 200; round++)
        await client.expect([200, 404], 'GET', `/v2/${repository}/manifests/blinking`);
    })(),
  ]);
});

test('images pushed and deleted at once in one repository leave whole images or none', async () => {
  const { client } = registry;
  const repository = registry.repository();
  await Promise.all(
    Array.from({ length: 8 }, async (_, worker) => {
      for (let round = 0; round < 5; round++) {
        const image = await client.pushImage(repository, `w${worker}`);
        if (round % 2 === 0)
          await client.expect(202, 'DELETE', `/v2/${repository}/manifests/${image.descriptor.digest}`);
      }
    }),
  );
  const { tags } = (await client.expect(200, 'GET', `/v2/${repository}/tags/list`)).json() as { tags: string[] };
  for (const tag of tags) {
    const manifest = (await client.expect(200, 'GET', `/v2/${repository}/manifests/${tag}`)).json() as {
      config: { digest: string };
      layers: { digest: string }[];
    };
    for (const { digest } of [manifest.config, ...manifest.layers]) {
      await client.expect(200, 'HEAD', `/v2/${repository}/blobs/${digest}`);
    }
  }
});
