import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAnswer } from '#testing/answers';
import { useTestRegistry } from '#testing/test-registry';

const registry = await useTestRegistry();
await registry.addProject('team');
const annaId = await registry.addUser('anna');
const anna = registry.basic('anna');

const ask = (method: string, path: string, as: string | undefined, body?: unknown) =>
  registry.fetch(path, {
    method,
    ...(as === undefined ? {} : { as }),
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
const read = async (path: string, as = registry.admin) => {
  const response = await ask('GET', path, as);
  assert.equal(response.status, 200, await response.clone().text());
  return (await response.json()) as unknown;
};

const harbor = '/api/v2.0/usergroups';
const own = '/api/entrepot/v1/groups';
const made = async (path: string, body: unknown) => {
  const response = await ask('POST', path, registry.admin, body);
  assert.equal(response.status, 201, await response.clone().text());
  return response.headers.get('location') ?? '';
};

test('groups of a directory and of a provider are made, found, renamed and forgotten as in Harbor', async () => {
  const dn = 'cn=dev,ou=groups,dc=example,dc=org';
  const path = await made(harbor, { group_name: 'dev', group_type: 1, ldap_group_dn: dn });
  assert.match(path, /^\/api\/v2\.0\/usergroups\/\d+$/);
  await made(harbor, { group_name: 'ops', group_type: 3, ldap_group_dn: '' });
  const id = Number(path.split('/').at(-1));
  assert.deepEqual(await read(path), { id, group_name: 'dev', group_type: 1, ldap_group_dn: dn });
  assert.equal(((await read(`${harbor}?group_name=O`)) as unknown[]).length, 1);
  assert.deepEqual(await read(`${harbor}/search?groupname=DE`, anna), [{ id, group_name: 'dev', group_type: 1 }]);
  await assertAnswer(await ask('POST', harbor, registry.admin, { group_name: 'x', group_type: 1 }), 400, 'BAD_REQUEST');
  await assertAnswer(await ask('POST', harbor, registry.admin, { group_name: 'x', group_type: 0 }), 400, 'BAD_REQUEST');
  await assertAnswer(await ask('POST', harbor, registry.admin, { group_name: 'ops', group_type: 3 }), 409, 'CONFLICT');
  await assertAnswer(await ask('PUT', path, registry.admin, { group_name: 'developers', group_type: 1 }), 200);
  await assertAnswer(await ask('DELETE', path, registry.admin), 200);
  await assertAnswer(await ask('GET', path, registry.admin), 404, 'NOT_FOUND');
});

test('who may not, may not', async () => {
  for (const [method, path] of [
    ['GET', harbor],
    ['POST', harbor],
    ['GET', `${harbor}/1`],
    ['PUT', `${harbor}/1`],
    ['DELETE', `${harbor}/1`],
    ['GET', own],
    ['POST', own],
    ['POST', `${own}/1/members`],
    ['DELETE', `${own}/1/members/1`],
  ] as const) {
    const body = method === 'POST' || method === 'PUT' ? { name: 'x', group_name: 'x', user_id: 1 } : undefined;
    await assertAnswer(await ask(method, path, undefined, body), 401, 'UNAUTHORIZED');
    await assertAnswer(await ask(method, path, anna, body), 403, 'FORBIDDEN');
  }
});

test('a group kept by hand gives its people its roles, until they leave or it goes', async () => {
  const path = await made(own, { name: 'night shift' });
  const id = Number(path.split('/').at(-1));
  const groups = (await read(own)) as { id: number; name: string }[];
  assert.deepEqual(
    groups.map(({ id: one, name }) => [one, name]),
    [[id, 'night shift']],
  );
  await assertAnswer(await ask('GET', `${harbor}/${id}`, registry.admin), 404, 'NOT_FOUND');
  await made('/api/v2.0/projects/team/members', { role_id: 3, member_group: { id } });
  const sees = async () => (await ask('GET', '/api/v2.0/projects/team', anna)).status;
  assert.equal(await sees(), 404);
  await assertAnswer(await ask('POST', `${path}/members`, registry.admin, { username: 'anna' }), 201);
  assert.equal(await sees(), 200);
  assert.deepEqual(await read(`${path}/members`), [{ user_id: annaId, username: 'anna' }]);
  await assertAnswer(await ask('POST', `${path}/members`, registry.admin, { user_id: annaId }), 409, 'CONFLICT');
  await assertAnswer(await ask('POST', `${path}/members`, registry.admin, {}), 400, 'BAD_REQUEST');
  await assertAnswer(await ask('DELETE', `${path}/members/${annaId}`, registry.admin), 200);
  assert.equal(await sees(), 404);
  await assertAnswer(await ask('DELETE', `${path}/members/${annaId}`, registry.admin), 404, 'NOT_FOUND');
  await assertAnswer(await ask('PUT', path, registry.admin, { name: 'day shift' }), 200);
  await assertAnswer(await ask('DELETE', path, registry.admin), 200);
});
