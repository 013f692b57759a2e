import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertAnswer, seenOf } from '#testing/answers';
import { digestOf, imageManifest, useTestRegistry } from '#testing/test-registry';

// Two tenants with a private project each, and what one must not get of the other.
const registry = await useTestRegistry();
for (const name of ['pa', 'pb']) await registry.addProject(name);
await registry.addProject('pub', true);
await registry.addUser('ua', { pa: 2 });
await registry.addUser('ma', { pa: 4 });
await registry.addUser('ub', { pb: 2 });
await registry.addUser('mb', { pb: 4 });
await registry.addUser('stranger');
const [ua, ma, ub, mb, stranger] = ['ua', 'ma', 'ub', 'mb', 'stranger'].map((name) => registry.basic(name)) as [
  string,
  string,
  string,
  string,
  string,
];
const theirs = await registry.pushImage('pb/y', 'v1', { as: ub });
const nowhere = digestOf('nobody has this');

describe('knowing a digest', () => {
  test('gives nobody the bytes of another tenant, whole or in part', async () => {
    await registry.pushImage('pa/x', 'own', { as: ua });
    for (const method of ['GET', 'HEAD']) {
      for (const range of [undefined, 'bytes=0-3']) {
        for (const digest of [theirs.layer, theirs.config]) {
          const headers = range === undefined ? {} : { range };
          const response = await registry.fetch(`/v2/pa/x/blobs/${digest}`, { method, as: ua, headers });
          await response.arrayBuffer();
          assert.equal(response.status, 404);
        }
      }
    }
    await assertAnswer(
      await registry.fetch(`/v2/pa/x/manifests/${theirs.digest}`, { as: ua }),
      404,
      'MANIFEST_UNKNOWN',
    );
  });

  test('does not tell whether anybody has it', async () => {
    const questions: readonly ((digest: string) => Promise<Response>)[] = [
      (digest) => registry.fetch(`/v2/pa/x/blobs/${digest}`, { as: ua }),
      (digest) => registry.fetch(`/v2/pa/x/blobs/${digest}`, { method: 'HEAD', as: ua }),
      (digest) => registry.fetch(`/v2/pa/x/manifests/${digest}`, { as: ua }),
      (digest) => registry.fetch(`/v2/pa/x/blobs/${digest}`, { method: 'DELETE', as: ma }),
      (digest) => registry.fetch(`/v2/pa/x/manifests/${digest}`, { method: 'DELETE', as: ma }),
      (digest) => registry.fetch(`/v2/pa/x/referrers/${digest}`, { as: ua }),
      (digest) => registry.fetch(`/v2/pub/x/blobs/${digest}`),
    ];
    for (const ask of questions) {
      const existing = await seenOf(await ask(theirs.layer), theirs.layer);
      const missing = await seenOf(await ask(nowhere), nowhere);
      assert.deepEqual(existing, missing);
    }
  });

  for (const query of ['from=pb/y', '', 'from=pb/none', 'from=none/none', 'from=pa/x']) {
    test(`mounts nothing that one may not pull (${query === '' ? 'from anywhere' : query})`, async () => {
      const ask = async (digest: string) => {
        const response = await registry.fetch(`/v2/pa/x/blobs/uploads/?mount=${digest}&${query}`, {
          method: 'POST',
          as: ua,
        });
        const seen = await seenOf(response, digest);
        assert.equal(seen.status, 202, 'an upload begins, as for any unknown digest');
        return Object.keys(seen.headers).toSorted();
      };
      assert.deepEqual(await ask(theirs.layer), await ask(nowhere));
      await assertAnswer(await registry.fetch(`/v2/pa/x/blobs/${theirs.layer}`, { as: ua }), 404);
    });
  }

  test('does not complete a manifest of one’s own', async () => {
    await registry.pushBlob('pa/x', '{}', ua);
    const layers = { digest: theirs.layer, size: 42, mediaType: 'application/vnd.oci.image.layer.v1.tar' };
    const manifest = imageManifest('{}', [], { layers: [layers] });
    await assertAnswer(await registry.putManifest('pa/x', 'stolen', manifest, ua), 400, 'MANIFEST_BLOB_UNKNOWN');
    await assertAnswer(await registry.fetch('/v2/pa/x/manifests/stolen', { as: ua }), 404, 'MANIFEST_UNKNOWN');
  });
});

