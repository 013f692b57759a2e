import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mediaType } from '#support/content';
import { missingStack, type StackKind, startRegistryOn } from '#support/stack';

// The specification hints at conditional pushes of a tag; without them, writers of one index lose each other's work.
for (const kind of ['sqlite-filesystem', 'postgres-s3'] satisfies StackKind[]) {
  const skip = (await missingStack(kind)) ?? false;

  test(`a tag is moved only from where its writer believes it to be (${kind})`, { skip }, async () => {
    await using registry = await startRegistryOn(kind);
    using client = registry.server.client();
    const repository = 'library/conditions';
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

  for (const [name, condition] of [
    ['absent', (_was: string) => ({ 'if-none-match': '*' })],
    ['at one place', (was: string) => ({ 'if-match': `"${was}"` })],
  ] as const) {
    test(`of many writers who believe a tag ${name} one moves it (${kind})`, { skip }, async () => {
      await using registry = await startRegistryOn(kind);
      using client = registry.server.client();
      const repository = 'library/writers';
      const images = await Promise.all(Array.from({ length: 8 }, () => client.pushImage(repository)));
      const was = await client.pushImage(repository, name === 'absent' ? undefined : 'wanted');
      const headers = { 'content-type': mediaType.image, ...condition(was.descriptor.digest) };
      const path = `/v2/${repository}/manifests/wanted`;
      const answers = await Promise.all(images.map((image) => client.send('PUT', path, headers, image.manifest)));
      const winners = answers.flatMap((answer, index) => (answer.status === 201 ? [images[index]] : []));
      assert.equal(winners.length, 1, answers.map((answer) => answer.status).join());
      for (const { status } of answers) assert.ok([201, 412].includes(status), `${status}`);
      assert.equal((await client.expect(200, 'GET', path)).text, winners[0]?.manifest);
    });
  }
}
