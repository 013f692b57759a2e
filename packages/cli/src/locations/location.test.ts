import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatLocation, parseFileLocation, parseLocation, parseRegistryLocation } from './location.ts';

const digest = `sha256:${'a'.repeat(64)}`;

const files: readonly [string, object][] = [
  ['oci:dir', { kind: 'oci', path: 'dir', name: undefined, digest: undefined }],
  ['oci:/a/b:v1', { kind: 'oci', path: '/a/b', name: 'v1', digest: undefined }],
  [`oci:dir@${digest}`, { kind: 'oci', path: 'dir', name: undefined, digest }],
  ['oci-archive:a.tar:x/y:v1', { kind: 'oci-archive', path: 'a.tar', name: 'x/y:v1', digest: undefined }],
  ['docker-archive:a.tar:app:1', { kind: 'docker-archive', path: 'a.tar', name: 'app:1', digest: undefined }],
];

for (const [text, expected] of files) {
  test(`${text} is read and written back`, () => {
    const location = parseLocation(text);
    assert.deepEqual(location, expected);
    assert.equal(formatLocation(location), text);
  });
}

test('a reference is written in full', () => {
  assert.equal(formatLocation(parseLocation('alpine:3')), 'docker.io/library/alpine:3');
  assert.equal(formatLocation(parseLocation('docker://localhost:5000/a')), 'localhost:5000/a');
});

const refused: readonly [string, string, RegExp][] = [
  ['an address', 'https://r.example/a', /leave out https:\/\//],
  ['a transport we do not speak', 'dir:x', /oci-archive:/],
  ['a transport without a path', 'oci:', /oci:PATH/],
  ['an empty name', 'oci:dir:', /oci:PATH:NAME/],
];

for (const [name, text, hint] of refused) {
  test(`${name} is refused with the mend`, () => {
    assert.throws(
      () => parseLocation(text),
      (error: { name: string; hint: string }) => {
        assert.equal(error.name, 'UsageError');
        assert.match(error.hint, hint);
        return true;
      },
    );
  });
}

test('a path alone is an OCI layout, but an archive must say which kind it is', () => {
  assert.equal(parseFileLocation('./dir:v1').kind, 'oci');
  assert.throws(() => parseFileLocation('image.tar'), /could be an archive of two kinds/);
  assert.throws(() => parseFileLocation('image.tar.gz'), /could be an archive of two kinds/);
});

test('files are no place in a registry', () => {
  assert.throws(() => parseRegistryLocation('oci:dir'), /is not in a registry/);
});