describe('an upload session', () => {
  test('belongs to who began it: nobody else sees, feeds, finishes or ends it', async () => {
    const [begun, rest] = ['hello ', 'world'];
    const location = await registry.startUpload('pb/y', ub);
    await registry.fetch(location, { method: 'PATCH', as: ub, body: begun });
    const id = location.split('/').at(-1) ?? '';
    const digest = digestOf(begun + rest);
    const others = [
      { as: ua, path: `/v2/pa/x/blobs/uploads/${id}` },
      { as: mb, path: location },
      { as: registry.admin, path: location },
      { as: ub, path: `/v2/pb/z/blobs/uploads/${id}` },
    ];
    for (const { as, path } of others) {
      for (const [method, query, body] of [
        ['GET', '', undefined],
        ['PATCH', '', 'XXXX'],
        ['PUT', `?digest=${digestOf(`${begun}XXXX`)}`, 'XXXX'],
        ['DELETE', '', undefined],
      ] as const) {
        const init = body === undefined ? { method, as } : { method, as, body };
        await assertAnswer(await registry.fetch(path + query, init), 404, 'BLOB_UPLOAD_UNKNOWN');
      }
    }
    await assertAnswer(await registry.fetch(location, { as: ua }), 404, 'NAME_UNKNOWN');
    const status = await registry.fetch(location, { as: ub });
    assert.deepEqual([status.status, status.headers.get('range')], [204, `0-${begun.length - 1}`]);
    await assertAnswer(
      await registry.fetch(`${location}?digest=${digest}`, { method: 'PUT', as: ub, body: rest }),
      201,
    );
    const blob = await registry.fetch(`/v2/pb/y/blobs/${digest}`, { as: ub });
    assert.equal(await blob.text(), begun + rest);
  });
});

describe('what is shared by two tenants', () => {
  test('is gone for who deleted it and stays for the other, whoever reads it then', async () => {
    const [config, layer] = ['{"shared":true}', 'a shared layer'];
    for (const [repository, as] of [
      ['pa/shared', ua],
      ['pb/shared', ub],
    ] as const) {
      for (const blob of [config, layer]) await registry.pushBlob(repository, blob, as);
    }
    const path = (repository: string) => `/v2/${repository}/blobs/${digestOf(layer)}`;
    await assertAnswer(await registry.fetch(path('pa/shared'), { method: 'DELETE', as: ma }), 202);
    for (let turn = 0; turn < 2; turn++) {
      const other = await registry.fetch(path('pb/shared'), { as: ub });
      assert.equal(await other.text(), layer);
      await assertAnswer(await registry.fetch(path('pa/shared'), { as: ua }), 404, 'BLOB_UNKNOWN');
      await assertAnswer(await registry.fetch(path('pa/shared'), { method: 'HEAD', as: ua }), 404);
    }
  });

  test('is untouched by the deletion of an image beside it', async () => {
    const [config, layer] = ['{"twice":true}', 'a layer of two images'];
    const manifest = imageManifest(config, [layer]);
    for (const repository of ['pa/one', 'pa/two']) {
      for (const blob of [config, layer]) await registry.pushBlob(repository, blob, ua);
      await assertAnswer(await registry.putManifest(repository, 'v', manifest, ua), 201);
    }
    const gone = await registry.fetch(`/v2/pa/one/manifests/${digestOf(manifest)}`, { method: 'DELETE', as: ma });
    await assertAnswer(gone, 202);
    assert.equal(await (await registry.fetch('/v2/pa/two/manifests/v', { as: ua })).text(), manifest);
    assert.equal(await (await registry.fetch(`/v2/pa/two/blobs/${digestOf(layer)}`, { as: ua })).text(), layer);
    await assertAnswer(await registry.fetch('/v2/pa/one/manifests/v', { as: ua }), 404, 'MANIFEST_UNKNOWN');
  });
});

test('an artifact about somebody else’s image is seen in one’s own repository only', async () => {
  const subject = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: theirs.digest, size: 1 };
  const { digest } = await registry.pushImage('pa/x', 'about', { as: ua, fields: { subject } });
  const listed = async (repository: string, as: string) => {
    const response = await registry.fetch(`/v2/${repository}/referrers/${theirs.digest}`, { as });
    const { manifests } = (await response.json()) as { manifests: { digest: string }[] };
    return manifests.map((entry) => entry.digest);
  };
  assert.deepEqual(await listed('pb/y', ub), []);
  assert.deepEqual(await listed('pa/x', ua), [digest]);
});

