import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAnswer } from '#testing/answers';
import { useTestRegistry } from '#testing/test-registry';

const registry = await useTestRegistry();
await registry.addProject('team');
await registry.addProject('other');
await registry.addUser('owner', { team: 1 });
await registry.addUser('maintainer', { team: 4 });
const annaId = await registry.addUser('anna');
const [owner, maintainer, anna] = ['owner', 'maintainer', 'anna'].map((name) => registry.basic(name)) as [
  string,
  string,
  string,
];

const own = '/api/entrepot/v1';
const ask = (method: string, path: string, as: string | undefined, body?: unknown) =>
  registry.fetch(path, {
    method,
    ...(as === undefined ? {} : { as }),
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
async function made(path: string, as: string, body: unknown): Promise<number> {
  const response = await ask('POST', path, as, body);
  assert.equal(response.status, 201, await response.clone().text());
  return Number(response.headers.get('location')?.split('/').at(-1));
}
const read = async (path: string, as = registry.admin) => {
  const response = await ask('GET', path, as);
  assert.equal(response.status, 200, await response.clone().text());
  return (await response.json()) as Record<string, unknown>;
};
const explained = (query: string, as?: string) => read(`${own}/permissions/explain?${query}`, as);

test('a role of one’s own is made, given in a project and explained', async () => {
  const body = { name: 'auditor', level: 'project', permissions: ['project:read', 'log:list'] };
  await assertAnswer(await ask('POST', `${own}/roles`, owner, body), 403, 'FORBIDDEN');
  await assertAnswer(await ask('POST', `${own}/roles`, undefined, body), 401, 'UNAUTHORIZED');
  const role = await made(`${own}/roles`, registry.admin, body);
  assert.deepEqual((await read(`${own}/roles/${role}`))['permissions'], ['log:list', 'project:read']);
  const member = await made('/api/v2.0/projects/team/members', owner, {
    role_id: role,
    member_user: { username: 'anna' },
  });
  assert.equal((await read(`/api/v2.0/projects/team/members/${member}`))['role_name'], 'auditor');
  await assertAnswer(await ask('GET', '/api/v2.0/projects/team/members', anna), 403, 'FORBIDDEN');
  assert.deepEqual(await explained('user=anna&permission=log:list&project=team'), {
    allowed: true,
    rule: 'role auditor in the project',
    considered: [{ rule: 'role auditor in the project', allows: true }],
  });
  const denied = await explained('user=anna&permission=repository:push&project=team&repository=app');
  assert.deepEqual([denied['allowed'], denied['rule']], [false, null]);
  await assertAnswer(await ask('DELETE', `${own}/roles/${role}`, registry.admin), 409, 'CONFLICT');
  await assertAnswer(await ask('DELETE', `/api/v2.0/projects/team/members/${member}`, owner), 200);
  const changed = { ...body, permissions: ['project:read'], description: 'looks' };
  await assertAnswer(await ask('PUT', `${own}/roles/${role}`, registry.admin, changed), 200);
  await assertAnswer(await ask('DELETE', `${own}/roles/${role}`, registry.admin), 200);
  await assertAnswer(await ask('GET', `${own}/roles/${role}`, registry.admin), 404, 'NOT_FOUND');
});

test('a role in the whole registry is given and taken by those who keep roles', async () => {
  const body = { name: 'operator', level: 'system', permissions: ['user:list', 'project:read'] };
  const role = await made(`${own}/roles`, registry.admin, body);
  const given = { role_id: role, user: { name: 'anna' }, group: null };
  await assertAnswer(await ask('POST', `${own}/system-members`, anna, given), 403, 'FORBIDDEN');
  await assertAnswer(await ask('GET', '/api/v2.0/users', anna), 403, 'FORBIDDEN');
  const id = await made(`${own}/system-members`, registry.admin, given);
  await assertAnswer(await ask('GET', '/api/v2.0/users', anna), 200);
  await assertAnswer(await ask('GET', '/api/v2.0/projects/team', anna), 200);
  const [listed] = (await read(`${own}/system-members`)) as unknown as Record<string, unknown>[];
  assert.deepEqual(
    [listed?.['entity_name'], listed?.['role_name'], listed?.['entity_id']],
    ['anna', 'operator', annaId],
  );
  assert.equal((await explained('user=anna&permission=user:list'))['rule'], 'role operator in the registry');
  await assertAnswer(await ask('DELETE', `${own}/system-members/${id}`, registry.admin), 200);
  await assertAnswer(await ask('GET', '/api/v2.0/users', anna), 403, 'FORBIDDEN');
  await assertAnswer(await ask('POST', `${own}/system-members`, registry.admin, { role_id: role }), 400, 'BAD_REQUEST');
});

test('a role in some repositories reaches those', async () => {
  const path = `${own}/projects/team/repository-members`;
  const given = { role_id: 2, pattern: 'app/**', user: { name: 'anna' } };
  await assertAnswer(await ask('POST', path, maintainer, given), 403, 'FORBIDDEN');
  await assertAnswer(await ask('POST', path, anna, given), 404, 'NOT_FOUND');
  const id = await made(path, owner, given);
  const upload = (repository: string) =>
    registry.fetch(`/v2/team/${repository}/blobs/uploads/`, { method: 'POST', as: anna });
  assert.equal((await upload('app/web')).status, 202);
  assert.notEqual((await upload('other')).status, 202);
  const decision = await explained('user=anna&permission=repository:push&project=team&repository=app/web');
  assert.equal(decision['rule'], 'role developer in repositories app/** in the project');
  await assertAnswer(await ask('PUT', `${path}/${id}`, owner, { role_id: 3 }), 200);
  assert.notEqual((await upload('app/web')).status, 202);
  await assertAnswer(
    await ask('DELETE', `${own}/projects/other/repository-members/${id}`, registry.admin),
    404,
    'NOT_FOUND',
  );
  await assertAnswer(await ask('DELETE', `${path}/${id}`, owner), 200);
  await assertAnswer(await ask('DELETE', `${path}/${id}`, owner), 404, 'NOT_FOUND');
});

test('a group is explained by its own roles, and nobody by what is open to all', async () => {
  const group = await made(`${own}/groups`, registry.admin, { name: 'night' });
  await made('/api/v2.0/projects/team/members', owner, { role_id: 2, member_group: { id: group } });
  const decision = await explained(`group=${group}&permission=repository:push&project=team&repository=app`);
  assert.equal(decision['rule'], 'role developer in the project, as a member of the group night');
  assert.equal(
    (await explained('group=night&permission=repository:push&project=other&repository=x'))['allowed'],
    false,
  );
  assert.equal(
    (await explained('permission=repository:pull&project=library&repository=x'))['rule'],
    'the project is public',
  );
  assert.equal((await explained('permission=repository:pull&project=team&repository=x'))['allowed'], false);
  assert.equal((await explained('user=admin&permission=robot:create'))['rule'], 'administrator of the registry');
  await registry.registry.users.setDisabled(await registry.addUser('off', { team: 1 }), true);
  assert.equal((await explained('user=off&permission=project:read&project=team'))['allowed'], false);
});

test('administrators of a project ask about their project, everybody else about nothing', async () => {
  const path = `${own}/projects/team/permissions/explain`;
  const query = 'user=maintainer&permission=repository:delete&repository=app';
  assert.equal((await read(`${path}?${query}`, owner))['rule'], 'role maintainer in the project');
  await assertAnswer(await ask('GET', `${path}?${query}`, maintainer), 403, 'FORBIDDEN');
  await assertAnswer(await ask('GET', `${path}?${query}`, anna), 404, 'NOT_FOUND');
  await assertAnswer(await ask('GET', `${own}/permissions/explain?permission=project:read`, owner), 403, 'FORBIDDEN');
  for (const wrong of ['permission=none', 'user=a&group=b&permission=project:read', '']) {
    await assertAnswer(await ask('GET', `${path}?${wrong}`, owner), 400, 'BAD_REQUEST');
  }
  await assertAnswer(await ask('GET', `${path}?user=none&permission=project:read`, owner), 404, 'NOT_FOUND');
});

test('robots are explained, and to administrators of a project only those with business in it', async () => {
  const robot = async (level: string, permissions: unknown, name: string) => {
    const response = await ask('POST', '/api/v2.0/robots', registry.admin, { name, level, duration: -1, permissions });
    assert.equal(response.status, 201, await response.clone().text());
    return encodeURIComponent(((await response.json()) as { name: string }).name);
  };
  const pulls = [{ resource: 'repository', action: 'pull' }];
  const here = await robot('project', [{ kind: 'project', namespace: 'team', access: pulls }], 'here');
  const there = await robot('project', [{ kind: 'project', namespace: 'other', access: pulls }], 'there');
  const path = `${own}/projects/team/permissions/explain?permission=repository:pull&repository=app`;
  assert.equal((await read(`${path}&robot=${here}`, owner))['allowed'], true);
  await assertAnswer(await ask('GET', `${path}&robot=${there}`, owner), 404, 'NOT_FOUND');
  const decision = await explained(`robot=${there}&permission=repository:pull&project=other&repository=x`);
  assert.equal(decision['allowed'], true);
});

test('what robots may be given is listed for those who make robots', async () => {
  const path = '/api/v2.0/permissions';
  const all = (await read(path)) as { system: unknown[]; project: unknown[] };
  assert.deepEqual([all.system.length, all.project.length], [70, 70]);
  assert.deepEqual(Object.keys(await read(path, owner)), ['project']);
  await assertAnswer(await ask('GET', path, maintainer), 403, 'FORBIDDEN');
  await assertAnswer(await ask('GET', path, undefined), 401, 'UNAUTHORIZED');
});
