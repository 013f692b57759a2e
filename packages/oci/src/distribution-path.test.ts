import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDistributionPath } from './distribution-path.ts';

const d = `sha256:${'0'.repeat(64)}`;

const read = [
  { path: '/v2', expected: { kind: 'base' } },
  { path: '/v2/', expected: { kind: 'base' } },
  { path: '/v2/_catalog', expected: { kind: 'catalog' } },
  { path: '/v2/_oci/ext/discover', expected: { kind: 'extensions' } },
  { path: '/v2/app/tags/list', expected: { kind: 'tags', name: 'app' } },
  { path: '/v2/team/app/manifests/latest', expected: { kind: 'manifest', name: 'team/app', reference: 'latest' } },
  { path: `/v2/app/manifests/${d}`, expected: { kind: 'manifest', name: 'app', reference: d } },
  { path: `/v2/app/blobs/${d}`, expected: { kind: 'blob', name: 'app', digest: d } },
  { path: '/v2/app/blobs/uploads/', expected: { kind: 'uploads', name: 'app' } },
  { path: '/v2/app/blobs/uploads', expected: { kind: 'uploads', name: 'app' } },
  { path: '/v2/a/blobs/uploads/some-id_1', expected: { kind: 'upload', name: 'a', id: 'some-id_1' } },
  { path: `/v2/app/referrers/${d}`, expected: { kind: 'referrers', name: 'app', digest: d } },
  { path: '/v2/a/b/blobs/blobs/x', expected: { kind: 'blob', name: 'a/b/blobs', digest: 'x' } },
  { path: '/v2/a/blobs/uploads/manifests/x', expected: { kind: 'manifest', name: 'a/blobs/uploads', reference: 'x' } },
  { path: '/v2/a/blobs/uploads/blobs/uploads/', expected: { kind: 'uploads', name: 'a/blobs/uploads' } },
  { path: '/v2/a/blobs/uploads/blobs/uploads/7', expected: { kind: 'upload', name: 'a/blobs/uploads', id: '7' } },
  { path: '/v2/a/_catalog/tags/list', expected: { kind: 'tags', name: 'a/_catalog' } },
  { path: '/v2/a/tags/list/tags/list', expected: { kind: 'tags', name: 'a/tags/list' } },
  { path: '/v2/a/manifests/x/referrers/y', expected: { kind: 'referrers', name: 'a/manifests/x', digest: 'y' } },
  { path: '/v2/a/referrers/x/blobs/y', expected: { kind: 'blob', name: 'a/referrers/x', digest: 'y' } },
  {
    path: '/v2/manifests/manifests/manifests',
    expected: { kind: 'manifest', name: 'manifests', reference: 'manifests' },
  },
  { path: '/v2/blobs/blobs/uploads/uploads', expected: { kind: 'upload', name: 'blobs', id: 'uploads' } },
  { path: '/v2/../../etc/manifests/x', expected: { kind: 'manifest', name: '../../etc', reference: 'x' } },
  { path: '/v2/a//b/manifests/x', expected: { kind: 'manifest', name: 'a//b', reference: 'x' } },
  { path: `/v2/app/blobs/sha256%3A${'0'.repeat(64)}`, expected: { kind: 'blob', name: 'app', digest: d } },
  { path: '/v2/app/blobs/sha256:%2e%2e', expected: { kind: 'blob', name: 'app', digest: 'sha256:..' } },
  { path: '/v2/%61pp/manifests/%6c', expected: { kind: 'manifest', name: 'app', reference: 'l' } },
];

for (const { path, expected } of read) {
  test(`${path} has one reading`, () => {
    assert.deepEqual(parseDistributionPath(path), expected);
  });
}

const unread = [
  '',
  '/',
  '/v1/',
  '/v22/a/tags/list',
  'v2/a/tags/list',
  '//v2/a/tags/list',
  '/v2//tags/list',
  '/v2/tags/list',
  '/v2/manifests/x',
  '/v2/blobs/x',
  '/v2/blobs/uploads/',
  '/v2//blobs/uploads/',
  '/v2/blobs/uploads/id',
  '/v2/a/uploads/id',
  '/v2/a/tags/lists',
  '/v2/a/tags/list/',
  '/v2/a/manifests/',
  '/v2/a/blobs/',
  '/v2/_catalog/',
  '/v2/a',
  '/v2/a/b',
  '/v2/a/b/c',
  '/v2/a%2fb/manifests/x',
  '/v2/a%2Fb/manifests/x',
  '/v2/a%5cb/manifests/x',
  '/v2/a/manifests/x%00',
  '/v2/a/manifests/x%0a',
  '/v2/a/manifests/x%7f',
  '/v2/a/manifests/x%252f',
  '/v2/a/manifests/x%3fy',
  '/v2/a/manifests/x%c3%a9',
  '/v2/a/manifests/x%c0%af',
  '/v2/a/manifests/x%',
  '/v2/a/manifests/x%4',
  '/v2/a/manifests/x%zz',
];

for (const path of unread) {
  test(`${JSON.stringify(path)} is no endpoint`, () => {
    assert.equal(parseDistributionPath(path), undefined);
  });
}

test('a path of a megabyte is read quickly', () => {
  const started = performance.now();
  parseDistributionPath(`/v2/${'a/blobs/uploads/'.repeat(1 << 16)}manifests/x`);
  parseDistributionPath(`/v2/${'%61'.repeat(1 << 18)}/manifests/x`);
  assert.ok(performance.now() - started < 2000);
});
