import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Descriptor } from '@entrepot/oci/descriptor';
import { toDigest } from '@entrepot/oci/digest';
import { ociImageManifest } from '@entrepot/oci/media-types';
import { readIndexFile, updateIndexFile } from './index-file.ts';

function image(letter: string): Descriptor {
  return { mediaType: ociImageManifest, digest: toDigest('sha256', letter.repeat(64)), size: 10 };
}

function namesOf(text: string): readonly string[] {
  return readIndexFile(text, 'oci:x').map(({ name, descriptor }) => `${name ?? '-'}=${descriptor.digest[7]}`);
}

test('a name moves from the image that had it to the new one', () => {
  const first = updateIndexFile(undefined, { descriptor: image('a'), name: 'v1' }, [], 'oci:x');
  const second = updateIndexFile(first, { descriptor: image('b'), name: 'v1' }, [], 'oci:x');
  assert.deepEqual(namesOf(second), ['v1=b']);
});

test('one image can have several names', () => {
  const first = updateIndexFile(undefined, { descriptor: image('a'), name: 'v1' }, [], 'oci:x');
  const second = updateIndexFile(first, { descriptor: image('a'), name: 'v2' }, [], 'oci:x');
  assert.deepEqual(namesOf(second), ['v1=a', 'v2=a']);
});

test('an image without a name is listed once, and not at all beside its name', () => {
  const first = updateIndexFile(undefined, { descriptor: image('a'), name: undefined }, [], 'oci:x');
  const again = updateIndexFile(first, { descriptor: image('a'), name: undefined }, [], 'oci:x');
  assert.deepEqual(namesOf(again), ['-=a']);
  const named = updateIndexFile(undefined, { descriptor: image('b'), name: 'v1' }, [], 'oci:x');
  assert.deepEqual(namesOf(updateIndexFile(named, { descriptor: image('b'), name: undefined }, [], 'oci:x')), ['v1=b']);
});

test('what refers to an image is listed without a name, and fields of others stay', () => {
  const before = JSON.stringify({
    schemaVersion: 2,
    annotations: { a: 'b' },
    manifests: [{ ...image('c'), other: 1 }],
  });
  const after = updateIndexFile(before, { descriptor: image('a'), name: 'v1' }, [image('d')], 'oci:x');
  const document = JSON.parse(after);
  assert.deepEqual(document.annotations, { a: 'b' });
  assert.equal(document.manifests[0].other, 1);
  assert.deepEqual(namesOf(after), ['-=c', 'v1=a', '-=d']);
});

for (const text of ['', '[]', '{"manifests":[{}]}', '{"manifests":[],"manifests":[]}']) {
  test(`a damaged list is told as one: ${JSON.stringify(text)}`, () => {
    assert.throws(() => readIndexFile(text, 'oci:x'), { name: 'LocalFileError', message: /index\.json of oci:x/ });
  });
}
