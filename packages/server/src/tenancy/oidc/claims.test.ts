import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RegistryError } from '#kernel/errors';
import {
  assertGroupFilter,
  filterGroups,
  hasOverage,
  readGroups,
  readMembership,
  readProfile,
  toUserName,
} from './claims.ts';
import type { OidcSettings } from './types.ts';

const settings: OidcSettings = {
  name: 'Login',
  endpoint: 'https://login.example',
  clientId: 'hub',
  clientSecret: 's',
  scope: 'openid',
  verifyCert: true,
  autoOnboard: true,
  userClaim: undefined,
  groupsClaim: 'groups',
  adminGroup: undefined,
  groupFilter: undefined,
  extraRedirectParams: {},
  logout: false,
};

const groups: { name: string; claims: Record<string, unknown>; claim?: string; expected: string[] }[] = [
  { name: 'texts', claims: { groups: ['a', 'b'] }, expected: ['a', 'b'] },
  { name: 'one text', claims: { groups: 'a' }, expected: ['a'] },
  { name: 'objects with names', claims: { groups: [{ name: 'a' }, { id: 1 }] }, expected: ['a'] },
  { name: 'the same twice', claims: { groups: ['a', 'a'] }, expected: ['a'] },
  { name: 'paths', claims: { groups: ['/a/b'] }, expected: ['/a/b'] },
  { name: 'no claim', claims: {}, expected: [] },
  { name: 'null', claims: { groups: null }, expected: [] },
  {
    name: 'what is no name',
    claims: { groups: [1, true, null, '', ' ', ['a'], 'a\0b', 'x'.repeat(256)] },
    expected: [],
  },
  { name: 'a path', claims: { realm_access: { roles: ['a'] } }, claim: 'realm_access.roles', expected: ['a'] },
  {
    name: 'a name with dots',
    claims: { 'https://x.example/groups': ['a'] },
    claim: 'https://x.example/groups',
    expected: ['a'],
  },
  { name: 'a prototype', claims: {}, claim: 'constructor.name', expected: [] },
  { name: 'too many for a token', claims: { _claim_names: { groups: 'src1' }, _claim_sources: {} }, expected: [] },
];

for (const { name, claims, claim = 'groups', expected } of groups) {
  test(`groups as ${name} are ${expected.join(' and ') || 'none'}`, () => {
    assert.deepEqual(readGroups(claims, claim), expected);
  });
}

test('of very many groups a thousand are taken', () => {
  assert.equal(readGroups({ groups: Array.from({ length: 5000 }, (_, at) => `g${at}`) }, 'groups').length, 1000);
});

test('a filter keeps the groups that it finds', () => {
  assert.deepEqual(filterGroups(['hub-a', 'x', 'hub-b'], '^hub-'), ['hub-a', 'hub-b']);
  assert.deepEqual(filterGroups(['a'], ''), ['a']);
});

test('a filter that takes for ever keeps nothing and is over soon', () => {
  const since = performance.now();
  assert.deepEqual(filterGroups([`${'a'.repeat(200)}!`], '^(a+)+$'), []);
  assert.ok(performance.now() - since < 2000);
});

test('a filter that is none is refused by name', () => {
  for (const filter of ['(', 'x'.repeat(256)]) {
    assert.throws(
      () => assertGroupFilter(filter),
      (error: RegistryError) => /oidc_group_filter/.test(error.message),
    );
  }
});

const names: { name: string; claims: Record<string, unknown>; claim?: string; expected: string }[] = [
  {
    name: 'what the provider prefers',
    claims: { sub: '1', preferred_username: 'anna', name: 'Anna B' },
    expected: 'anna',
  },
  { name: 'the whole name', claims: { sub: '1', name: 'Anna B' }, expected: 'Anna_B' },
  { name: 'the subject', claims: { sub: 'auth0|17' }, expected: 'auth0_17' },
  { name: 'the claim of the settings', claims: { sub: '1', nick: 'ann', name: 'x' }, claim: 'nick', expected: 'ann' },
  { name: 'a name as robots have', claims: { sub: 'robot$evil:x' }, expected: 'robot_evil_x' },
];

for (const { name, claims, claim, expected } of names) {
  test(`a user is named by ${name}`, () => {
    assert.equal(readProfile(claims, { ...settings, userClaim: claim }).userName, expected);
  });
}

test('a user without the claim of the settings is refused, and not named by another', () => {
  assert.throws(
    () => readProfile({ sub: '1', name: 'admin' }, { ...settings, userClaim: 'nick' }),
    (error: RegistryError) => error.code === 'unauthorized',
  );
});

test('administrators are the members of the group, whatever the filter keeps', () => {
  const claims = { sub: '1', groups: ['ops', 'hub-a'] };
  const of = (change: Partial<OidcSettings>) => readMembership(claims, { ...settings, ...change });
  assert.deepEqual(of({ adminGroup: 'ops', groupFilter: '^hub-' }), { groups: ['hub-a'], admin: true });
  for (const adminGroup of [undefined, '', 'op', 'OPS']) assert.equal(of({ adminGroup }).admin, false);
});

test('names are of letters, digits and few signs, and not endless', () => {
  assert.equal(toUserName('änna@x.example'), 'änna@x.example');
  assert.equal(toUserName('a b/c\n'), 'a_b_c_');
  assert.equal(toUserName('x'.repeat(300)).length, 255);
});

test('groups that were left out of a token are noticed', () => {
  assert.equal(hasOverage({ _claim_names: { groups: 'src1' } }, 'groups'), true);
  assert.equal(hasOverage({ groups: [] }, 'groups'), false);
});
