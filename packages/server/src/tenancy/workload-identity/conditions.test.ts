import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RegistryError } from '#kernel/errors';
import { assertConditions, meets } from './conditions.ts';

const cluster = {
  sub: 'system:serviceaccount:team-a:builder',
  'kubernetes.io': { namespace: 'team-a', serviceaccount: { name: 'builder' } },
};
const pipeline = {
  sub: 'repo:acme/app:ref:refs/heads/main',
  repository: 'acme/app',
  ref: 'refs/heads/release/1.2',
  run: 7,
  protected: true,
  groups: ['a', 'b'],
  nested: { environment: 'prod' },
};

const cases: { name: string; claims: object; claim: string; values: string[]; expected: boolean }[] = [
  {
    name: 'the exact value',
    claims: cluster,
    claim: 'sub',
    values: ['system:serviceaccount:team-a:builder'],
    expected: true,
  },
  {
    name: 'another value',
    claims: cluster,
    claim: 'sub',
    values: ['system:serviceaccount:team-b:builder'],
    expected: false,
  },
  {
    name: 'one of several',
    claims: cluster,
    claim: 'sub',
    values: ['x', 'system:serviceaccount:team-a:*'],
    expected: true,
  },
  { name: 'a longer value', claims: { sub: 'team-ab' }, claim: 'sub', values: ['team-a'], expected: false },
  { name: 'other cases', claims: { sub: 'Team-A' }, claim: 'sub', values: ['team-a'], expected: false },
  {
    name: 'a star that does not cross slashes',
    claims: pipeline,
    claim: 'ref',
    values: ['refs/heads/*'],
    expected: false,
  },
  { name: 'two stars that do', claims: pipeline, claim: 'ref', values: ['refs/heads/**'], expected: true },
  {
    name: 'a pointer through a name with a dot',
    claims: cluster,
    claim: '/kubernetes.io/namespace',
    values: ['team-a'],
    expected: true,
  },
  {
    name: 'a pointer deeper',
    claims: cluster,
    claim: '/kubernetes.io/serviceaccount/name',
    values: ['builder'],
    expected: true,
  },
  { name: 'a pointer to nothing', claims: cluster, claim: '/kubernetes.io/x/y', values: ['*'], expected: false },
  { name: 'a path', claims: pipeline, claim: 'nested.environment', values: ['prod'], expected: true },
  { name: 'a number', claims: pipeline, claim: 'run', values: ['7'], expected: true },
  { name: 'a truth', claims: pipeline, claim: 'protected', values: ['true'], expected: true },
  { name: 'an element of a list', claims: pipeline, claim: 'groups', values: ['b'], expected: true },
  { name: 'an object', claims: pipeline, claim: 'nested', values: ['*'], expected: false },
  { name: 'a claim that is not there', claims: pipeline, claim: 'absent', values: ['*'], expected: false },
  { name: 'a claim of null', claims: { sub: null }, claim: 'sub', values: ['*', 'null'], expected: false },
  { name: 'a prototype', claims: {}, claim: 'constructor.name', values: ['*'], expected: false },
  { name: 'an endless value', claims: { sub: 'a'.repeat(2000) }, claim: 'sub', values: ['a*'], expected: false },
];

for (const { name, claims, claim, values, expected } of cases) {
  test(`${name} ${expected ? 'meets' : 'does not meet'} the condition`, () => {
    assert.equal(meets(claims as Record<string, unknown>, [{ claim, values }]), expected);
  });
}

test('all conditions have to hold, and none is nothing that holds', () => {
  const repository = { claim: 'repository', values: ['acme/*'] };
  assert.equal(meets(pipeline, [repository, { claim: 'ref', values: ['refs/heads/**'] }]), true);
  assert.equal(meets(pipeline, [repository, { claim: 'ref', values: ['refs/tags/**'] }]), false);
  assert.equal(meets(pipeline, []), false);
});

test('conditions that let everybody of an issuer in are refused', () => {
  for (const conditions of [
    [],
    [{ claim: 'sub', values: ['*'] }],
    [{ claim: 'sub', values: ['repo:acme/*', '**'] }],
    [{ claim: 'aud', values: ['hub'] }],
    [{ claim: '/iss', values: ['https://x.example'] }],
    [{ claim: 'sub', values: ['{*,?}/**'] }],
  ]) {
    assert.throws(
      () => assertConditions(conditions),
      (error: RegistryError) => error.code === 'body-invalid',
      JSON.stringify(conditions),
    );
  }
  assertConditions([
    { claim: 'sub', values: ['repo:acme/*:ref:**'] },
    { claim: 'x', values: ['*'] },
  ]);
});

test('no pattern takes long', () => {
  const since = performance.now();
  assert.equal(meets({ sub: `${'ab'.repeat(500)}c` }, [{ claim: 'sub', values: ['a*'.repeat(50) + 'b'] }]), false);
  assert.ok(performance.now() - since < 1000, `${performance.now() - since} ms`);
});
