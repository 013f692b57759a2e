import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Permission, permissions, type ProjectRole, roleIds } from '@entrepot/contract/permissions';
import type { TokenActor } from '#kernel/actor';
import { accountMay, tokenAskedFor, tokenMay } from './rules.ts';

const reads: readonly Permission[] = [
  'project:read',
  'repository:list',
  'repository:pull',
  'artifact:list',
  'tag:list',
];

/** What each may in a project of its own, written out: a permission that is added must be decided here too. */
const allowed: Readonly<Record<ProjectRole, readonly Permission[]>> = {
  limitedGuest: reads,
  guest: reads,
  developer: [...reads, 'repository:push'],
  maintainer: [...reads, 'repository:push', 'artifact:delete'],
  projectAdmin: [...reads, 'repository:push', 'artifact:delete', 'artifact:push-sparse', 'project:delete'],
};

const inPrivate = { id: 1, public: false };
const inPublic = { id: 2, public: true };
const may = (account: { admin?: boolean; role?: number }, permission: Permission, project = inPrivate, open = true) =>
  accountMay({ admin: false, role: undefined, ...account }, permission, project, open);

for (const [role, id] of Object.entries(roleIds)) {
  for (const permission of permissions) {
    const wanted = allowed[role as ProjectRole].includes(permission);
    test(`a ${role} ${wanted ? 'may' : 'may not'} ${permission} in a private project of its own`, () => {
      assert.equal(may({ role: id }, permission), wanted);
    });
  }
}

for (const permission of permissions) {
  test(`an administrator of the registry may ${permission} everywhere`, () => {
    for (const project of [inPrivate, inPublic]) assert.equal(may({ admin: true }, permission, project), true);
  });

  test(`who is no member may not ${permission} in a private project`, () => {
    assert.equal(may({}, permission), false);
  });

  const open = reads.includes(permission);
  test(`who is no member ${open ? 'may' : 'may not'} ${permission} in a public project`, () => {
    assert.equal(may({}, permission, inPublic), open);
    assert.equal(
      may({}, permission, inPublic, false),
      false,
      'and never where public projects are closed to strangers',
    );
  });
}

test('a role that does not exist gives nothing', () => {
  for (const role of [0, 6, -1, Number.NaN]) {
    for (const permission of permissions) assert.equal(may({ role }, permission), false);
  }
});

const token = (...actions: readonly string[]): TokenActor => ({
  kind: 'token',
  userId: 7,
  name: 'anna',
  admin: false,
  catalog: false,
  grants: [{ repository: 'team/app', projectId: 1, actions }],
});

const tokenTable: readonly (readonly [string, readonly string[], Permission, boolean])[] = [
  ['a pull token pulls', ['pull'], 'repository:pull', true],
  ['a pull token lists tags', ['pull'], 'tag:list', true],
  ['a pull token does not push', ['pull'], 'repository:push', false],
  ['a pull token does not delete', ['pull'], 'artifact:delete', false],
  ['a push token pushes', ['push'], 'repository:push', true],
  ['a push token alone does not pull', ['push'], 'repository:pull', false],
  ['a push token does not delete', ['pull', 'push'], 'artifact:delete', false],
  ['a delete token deletes', ['delete'], 'artifact:delete', true],
  ['a token never deletes a project', ['pull', 'push', 'delete', '*'], 'project:delete', false],
  ['a token never makes a project', ['pull', 'push', 'delete', '*'], 'project:create', false],
  ['a token without actions does nothing', [], 'repository:pull', false],
  ['a star in a token is no action', ['*'], 'repository:pull', false],
];

for (const [name, actions, permission, wanted] of tokenTable) {
  test(name, () => assert.equal(tokenMay(token(...actions), permission, inPrivate, 'team/app'), wanted));
}

test('a token is good in its own repository of its own project only', () => {
  const pull = (project: { id: number; public: boolean }, repository: string) =>
    tokenMay(token('pull'), 'repository:pull', project, repository);
  assert.equal(pull(inPrivate, 'team/app'), true);
  assert.equal(pull(inPrivate, 'team/ap'), false);
  assert.equal(pull(inPrivate, 'team/app/sub'), false);
  assert.equal(pull({ id: 9, public: false }, 'team/app'), false, 'a project made anew under the name');
  assert.equal(pull({ id: 9, public: true }, 'team/app'), false, 'though it be public');
});

test('an administrator’s token is good for what it says and no more', () => {
  const admins = { ...token('pull'), admin: true };
  assert.equal(tokenMay(admins, 'repository:push', inPrivate, 'team/app'), false);
  assert.equal(tokenMay(admins, 'repository:pull', inPrivate, 'team/other'), false);
});

test('a token tells what it was fetched for, granted or not', () => {
  assert.equal(tokenAskedFor(token(), 'team/app'), true);
  assert.equal(tokenAskedFor(token('pull'), 'team/other'), false);
  assert.equal(tokenAskedFor({ kind: 'anonymous' }, 'team/other'), true);
});