describe('the lists', () => {
  const catalog = async (as: string, query = '') => {
    const response = await registry.fetch(`/v2/_catalog${query}`, { as });
    assert.equal(response.status, 200);
    const { repositories } = (await response.json()) as { repositories: string[] };
    return { repositories, link: response.headers.get('link') };
  };

  test('show the repositories of one’s own and public projects, whatever the cursor', async () => {
    await registry.pushImage('pub/open', 'v1');
    for (const query of ['', '?last=', '?last=pb', '?last=pb/', '?last=pb/y', '?n=1&last=pb/a', '?last=a', '?n=1000']) {
      const seen = await catalog(ua, query);
      assert.ok(
        seen.repositories.every((name) => name.startsWith('pa/') || name.startsWith('pub/')),
        `${query}: ${seen.repositories.join(' ')}`,
      );
      assert.doesNotMatch(decodeURIComponent(seen.link ?? ''), /last=pb/);
    }
    assert.deepEqual((await catalog(stranger)).repositories, ['pub/open']);
    assert.ok((await catalog(registry.admin)).repositories.includes('pb/y'));
  });

  test('page through exactly what is shown without pages', async () => {
    const whole = (await catalog(ua)).repositories;
    const paged: string[] = [];
    let query = '?n=1';
    for (let page = await catalog(ua, query); ; page = await catalog(ua, query)) {
      paged.push(...page.repositories);
      if (page.link === null) break;
      query = /\?[^>]*/.exec(page.link)?.[0] ?? '';
    }
    assert.deepEqual(paged, whole);
  });

  test('of tags are closed with their repository', async () => {
    const foreign = await seenOf(await registry.fetch('/v2/pb/y/tags/list?last=v', { as: ua }), 'pb/y', 'pb');
    const missing = await seenOf(
      await registry.fetch('/v2/absent/y/tags/list?last=v', { as: ua }),
      'absent/y',
      'absent',
    );
    assert.equal(foreign.status, 404);
    assert.deepEqual(foreign, missing);
  });
});

describe('who', () => {
  const paths = ['tags/list', `manifests/v1`, `manifests/${theirs.digest}`, `blobs/${theirs.layer}`].concat(
    `referrers/${theirs.digest}`,
  );

  test('is not signed in is asked to, alike for what is private and for what does not exist', async () => {
    for (const path of paths) {
      for (const method of path.startsWith('tags') || path.startsWith('ref') ? ['GET'] : ['GET', 'HEAD', 'DELETE']) {
        const ask = async (repository: string) =>
          seenOf(
            await registry.fetch(`/v2/${repository}/${path}`, { method }),
            repository,
            repository.split('/')[0] ?? '',
          );
        const [secret, missing, never] = [await ask('pb/y'), await ask('pb/no'), await ask('absent/no')];
        assert.equal(secret.status, 401, `${method} ${path}`);
        assert.match(
          secret.headers['www-authenticate'] ?? '',
          /^Bearer realm=".*",service="entrepot",scope="repository:/,
        );
        assert.deepEqual(missing, secret);
        assert.deepEqual(never, secret);
      }
    }
  });

  test('may not read sees the same as for what does not exist', async () => {
    for (const path of paths) {
      for (const method of path.startsWith('tags') || path.startsWith('ref') ? ['GET'] : ['GET', 'HEAD', 'DELETE']) {
        for (const as of [ua, stranger]) {
          const ask = async (repository: string) =>
            seenOf(
              await registry.fetch(`/v2/${repository}/${path}`, { method, as }),
              repository,
              repository.split('/')[0] ?? '',
            );
          const foreign = await ask('pb/y');
          assert.equal(foreign.status, 404, `${method} ${path}`);
          assert.deepEqual(await ask('absent/y'), foreign);
        }
      }
    }
  });

  test('has a token sees no difference either', async () => {
    for (const [repository, project] of [
      ['pb/y', 'pb'],
      ['absent/y', 'absent'],
    ] as const) {
      const token = await registry.bearer(ua, `repository:${repository}:pull,push,delete`);
      for (const path of paths) {
        const response = await registry.fetch(`/v2/${repository}/${path}`, { as: token });
        const seen = await seenOf(response, repository, project);
        assert.equal(seen.status, 401);
        assert.match(seen.headers['www-authenticate'] ?? '', /error="insufficient_scope"/);
      }
    }
  });
});
