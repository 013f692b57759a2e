import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askManagement, type Shown } from '#testing/management';
import { useTestRegistry } from '#testing/test-registry';

const registry = await useTestRegistry();
await registry.addProject('team');
await registry.addProject('hidden');
await registry.addProject('open', true);
await registry.addUser('keeper', { team: 4 });
await registry.addUser('guest', { team: 3 });
const [keeper, guest] = ['keeper', 'guest'].map((name) => registry.basic(name)) as [string, string];
for (const name of ['team/a', 'team/deep/b_c', 'hidden/x', 'open/y']) await registry.pushImage(name, 'v1');
await registry.startUpload('team/unfinished');

const ask = <T = readonly Shown[]>(method: string, path: string, as?: string, body?: unknown) =>
  askManagement<T>(registry, method, path, { as, body });
const names = (shown: readonly Shown[]) => shown.map(({ name }) => name).toSorted();

test('a project lists what holds an artifact', async () => {
  const { json, headers } = await ask('GET', '/projects/team/repositories?sort=name', guest);
  assert.deepEqual([names(json), headers.get('x-total-count')], [['team/a', 'team/deep/b_c'], '2']);
  assert.equal(json[0]?.artifact_count, 1);
  // An underscore is no wildcard.
  assert.deepEqual(names((await ask('GET', '/projects/team/repositories?q=name%3D~b_c', guest)).json), [
    'team/deep/b_c',
  ]);
  assert.deepEqual((await ask('GET', '/projects/team/repositories?q=name%3D~bxc', guest)).json, []);
  assert.equal((await ask('GET', '/projects/hidden/repositories', guest)).status, 404);
  assert.equal((await ask('GET', '/projects/team/repositories?q=description%3Dx', guest)).status, 400);
});

test('the whole registry lists what its viewer sees', async () => {
  assert.deepEqual(names((await ask('GET', '/repositories', guest)).json), ['open/y', 'team/a', 'team/deep/b_c']);
  assert.deepEqual(names((await ask('GET', '/repositories')).json), ['open/y']);
  assert.equal((await ask('GET', '/repositories', registry.admin)).json.length, 4);
});

test('one is found under its name encoded once and twice, and described', async () => {
  for (const name of ['deep%2Fb_c', 'deep%252Fb_c']) {
    const { json } = await ask<Shown>('GET', `/projects/team/repositories/${name}`, guest);
    assert.equal(json.name, 'team/deep/b_c');
  }
  const path = '/projects/team/repositories/a';
  assert.equal((await ask('PUT', path, guest, { description: 'no' })).status, 403);
  assert.equal((await ask('PUT', path, keeper, { name: 'ignored', description: '# Words' })).status, 200);
  assert.equal((await ask<Shown>('GET', path, guest)).json.description, '# Words');
  const [row] = await registry.query(
    "select detail from audit where action = 'update-repository' and outcome = 'success'",
  );
  assert.deepEqual(JSON.parse(String(row?.['detail'])), {
    before: { description: '' },
    after: { description: '# Words' },
  });
  assert.equal((await ask('GET', '/projects/team/repositories/unfinished', guest)).status, 404);
  assert.equal((await ask('PUT', path, keeper, { description: 'a\u0000b' })).status, 400);
});

test('a deleted one is gone with its tags and its blobs', async () => {
  const image = await registry.pushImage('team/gone', 'v1');
  assert.equal((await ask('DELETE', '/projects/team/repositories/gone', guest)).status, 403);
  assert.equal((await ask('DELETE', '/projects/team/repositories/gone', keeper)).status, 200);
  assert.equal((await ask('DELETE', '/projects/team/repositories/gone', keeper)).status, 404);
  for (const path of ['manifests/v1', `manifests/${image.digest}`, `blobs/${image.layer}`]) {
    const answer = await registry.fetch(`/v2/team/gone/${path}`, { as: guest });
    await answer.arrayBuffer();
    assert.equal(answer.status, 404, path);
  }
});

test('search finds projects and repositories that one sees, by a part of their name', async () => {
  const find = async (q: string, as?: string) => {
    const { json } = await ask<Shown>('GET', `/search?q=${encodeURIComponent(q)}`, as);
    return [names(json.project), json.repository.map(({ repository_name: name }) => name)];
  };
  assert.deepEqual(await find('EA', guest), [['team'], ['team/a', 'team/deep/b_c']]);
  assert.deepEqual(await find('hidden', guest), [[], []]);
  assert.deepEqual(await find('hidden', registry.admin), [['hidden'], ['hidden/x']]);
  assert.deepEqual(await find('open'), [['open'], ['open/y']]);
  assert.deepEqual(await find('%', registry.admin), [[], []]);
  assert.deepEqual(await find("' or 1=1 --", registry.admin), [[], []]);
});

test('statistics count what one sees, and bytes for administrators', async () => {
  const count = async (as: string) => (await ask<Readonly<Record<string, number>>>('GET', '/statistics', as)).json;
  const seen = await count(guest);
  assert.equal(seen['private_project_count'], 1);
  assert.equal(seen['private_repo_count'], 2);
  assert.equal(seen['public_repo_count'], 1);
  assert.equal(seen['total_repo_count'], 3);
  assert.equal(seen['total_storage_consumption'], 0);
  assert.ok(((await count(registry.admin))['total_storage_consumption'] ?? 0) > 0);
  assert.equal((await ask('GET', '/statistics')).status, 401);
});

test('an icon that there is not is not found', async () => {
  assert.equal((await ask('GET', '/icons/sha256:abc')).status, 404);
});
