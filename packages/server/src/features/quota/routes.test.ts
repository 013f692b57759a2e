import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askManagement } from '#testing/management';
import { useTestRegistry } from '#testing/test-registry';

interface Quota {
  readonly id: number;
  readonly ref: { readonly id: number; readonly name: string; readonly owner_name: string };
  readonly hard: { readonly storage: number; readonly count: number };
  readonly used: { readonly storage: number; readonly count: number };
}

const registry = await useTestRegistry();
const { admin } = registry;
await registry.addProject('mine');
await registry.addProject('theirs');
await registry.addUser('guest', { mine: 5 });
await registry.addUser('owner', { theirs: 1 });
await registry.addUser('nobody');
await registry.pushBlob('mine/app', 'x'.repeat(1000));
await registry.pushBlob('theirs/app', 'y'.repeat(2000));

const ask = <T>(method: string, path: string, as: string | undefined, body?: unknown) =>
  askManagement<T>(registry, method, path, { as, body });
const as = (name: string) => registry.basic(name);

async function quotaOf(project: string): Promise<Quota> {
  const { json } = await ask<Quota[]>('GET', '/quotas?page_size=100', admin);
  const found = json.find(({ ref }) => ref.name === project);
  assert.ok(found !== undefined);
  return found;
}

test('quotas are listed with their projects, by what they use and by what they may', async () => {
  const mine = await quotaOf('mine');
  await ask('PUT', `/quotas/${mine.id}`, admin, { hard: { storage: 5000 } });
  const names = async (query: string) => {
    const { status, json, headers } = await ask<Quota[]>('GET', `/quotas?${query}`, admin);
    assert.equal(status, 200);
    return { names: json.map(({ ref }) => ref.name), total: headers.get('x-total-count') };
  };
  assert.deepEqual(await names('sort=-used.storage'), { names: ['theirs', 'mine', 'library'], total: '3' });
  assert.deepEqual((await names('sort=-hard.storage&page_size=1')).names, ['mine']);
  assert.deepEqual(await names(`reference=project&reference_id=${mine.ref.id}`), { names: ['mine'], total: '1' });
  assert.deepEqual(await names('reference=user'), { names: [], total: '0' });
  assert.equal((await ask('GET', '/quotas?sort=password', admin)).status, 400);
  assert.equal((await ask('GET', '/quotas?reference_id=1;drop', admin)).status, 400);
});

test('a quota is read by the readers of its project; to others it is as if there were none', async () => {
  const [mine, theirs] = [await quotaOf('mine'), await quotaOf('theirs')];
  const read = await ask<Quota>('GET', `/quotas/${mine.id}`, as('guest'));
  assert.equal(read.status, 200);
  assert.deepEqual(read.json.used, { storage: 1000, count: 0 });
  assert.deepEqual(read.json.ref.name, 'mine');
  const foreign = await ask<unknown>('GET', `/quotas/${theirs.id}`, as('guest'));
  const none = await ask<unknown>('GET', '/quotas/4711', as('guest'));
  assert.deepEqual([foreign.status, none.status], [404, 404]);
  assert.equal(foreign.text, none.text.replace('4711', String(theirs.id)));
  assert.equal((await ask('GET', `/quotas/${mine.id}`, undefined)).status, 401);
  assert.equal((await ask('GET', '/quotas/4711', undefined)).status, 401);
});

test('only who administers the registry lists and changes quotas', async () => {
  const theirs = await quotaOf('theirs');
  for (const name of ['nobody', 'owner', 'guest']) {
    assert.equal((await ask('GET', '/quotas', as(name))).status, 403, name);
    assert.equal((await ask('PUT', `/quotas/${theirs.id}`, as(name), { hard: { storage: 1 } })).status, 403, name);
  }
  assert.deepEqual((await quotaOf('theirs')).hard, { storage: -1, count: -1 });
});

