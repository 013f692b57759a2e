import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OciNameError } from './name-error.ts';
import { formatImageReference, parseImageReference, parseTagOrDigest } from './reference.ts';

const digest = `sha256:${'ab'.repeat(32)}`;

test('whatever contains a colon is a digest, and never a tag', () => {
  assert.deepEqual(parseTagOrDigest('latest'), { kind: 'tag', tag: 'latest' });
  assert.deepEqual(parseTagOrDigest(digest), { kind: 'digest', digest });
  for (const [given, kind] of [
    ['sha256:bad', 'digest'],
    ['latest:', 'digest'],
    ['md5:d41d8cd98f00b204e9800998ecf8427e', 'digest-algorithm'],
    ['..', 'tag'],
  ] as const) {
    assert.throws(
      () => parseTagOrDigest(given),
      (error) => error instanceof OciNameError && error.kind === kind,
    );
  }
});

const accepted = [
  { given: 'nginx', registry: 'docker.io', repository: 'library/nginx' },
  { given: 'nginx:1.27', registry: 'docker.io', repository: 'library/nginx', tag: '1.27' },
  { given: 'team/app', registry: 'docker.io', repository: 'team/app' },
  { given: 'docker.io/nginx', registry: 'docker.io', repository: 'library/nginx' },
  { given: 'index.docker.io/nginx', registry: 'docker.io', repository: 'library/nginx' },
  { given: 'localhost/app', registry: 'localhost', repository: 'app' },
  { given: 'localhost:5000/app:v1', registry: 'localhost:5000', repository: 'app', tag: 'v1' },
  { given: 'quay.io/a/b/c', registry: 'quay.io', repository: 'a/b/c' },
  { given: `quay.io/a@${digest}`, registry: 'quay.io', repository: 'a', digest },
  { given: `quay.io/a:t@${digest}`, registry: 'quay.io', repository: 'a', tag: 't', digest },
  { given: '[::1]:5000/app', registry: '[::1]:5000', repository: 'app' },
  { given: '10.0.0.1:443/app:x', registry: '10.0.0.1:443', repository: 'app', tag: 'x' },
  { given: 'Registry/app', registry: 'Registry', repository: 'app' },
];

for (const { given, ...expected } of accepted) {
  test(`the image reference ${given.slice(0, 40)} is read as docker reads it, and written in full`, () => {
    const reference = parseImageReference(given);
    assert.deepEqual(reference, expected);
    assert.deepEqual(parseImageReference(formatImageReference(reference)), reference);
  });
}

const refused = [
  '',
  ' ',
  'a b',
  'Nginx',
  'nginx:',
  'nginx:..',
  'nginx@',
  'nginx@latest',
  'nginx@sha256:bad',
  `nginx@${digest}@${digest}`,
  '/nginx',
  'host.example/',
  'host..example/a',
  '-host.example/a',
  'host.example:99999999/a',
  'user@host.example/a',
  'https://host.example/a',
  'host.example/a/../b',
  'host.example:443:443/a',
  'a'.repeat(64),
  `h.example/${'a'.repeat(255)}`,
  'a/'.repeat(100_000),
];

for (const given of refused) {
  test(`the image reference ${JSON.stringify(given.slice(0, 40))} is refused`, () => {
    assert.throws(() => parseImageReference(given), OciNameError);
  });
}
