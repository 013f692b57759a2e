import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { Answer } from '#support/http-exchange';
import { pathOf } from '#support/http-exchange';
import { assertError } from '#support/registry-client';
import { useRegistry } from '#support/use-registry';

const registry = await useRegistry();
const tags = [
  '0.9',
  '1',
  '1.0',
  '1.0.1',
  '1.1',
  '10',
  '2',
  'A',
  'Z',
  '_',
  'a',
  'ab',
  'abc',
  'b',
  'latest',
  'v-1',
  'v.1',
  'v_1',
  'z',
];
let repository = '';

before(async () => {
  repository = registry.repository();
  const image = await registry.client.pushImage(repository);
  for (const tag of tags.toReversed()) await registry.client.pushManifest(repository, tag, image.manifest);
});

function list(query = ''): Promise<Answer> {
  return registry.client.send('GET', `/v2/${repository}/tags/list${query}`);
}

function tagsOf(answer: Answer): string[] {
  assert.equal(answer.status, 200, answer.text);
  assert.match(answer.header('content-type') ?? '', /^application\/json/);
  const body = answer.json() as { name: string; tags: string[] };
  assert.equal(body.name, repository);
  assert.ok(Array.isArray(body.tags), 'tags is a list, never null');
  return body.tags;
}

function nextOf(answer: Answer): string | undefined {
  const link = answer.header('link');
  if (link === undefined) return undefined;
  const match = /^<([^>]+)>;\s*rel="next"$/.exec(link);
  assert.ok(match?.[1], `a Link of RFC 5988: ${link}`);
  return pathOf(match[1], registry.origin);
}

test('all tags come in the order of their bytes', async () => {
  const answer = await list();
  assert.deepEqual(tagsOf(answer), tags.toSorted());
  assert.equal(nextOf(answer), undefined);
});

for (const n of [1, 2, 5, 18, 19, 20]) {
  test(`pages of ${n} give every tag once`, async () => {
    const seen: string[] = [];
    let path: string | undefined = `/v2/${repository}/tags/list?n=${n}`;
    for (let page = 0; path !== undefined && page < 30; page++) {
      const answer: Answer = await registry.client.send('GET', path);
      const some = tagsOf(answer);
      assert.ok(some.length <= n);
      seen.push(...some);
      path = nextOf(answer);
      if (path !== undefined) assert.ok(some.length > 0, 'only a page with tags has one after it');
      if (path !== undefined) assert.match(path, new RegExp(`[?&]n=${n}(&|$)`), 'the next page is of the same length');
    }
    assert.deepEqual(seen, tags.toSorted());
  });

  test(`pages of ${n} by the last tag give every tag once`, async () => {
    const seen: string[] = [];
    for (let page = 0; page < 30; page++) {
      const last = seen.at(-1);
      const some = tagsOf(await list(`?n=${n}${last === undefined ? '' : `&last=${last}`}`));
      if (some.length === 0) break;
      seen.push(...some);
    }
    assert.deepEqual(seen, tags.toSorted());
  });
}

test('n=0 gives no tag and no next page', async () => {
  const answer = await list('?n=0');
  assert.deepEqual(tagsOf(answer), []);
  assert.equal(answer.header('link'), undefined);
});

for (const n of ['10000', '2147483647', '1000000000', '99999999999999999999']) {
  test(`n=${n} gives what there is, or is refused`, async () => {
    const answer = await list(`?n=${n}`);
    if (answer.status === 400) return;
    assert.deepEqual(tagsOf(answer), tags.toSorted());
  });
}

for (const n of ['-1', 'abc', '1.5', '1e3', '0x10']) {
  test(`n=${n} is refused`, async () => {
    assertError(await list(`?n=${n}`), 400, 'UNSUPPORTED', 'NAME_INVALID', 'SIZE_INVALID', 'MANIFEST_INVALID');
  });
}

for (const last of ['1.0', 'aa', 'zzz', '0', 'no-such-tag']) {
  test(`last=${last} without n gives all after it`, async () => {
    const sorted = tags.toSorted();
    assert.deepEqual(
      tagsOf(await list(`?last=${last}`)),
      sorted.filter((tag) => tag > last),
    );
  });
}

test('a tag that begins like another is not taken for it', async () => {
  assert.deepEqual(tagsOf(await list('?n=2&last=a')), ['ab', 'abc']);
  assert.deepEqual(tagsOf(await list('?n=2&last=1.0')), ['1.0.1', '1.1']);
});

test('the tags of a repository nobody made are unknown', async () => {
  const answer = await registry.client.send('GET', `/v2/${registry.repository()}/tags/list`);
  assertError(answer, 404, 'NAME_UNKNOWN');
});

test('a repository with a manifest and no tag has an empty list', async () => {
  const untagged = registry.repository();
  await registry.client.pushImage(untagged);
  const answer = await registry.client.expect(200, 'GET', `/v2/${untagged}/tags/list`);
  assert.deepEqual(answer.json(), { name: untagged, tags: [] });
});
