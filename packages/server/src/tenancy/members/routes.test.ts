import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAnswer } from '#testing/answers';
import { useTestRegistry } from '#testing/test-registry';

const registry = await useTestRegistry();
const team = await registry.addProject('team');
await registry.addProject('other');
const ids = {
  owner: await registry.addUser('owner', { team: 1 }),
  maintainer: await registry.addUser('maintainer', { team: 4 }),
  guest: await registry.addUser('guest', { team: 3 }),
  anna: await registry.addUser('anna', { other: 1 }),
};
const [owner, maintainer, guest, anna] = ['owner', 'maintainer', 'guest', 'anna'].map((name) =>
  registry.basic(name),
) as [string, string, string, string];
// The administrator made the project and is one of its members.
await registry.query('delete from member where entity_id = 1');

function ask(method: string, path: string, as: string | undefined, body?: unknown): Promise<Response> {
  return registry.fetch(`/api/v2.0/projects/${path}`, {
    method,
    ...(as === undefined ? {} : { as }),
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
}

const add = (as: string | undefined, body: unknown) => ask('POST', 'team/members', as, body);
const idOf = (response: Response) => Number(response.headers.get('location')?.split('/').at(-1));

test('a member is made, read, changed and removed', async () => {
  const made = await add(owner, { role_id: 2, member_user: { username: 'anna' }, member_group: {} });
  assert.equal(made.status, 201);
  assert.equal(made.headers.get('location'), `/api/v2.0/projects/${team}/members/${idOf(made)}`);
  const path = `team/members/${idOf(made)}`;
  assert.deepEqual(await (await ask('GET', path, owner)).json(), {
    id: idOf(made),
    project_id: team,
    entity_name: 'anna',
    role_name: 'developer',
    role_id: 2,
    entity_id: ids.anna,
    entity_type: 'u',
  });
  await assertAnswer(await registry.fetch('/api/v2.0/projects/team', { as: anna }), 200);
  await assertAnswer(await ask('PUT', path, owner, { role_id: 3 }), 200);
  await assertAnswer(await ask('DELETE', path, owner), 200);
  await assertAnswer(await registry.fetch('/api/v2.0/projects/team', { as: anna }), 404);
  await assertAnswer(await ask('GET', path, owner), 404, 'NOT_FOUND');
  await assertAnswer(await ask('DELETE', path, owner), 404, 'NOT_FOUND');
});

test('the list is paged and found by a part of the name', async () => {
  const page = await ask('GET', 'team/members?page=1&page_size=2', owner);
  assert.equal(page.headers.get('x-total-count'), '3');
  assert.equal(((await page.json()) as unknown[]).length, 2);
  const found = (await (await ask('GET', 'team/members?entityname=MAIN', guest)).json()) as { entity_name: string }[];
  assert.deepEqual(
    found.map((one) => one.entity_name),
    ['maintainer'],
  );
});

test('a body that names nobody, or both, is refused', async () => {
  for (const body of [
    { role_id: 2 },
    { role_id: 2, member_user: {}, member_group: null },
    { role_id: 2, member_user: { user_id: 0, username: '' }, member_group: { id: 0 } },
    { role_id: 2, member_user: { username: 'anna' }, member_group: { group_name: 'dev' } },
    { role_id: 77, member_user: { username: 'anna' } },
    { role_id: 2, member_user: { username: 'an\u0000na' } },
    { member_user: { username: 'anna' } },
  ]) {
    await assertAnswer(await add(owner, body), 400, 'BAD_REQUEST');
  }
  await assertAnswer(await add(owner, { role_id: 2, member_user: { user_id: 4711 } }), 404, 'NOT_FOUND');
  await assertAnswer(await add(owner, { role_id: 2, member_user: { username: 'guest' } }), 409, 'CONFLICT');
});

test('who may not, may not', async () => {
  const body = { role_id: 1, member_user: { username: 'anna' } };
  await assertAnswer(await add(undefined, body), 401, 'UNAUTHORIZED');
  for (const as of [maintainer, guest]) await assertAnswer(await add(as, body), 403, 'FORBIDDEN');
  await assertAnswer(await add(anna, body), 404, 'NOT_FOUND');
  const [row] = await registry.query(`select id from member where entity_id = ${ids.owner}`);
  const path = `team/members/${String(row?.['id'])}`;
  for (const as of [maintainer, guest]) {
    await assertAnswer(await ask('PUT', path, as, { role_id: 3 }), 403, 'FORBIDDEN');
    await assertAnswer(await ask('DELETE', path, as), 403, 'FORBIDDEN');
  }
  const through = `other/members/${String(row?.['id'])}`;
  await assertAnswer(await ask('DELETE', through, anna), 404, 'NOT_FOUND');
  await assertAnswer(await ask('GET', through, anna), 404, 'NOT_FOUND');
});

test('the last administrator stays one, unless an administrator of the registry decides (C2 20)', async () => {
  const [row] = await registry.query(`select id from member where entity_id = ${ids.owner}`);
  const path = `team/members/${String(row?.['id'])}`;
  await assertAnswer(await ask('DELETE', path, owner), 409, 'CONFLICT');
  await assertAnswer(await ask('PUT', path, owner, { role_id: 2 }), 409, 'CONFLICT');
  assert.deepEqual(await registry.query(`select role_id from member where entity_id = ${ids.owner}`), [
    Object.assign(Object.create(null), { role_id: 1 }),
  ]);
  await assertAnswer(await ask('PUT', path, registry.admin, { role_id: 2 }), 200);
});
