import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  isImageManifestType,
  isIndexType,
  isNondistributableLayerType,
  isSchema1Type,
  mediaTypeWithoutParameters,
} from './media-types.ts';

test('media types are compared without parameters and case', () => {
  assert.equal(mediaTypeWithoutParameters('Application/JSON; charset=utf-8'), 'application/json');
  assert.equal(mediaTypeWithoutParameters(' a/b '), 'a/b');
  assert.equal(mediaTypeWithoutParameters(';x'), '');
});

test('manifest types are told apart', () => {
  const table = [
    ['application/vnd.oci.image.manifest.v1+json', 'image'],
    ['application/vnd.docker.distribution.manifest.v2+json', 'image'],
    ['application/vnd.oci.image.index.v1+json', 'index'],
    ['application/vnd.docker.distribution.manifest.list.v2+json', 'index'],
    ['application/vnd.docker.distribution.manifest.v1+json', 'schema1'],
    ['application/vnd.docker.distribution.manifest.v1+prettyjws', 'schema1'],
    ['application/json', 'other'],
  ] as const;
  for (const [type, expected] of table) {
    const kind = isImageManifestType(type)
      ? 'image'
      : isIndexType(type)
        ? 'index'
        : isSchema1Type(type)
          ? 'schema1'
          : 'other';
    assert.equal(kind, expected, type);
  }
});

test('non-distributable layers are known in every compression', () => {
  for (const type of [
    'application/vnd.oci.image.layer.nondistributable.v1.tar',
    'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
    'application/vnd.oci.image.layer.nondistributable.v1.tar+zstd',
    'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
  ]) {
    assert.ok(isNondistributableLayerType(type), type);
  }
  for (const type of [
    'application/vnd.oci.image.layer.v1.tar+gzip',
    'application/vnd.oci.image.layer.nondistributable.v1.tarx',
  ]) {
    assert.ok(!isNondistributableLayerType(type), type);
  }
});
