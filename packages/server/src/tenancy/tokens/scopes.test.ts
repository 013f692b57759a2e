import assert from 'node:assert/strict';
import { test } from 'node:test';
import { roleIds } from '@entrepot/contract/permissions';
import { parseScope } from '@entrepot/oci/scope';
import { type Actor, anonymous } from '#kernel/actor';
import { createAccess } from '#tenancy/access';
import { givenRoles } from '#testing/given-roles';
import { createTestClock } from '#testing/test-clock';
import { grantScopes, stillGranted } from './scopes.ts';

const projects = new Map([
  ['own', { id: 1, name: 'own', public: false }],
  ['foreign', { id: 2, name: 'foreign', public: false }],
  ['open', { id: 3, name: 'open', public: true }],
]);

function accessWith(roles: Readonly<Record<string, number>>) {
  const time = createTestClock();
  return createAccess({
    clock: time.clock,
    anonymousPull: true,
    projects: { find: (name) => projects.get(name) },
    roles: givenRoles(roles),
  });
}

const anna: Actor = { kind: 'user', userId: 7, name: 'anna', admin: false };
const root: Actor = { kind: 'user', userId: 1, name: 'admin', admin: true };

const table: readonly (readonly [string, Actor, string, string])[] = [
  ['a guest asks for pull', anna, 'repository:own/app:pull', 'own/app@1:pull'],
  ['a guest asks for more than it may', anna, 'repository:own/app:pull,push,delete', 'own/app@1:pull'],
  ['a guest asks for everything', anna, 'repository:own/app:*', 'own/app@1:pull'],
  ['a guest asks for everything and pull twice', anna, 'repository:own/app:*,pull,pull', 'own/app@1:pull'],
  ['a stranger asks for a private project', anna, 'repository:foreign/app:pull', 'foreign/app@2:'],
  ['a stranger asks for what does not exist', anna, 'repository:none/app:pull', 'none/app@0:'],
  ['anybody asks for a public project', anonymous, 'repository:open/app:pull,push', 'open/app@3:pull'],
  ['nobody asks for a private project', anonymous, 'repository:own/app:pull', 'own/app@1:'],
  ['an administrator asks for everything', root, 'repository:foreign/app:*', 'foreign/app@2:pull,push,delete'],
  ['an administrator asks for what does not exist', root, 'repository:none/app:*', 'none/app@0:'],
  ['an action nobody knows is asked for', anna, 'repository:own/app:pull,admin,metadata', 'own/app@1:pull'],
  ['another type is asked for', root, 'registry:catalog:* project:own:pull', ''],
  ['a plugin is asked for', root, 'repository(plugin):own/app:pull', ''],
  ['a name that is none is asked for', root, 'repository:Own/App:pull repository:own/../foreign:pull', ''],
  ['a host is put before the name', root, 'repository:evil.example:5000/own/app:pull', ''],
  ['several are asked for', anna, 'repository:own/a:pull repository:foreign/b:pull,push', 'own/a@1:pull foreign/b@2:'],
];

for (const [name, actor, scopes, wanted] of table) {
  test(`when ${name}, «${wanted}» is granted`, async () => {
    const access = accessWith({ '1:7': roleIds.guest });
    const grants = await grantScopes(access, actor, parseScope(scopes));
    const told = grants.map(({ repository, projectId, actions }) => `${repository}@${projectId}:${actions.join(',')}`);
    assert.equal(told.join(' '), wanted);
  });
}

test('a flood of scopes is cut, not served', async () => {
  const access = accessWith({});
  const scopes = Array.from({ length: 1000 }, (_, at) => `repository:open/r${at}:pull`).join(' ');
  assert.equal((await grantScopes(access, root, parseScope(scopes))).length, 50);
});

test('of what was signed only what is still allowed is left', async () => {
  const signed = [
    { repository: 'own/app', projectId: 1, actions: ['pull', 'push'] },
    { repository: 'foreign/app', projectId: 2, actions: ['pull'] },
    { repository: 'open/app', projectId: 3, actions: ['pull'] },
  ];
  const left = await stillGranted(accessWith({ '1:7': roleIds.guest }), anna, signed);
  assert.deepEqual(
    left.map(({ actions }) => actions),
    [['pull'], [], ['pull']],
  );
});

test('a project made anew under the same name gives an old token nothing', async () => {
  const signed = [
    { repository: 'own/app', projectId: 99, actions: ['pull', 'push', 'delete'] },
    { repository: 'open/app', projectId: 98, actions: ['pull'] },
  ];
  for (const actor of [root, anna, anonymous]) {
    const left = await stillGranted(accessWith({ '1:7': roleIds.projectAdmin }), actor, signed);
    assert.deepEqual(
      left.map(({ projectId, actions }) => [projectId, actions]),
      [
        [0, []],
        [0, []],
      ],
    );
  }
});

test('never more than was signed comes back, even when the account may more', async () => {
  const signed = [{ repository: 'own/app', projectId: 1, actions: ['pull'] }];
  const [left] = await stillGranted(accessWith({}), root, signed);
  assert.deepEqual(left?.actions, ['pull']);
});
