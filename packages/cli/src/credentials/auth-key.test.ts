import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findBestKey, hostOfKey, isKeyOfRegistry, keyForRegistry } from './auth-key.ts';

const table: readonly {
  name: string;
  keys: readonly string[];
  registry: string;
  repository?: string;
  expected: string | undefined;
}[] = [
  { name: 'the host', keys: ['r.example'], registry: 'r.example', repository: 'a/b', expected: 'r.example' },
  {
    name: 'the longest namespace',
    keys: ['r.example', 'r.example/a', 'r.example/a/b', 'r.example/a/c'],
    registry: 'r.example',
    repository: 'a/b/c',
    expected: 'r.example/a/b',
  },
  {
    name: 'a namespace only at a slash',
    keys: ['r.example/team'],
    registry: 'r.example',
    repository: 'teams/app',
    expected: undefined,
  },
  { name: 'no other port', keys: ['r.example:5000'], registry: 'r.example', expected: undefined },
  { name: 'no host that only begins alike', keys: ['r.example'], registry: 'r.example.org', expected: undefined },
  {
    name: "docker's address of a host",
    keys: ['https://r.example/v1/'],
    registry: 'r.example',
    expected: 'https://r.example/v1/',
  },
  {
    name: 'a plain address',
    keys: ['http://localhost:5000'],
    registry: 'localhost:5000',
    expected: 'http://localhost:5000',
  },
  {
    name: 'Docker Hub by its old address',
    keys: ['https://index.docker.io/v1/'],
    registry: 'docker.io',
    repository: 'library/alpine',
    expected: 'https://index.docker.io/v1/',
  },
  {
    name: 'a namespace of Docker Hub',
    keys: ['https://index.docker.io/v1/', 'docker.io/acme'],
    registry: 'docker.io',
    repository: 'acme/app',
    expected: 'docker.io/acme',
  },
];

for (const { name, keys, registry, repository, expected } of table) {
  test(`credentials are found by ${name}`, () => {
    assert.equal(findBestKey(keys, registry, repository), expected);
  });
}

test('credentials for Docker Hub are kept under the key that docker reads', () => {
  assert.equal(keyForRegistry('docker.io'), 'https://index.docker.io/v1/');
  assert.equal(keyForRegistry('r.example'), 'r.example');
});

test('a key with a namespace is not about the whole registry', () => {
  assert.equal(isKeyOfRegistry('r.example/team', 'r.example'), false);
  assert.equal(isKeyOfRegistry('https://r.example/v2/', 'r.example'), true);
});

test('the host of a key is told without scheme and namespace', () => {
  assert.equal(hostOfKey('https://index.docker.io/v1/'), 'docker.io');
  assert.equal(hostOfKey('r.example:5000/team'), 'r.example:5000');
});