test('a change is audited, and a limit of nothing is refused', async () => {
  const { id } = await quotaOf('theirs');
  for (const storage of [0, -2, 1.5, '5']) {
    assert.equal((await ask('PUT', `/quotas/${id}`, admin, { hard: { storage } })).status, 400, String(storage));
  }
  assert.equal((await ask('PUT', '/quotas/4711', admin, { hard: { storage: 9 } })).status, 404);
  assert.equal((await ask('PUT', `/quotas/${id}`, admin, { hard: { storage: 9000 } })).status, 200);
  for (const hard of [{}, { count: 0 }, { count: 2.5 }, { count: -2 }, { storage: 5, count: 0 }]) {
    assert.equal((await ask('PUT', `/quotas/${id}`, admin, { hard })).status, 400, JSON.stringify(hard));
  }
  assert.deepEqual((await quotaOf('theirs')).hard, { storage: 9000, count: -1 });
  const [row] = await registry.query(
    "select detail from audit where action = 'update-quota' and outcome = 'success' order by id desc limit 1",
  );
  assert.deepEqual(JSON.parse(String(row?.['detail'])), {
    before: { storage: -1, count: -1 },
    after: { storage: 9000, count: -1 },
  });
  assert.equal((await ask('PUT', `/quotas/${id}`, admin, { hard: { count: 7 } })).status, 200);
  assert.deepEqual((await quotaOf('theirs')).hard, { storage: 9000, count: 7 }, 'a limit that is not named stays');
  assert.equal((await ask('PUT', `/quotas/${id}`, admin, { hard: { storage: -1, count: -1 } })).status, 200);
});

test('a new project gets the limits of the settings; another one only from an administrator', async () => {
  await ask('PUT', '/configurations', admin, { storage_per_project: 7000, count_per_project: 30 });
  const made = async (project: string, who: string, limit?: number) => {
    const body = { project_name: project, ...(limit === undefined ? {} : { storage_limit: limit }) };
    assert.equal((await ask('POST', '/projects', who, body)).status, 201);
    return (await quotaOf(project)).hard.storage;
  };
  assert.equal(await made('plain', as('nobody')), 7000);
  assert.equal(await made('wishful', as('nobody'), 1_000_000), 7000);
  assert.equal(await made('given', admin, 3000), 3000);
  assert.equal(await made('free', admin, -1), -1);
  assert.equal((await quotaOf('plain')).hard.count, 30);
  await ask('PUT', '/configurations', admin, { storage_per_project: -1, count_per_project: -1 });
});

test('the summary of a project has its quota, for those who may read it', async () => {
  const summary = await ask<{ quota?: Pick<Quota, 'hard' | 'used'> }>('GET', '/projects/theirs/summary', as('owner'));
  assert.deepEqual(summary.json.quota, {
    hard: { storage: -1, count: -1 },
    used: { storage: 2000, count: 0 },
  });
});

test('what a project holds is shown to its readers, and counted anew for administrators alone', async () => {
  const get = (who: string | undefined, path: string, method = 'GET') =>
    registry.fetch(`/api/entrepot/v1/projects/${path}`, { method, ...(who === undefined ? {} : { as: who }) });
  assert.equal((await get(as('guest'), 'mine/usage')).status, 200);
  assert.equal((await get(as('guest'), 'theirs/usage')).status, 404);
  assert.equal((await get(as('nobody'), 'no-such-project/usage')).status, 404);
  assert.equal((await get(as('owner'), 'theirs/quota/recount', 'POST')).status, 403);
  assert.equal((await get(undefined, 'theirs/quota/recount', 'POST')).status, 401);
  assert.equal((await get(admin, 'no-such-project/quota/recount', 'POST')).status, 404);
  const { ref } = await quotaOf('theirs');
  const recount = await get(admin, `${ref.id}/quota/recount`, 'POST');
  const there = { storage: 2000, count: 0 };
  assert.deepEqual(await recount.json(), { counted: there, found: there, difference: { storage: 0, count: 0 } });
});
