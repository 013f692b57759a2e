import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRepositoryName } from '#src/repository-name';
import { createQuickClock } from '#src/testing/quick-clock';
import { randomImage } from '#src/testing/random-image';
import { type RegistryDouble, startRegistryDouble } from '#src/testing/registry-double';
import { RegistryProtocolError, RegistryResponseError } from './errors.ts';
import { type ListOptions, listRepositories, listTags } from './tags.ts';
import { createTransport } from './transport.ts';

const app = parseRepositoryName('team/app');
const names = Array.from({ length: 25 }, (_, i) => `v${String(i).padStart(2, '0')}`);

async function start(pageSize = 10) {
  const double = await startRegistryDouble({ pageSize });
  for (const name of names) {
    double.put('team/app', randomImage({ seed: 1 }), name);
  }
  return double;
}

async function list(double: RegistryDouble, options: ListOptions = {}) {
  using transport = createTransport({ registry: double.host, clock: createQuickClock() });
  return await Array.fromAsync(listTags(transport, app, options));
}

test('tags are listed over all pages, with and without a page size', async () => {
  await using double = await start();
  assert.deepEqual(await list(double), names);
  assert.equal(double.requests.length, 3);
  assert.deepEqual(await list(double, { pageSize: 7 }), names);
  assert.deepEqual(await list(double, { after: 'v20' }), names.slice(21));
});

test('repositories are listed over all pages', async () => {
  await using double = await start(2);
  for (const name of ['a', 'b', 'c/d']) {
    double.put(name, randomImage({ seed: 1 }));
  }
  using transport = createTransport({ registry: double.host });
  assert.deepEqual(await Array.fromAsync(listRepositories(transport)), ['a', 'b', 'c/d', 'team/app']);
});

test('a repository that is not there is a 404', async () => {
  await using double = await startRegistryDouble();
  await assert.rejects(list(double), (error) => error instanceof RegistryResponseError && error.status === 404);
});

test('null, missing and unusable names are no tags', async () => {
  await using double = await startRegistryDouble();
  for (const [body, expected] of [
    ['{"tags":null}', []],
    ['{}', []],
    ['null', []],
    ['{"tags":["a","../x",7,null,"b"]}', ['a', 'b']],
  ] as const) {
    double.fail({ kind: 'answer', status: 200, body }, () => true);
    assert.deepEqual(await list(double), expected);
  }
  double.fail({ kind: 'answer', status: 200, body: '<html>' }, () => true);
  await assert.rejects(list(double), RegistryProtocolError);
});

test('pages that go in a circle are given up', async () => {
  await using double = await startRegistryDouble();
  const headers = { link: '</v2/team/app/tags/list?last=a>; rel="next"' };
  double.fail({ kind: 'answer', status: 200, headers, body: '{"tags":["a"]}' }, () => true, 100);
  await assert.rejects(list(double), RegistryProtocolError);
  assert.equal(double.requests.length, 2);
});

test('a link to another host is followed at the registry', async () => {
  await using thief = await startRegistryDouble();
  await using double = await start(1000);
  for (const link of [`<${thief.origin}/v2/team/app/tags/list?last=v23>; rel="next"`]) {
    double.fail({ kind: 'answer', status: 200, headers: { link }, body: '{"tags":["a"]}' }, () => true);
    assert.deepEqual(await list(double), ['a', 'v24']);
  }
  assert.equal(thief.requests.length, 0);
});
