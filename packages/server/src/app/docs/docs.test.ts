import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allRecords } from '@entrepot/contract/all-records';
import type { OpenApiDocument } from '@entrepot/contract/openapi';
import { isNotYet } from '#app/not-yet';
import { useTestRegistry } from '#testing/test-registry';

const registry = await useTestRegistry();

const paths = {
  '/api/docs': 'text/html; charset=utf-8',
  '/api/docs/openapi.json': 'application/json',
  '/api/docs/style.css': 'text/css; charset=utf-8',
};

for (const [path, type] of Object.entries(paths)) {
  test(`${path} is for everybody, and harmless`, async () => {
    const response = await registry.fetch(path);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), type);
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
    assert.match(response.headers.get('content-security-policy') ?? '', /^default-src 'none'; style-src 'self';/);
    assert.ok((await response.text()).length > 500);
  });

  test(`${path} is sent again only when it changed`, async () => {
    const tag = (await registry.fetch(path)).headers.get('etag') ?? '';
    assert.match(tag, /^"[\w-]{22}"$/);
    const again = await registry.fetch(path, { headers: { 'if-none-match': tag } });
    assert.equal(again.status, 304);
    assert.equal(await again.text(), '');
    const other = await registry.fetch(path, { headers: { 'if-none-match': '"another"' } });
    assert.equal(other.status, 200);
    await other.body?.cancel();
  });

  test(`${path} answers HEAD without a body, and nothing else`, async () => {
    const head = await registry.fetch(path, { method: 'HEAD' });
    assert.equal(head.status, 200);
    assert.ok(Number(head.headers.get('content-length')) > 500);
    const post = await registry.fetch(path, { method: 'POST' });
    assert.equal(post.status, 405);
    assert.equal(post.headers.get('allow'), 'GET, HEAD');
  });
}

test('only the fixed names are there', async () => {
  for (const name of ['docs.ts', 'style.css/', '%2e%2e%2fcompose.ts', '..%2f..%2fpackage.json', 'page.ts', '', 'x']) {
    const response = await registry.fetch(`/api/docs/${name}`);
    assert.equal(response.status, 404, name);
  }
});

test('the document has every operation of the registry', async () => {
  const document = (await (await registry.fetch('/api/docs/openapi.json')).json()) as OpenApiDocument;
  const ids = Object.values(document.paths).flatMap((one) => Object.values(one).map(({ operationId }) => operationId));
  assert.deepEqual(ids.toSorted(), allRecords.map(({ operationId }) => operationId).toSorted());
});

test('the page has every operation, and every link of it leads somewhere', async () => {
  const text = await (await registry.fetch('/api/docs')).text();
  for (const { operationId, method, path } of allRecords) {
    assert.ok(text.includes(`id="operation-${operationId}"`), operationId);
    assert.ok(text.includes(`<span class="method">${method}</span> <code>${path}</code>`), path);
  }
  const ids = [...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  assert.equal(new Set(ids).size, ids.length);
  const anchors = new Set([...text.matchAll(/ href="#([^"]+)"/g)].map(([, id]) => id ?? ''));
  assert.ok(anchors.size > 50);
  for (const anchor of anchors) assert.ok(ids.includes(anchor), anchor);
  const links = [...text.matchAll(/ (?:href|src)="([^#][^"]*)"/g)].map(([, to]) => to ?? '');
  assert.deepEqual(links, ['docs/style.css', 'docs/openapi.json']);
  for (const link of links) {
    const response = await registry.fetch(new URL(link, 'http://registry/api/docs').pathname);
    assert.equal(response.status, 200);
    await response.body?.cancel();
  }
});

test('the page has no script, no style of its own and no handler', async () => {
  const text = await (await registry.fetch('/api/docs')).text();
  assert.doesNotMatch(text, /<script|<style|<iframe|<img|<form|\sstyle=|\son\w+=/i);
});

test('the page tells permissions, and which operations are not there yet', async () => {
  const text = await (await registry.fetch('/api/docs')).text();
  const part = (operationId: string) =>
    text.split('<details>').find((one) => one.includes(`id="operation-${operationId}"`)) ?? '';
  assert.match(part('createRegistry'), /<code>registry:create<\/code> in the whole registry/);
  assert.match(part('ListImmuRules'), /<code>immutable-tag:list<\/code> in the project\./);
  assert.match(part('createRegistry'), /href="#schema-RegistryRequest"/);
  for (const record of allRecords) {
    assert.equal(part(record.operationId).includes('>not yet<'), isNotYet(record), record.operationId);
  }
});
