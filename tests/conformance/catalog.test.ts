import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { type Answer, pathOf } from '#support/http-exchange';
import type { RegistryClient } from '#support/registry-client';
import { useRegistry } from '#support/use-registry';

const registry = await useRegistry();
let open = '';
let closed = '';
let names: string[] = [];

before(async () => {
  open = await registry.makeProject({ public: true });
  closed = await registry.makeProject({ public: false });
  names = ['a', 'a/b', 'a-b', 'a.b', 'a/b/c', 'b', 'z']
    .flatMap((name) => [`${open}/${name}`, `${closed}/${name}`])
    .toSorted();
  for (const name of names) await registry.client.pushImage(name, 'latest');
});

function repositoriesOf(answer: Answer): string[] {
  assert.equal(answer.status, 200, answer.text);
  const { repositories } = answer.json() as { repositories: string[] };
  assert.ok(Array.isArray(repositories));
  return repositories;
}

async function walk(client: RegistryClient, n: number, path = '/v2/_catalog'): Promise<string[]> {
  const seen: string[] = [];
  let next: string | undefined = `${path}?n=${n}`;
  for (let page = 0; next !== undefined && page < 100; page++) {
    const answer: Answer = await client.send('GET', next);
    const some = repositoriesOf(answer);
    assert.ok(some.length <= n);
    seen.push(...some);
    const link: string | undefined = answer.header('link');
    next = link === undefined ? undefined : pathOf(/^<([^>]+)>;\s*rel="next"$/.exec(link)?.[1] ?? '', registry.origin);
    if (next !== undefined) assert.match(next, new RegExp(`[?&]n=${n}(&|$)`));
  }
  return seen;
}

test('the administrator sees every repository once, in order', async () => {
  const all = repositoriesOf(await registry.client.send('GET', '/v2/_catalog'));
  assert.deepEqual(all, all.toSorted());
  for (const name of names) assert.equal(all.filter((one) => one === name).length, 1, name);
  for (const n of [1, 3, 1000]) assert.deepEqual(await walk(registry.client, n), all, `in pages of ${n}`);
});

test('a page may start after a repository that does not exist', async () => {
  const answer = await registry.client.send('GET', `/v2/_catalog?n=2&last=${open}/a-`);
  assert.deepEqual(
    repositoriesOf(answer),
    repositoriesOf(await registry.client.send('GET', '/v2/_catalog'))
      .filter((name) => name > `${open}/a-`)
      .slice(0, 2),
  );
});

test('n=0 gives nothing, and what is no number is refused', async () => {
  assert.deepEqual(repositoriesOf(await registry.client.send('GET', '/v2/_catalog?n=0')), []);
  for (const n of ['-1', 'abc', '1.5']) {
    assert.equal((await registry.client.send('GET', `/v2/_catalog?n=${n}`)).status, 400, n);
  }
  for (const n of ['2147483647', '1000000000']) {
    assert.ok([200, 400].includes((await registry.client.send('GET', `/v2/_catalog?n=${n}`)).status), n);
  }
});

test('who is not logged in sees no private repository, whatever the page', async () => {
  const { anonymous } = registry;
  for (const query of ['', '?n=100', `?last=${closed}/`, `?n=100&last=${closed}/a`]) {
    const answer = await anonymous.send('GET', `/v2/_catalog${query}`);
    if (answer.status === 401) assert.ok(answer.header('www-authenticate'));
    else for (const name of repositoriesOf(answer)) assert.ok(!name.startsWith(`${closed}/`), name);
    assert.ok(!answer.text.includes(closed));
  }
});

test('a token for one repository does not open the catalog of others', async () => {
  const client = registry.clientWith(`Bearer ${await registry.token(`repository:${open}/a:pull`)}`);
  const answer = await client.send('GET', '/v2/_catalog');
  if (answer.status === 200) assert.ok(!answer.text.includes(closed));
  else assert.ok([401, 403].includes(answer.status), `${answer.status}`);
});

test('a token for the catalog opens it', async () => {
  const client = registry.clientWith(`Bearer ${await registry.token('registry:catalog:*')}`);
  assert.ok(repositoriesOf(await client.send('GET', '/v2/_catalog')).includes(`${open}/a`));
});

test('a repository without tags is in the catalog, a name nobody pushed to is not', async () => {
  const { client } = registry;
  const untagged = registry.repository();
  await client.pushImage(untagged);
  const never = registry.repository();
  await client.send('GET', `/v2/${never}/tags/list`);
  const all = repositoriesOf(await client.send('GET', '/v2/_catalog?n=1000'));
  assert.ok(all.includes(untagged));
  assert.ok(!all.includes(never));
});
