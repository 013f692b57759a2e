import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManifestError, type ManifestFault, parseManifest } from './manifest.ts';

const d = (letter: string) => `sha256:${letter.repeat(64)}`;
const image = 'application/vnd.oci.image.manifest.v1+json';
const index = 'application/vnd.oci.image.index.v1+json';
const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: d('c'), size: 2 };
const layer = { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: d('1'), size: 10 };
const child = { mediaType: image, digest: d('d'), size: 5, platform: { os: 'linux', architecture: 'amd64' } };
const anImage = { schemaVersion: 2, mediaType: image, config, layers: [layer] };
const anIndex = { schemaVersion: 2, mediaType: index, manifests: [child] };

function parse(body: unknown, contentType?: string) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return parseManifest(new TextEncoder().encode(text), contentType);
}

test('an image manifest yields what must be present and what it is', () => {
  assert.deepEqual(parse({ ...anImage, annotations: { a: 'b' }, extra: { x: 1 } }, `${image}; charset=utf-8`), {
    kind: 'image',
    mediaType: image,
    artifactType: config.mediaType,
    config,
    layers: [layer],
    blobs: [config, layer],
    foreignBlobs: [],
    manifests: [],
    annotations: { a: 'b' },
  });
});

test('an index yields its children once, and no artifact type unless it names one', () => {
  const parsed = parse({ ...anIndex, manifests: [child, child] }, index);
  assert.equal(parsed.kind, 'index');
  assert.deepEqual(parsed.manifests, [child]);
  assert.deepEqual(parsed.blobs, []);
  assert.ok(!('artifactType' in parsed));
  assert.equal(parse({ ...anIndex, artifactType: 'application/x' }).artifactType, 'application/x');
});

test('layers that live elsewhere need not be present', () => {
  const foreign = {
    ...layer,
    mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
    digest: d('2'),
  };
  const linked = { ...layer, digest: d('3'), urls: ['https://example.com/layer'] };
  const parsed = parse({ ...anImage, layers: [foreign, linked, layer, layer] });
  assert.deepEqual(parsed.blobs, [config, layer]);
  assert.deepEqual(parsed.foreignBlobs, [foreign, linked]);
  assert.equal(parsed.layers.length, 4);
});

test('a subject is read from images and indexes', () => {
  const subject = { mediaType: image, digest: d('e'), size: 1 };
  assert.deepEqual(parse({ ...anImage, subject }).subject, subject);
  assert.deepEqual(parse({ ...anIndex, subject }).subject, subject);
});

const accepted = [
  { name: 'no mediaType and no Content-Type, image', body: { ...anImage, mediaType: undefined }, mediaType: image },
  { name: 'no mediaType and no Content-Type, index', body: { ...anIndex, mediaType: undefined }, mediaType: index },
  {
    name: 'Docker type only in the Content-Type',
    body: { ...anImage, mediaType: undefined },
    type: 'application/vnd.docker.distribution.manifest.v2+json',
    mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
  },
  {
    name: 'Docker manifest list',
    body: { ...anIndex, mediaType: 'application/vnd.docker.distribution.manifest.list.v2+json' },
    mediaType: 'application/vnd.docker.distribution.manifest.list.v2+json',
  },
  {
    name: 'unknown type shaped like an image',
    body: { ...anImage, mediaType: 'application/x' },
    mediaType: 'application/x',
  },
  {
    name: 'unknown type shaped like an index',
    body: { ...anIndex, mediaType: 'application/x' },
    mediaType: 'application/x',
  },
  { name: 'empty Content-Type', body: anImage, type: '', mediaType: image },
  { name: 'Content-Type in another case', body: anImage, type: image.toUpperCase(), mediaType: image },
  { name: 'no layers', body: { ...anImage, layers: [] }, mediaType: image },
  { name: 'null layers', body: { ...anImage, layers: null }, mediaType: image },
  { name: 'empty index', body: { ...anIndex, manifests: [] }, mediaType: index },
  { name: 'null children', body: { ...anIndex, manifests: null }, mediaType: index },
  { name: 'null subject and annotations', body: { ...anImage, subject: null, annotations: null }, mediaType: image },
  { name: 'embedded data', body: { ...anImage, config: { ...config, data: 'e30=' } }, mediaType: image },
  { name: 'a zero-byte blob', body: { ...anImage, layers: [{ ...layer, size: 0, data: '' }] }, mediaType: image },
  {
    name: 'a sha512 layer',
    body: { ...anImage, layers: [{ ...layer, digest: `sha512:${'a'.repeat(128)}` }] },
    mediaType: image,
  },
  {
    name: 'unknown config and layer types',
    body: { ...anImage, config: { ...config, mediaType: 'x/y' }, layers: [{ ...layer, mediaType: 'z' }] },
    mediaType: image,
  },
  { name: 'white space around the document', body: `\n ${JSON.stringify(anImage)} \n`, mediaType: image },
];

for (const { name, body, type, mediaType } of accepted) {
  test(`a manifest is accepted: ${name}`, () => {
    const parsed = parse(body, type);
    assert.equal(parsed.mediaType, mediaType);
  });
}

const withLayer = (change: object) => ({ ...anImage, layers: [{ ...layer, ...change }] });

const refused: { name: string; body: unknown; type?: string; fault: ManifestFault; says: RegExp }[] = [
  { name: 'not JSON', body: 'x', fault: 'syntax', says: /JSON/ },
  { name: 'nothing', body: '', fault: 'syntax', says: /JSON/ },
  { name: 'a list', body: [], fault: 'shape', says: /manifest/ },
  { name: 'null', body: null, fault: 'shape', says: /manifest/ },
  { name: 'config twice', body: `{"schemaVersion":2,"config":{},"config":{}}`, fault: 'syntax', says: /config/ },
  { name: 'a byte order mark', body: `\ufeff${JSON.stringify(anImage)}`, fault: 'syntax', says: /byte order/ },
  { name: 'trailing bytes', body: `${JSON.stringify(anImage)}x`, fault: 'syntax', says: /JSON/ },
  {
    name: 'index type over an image body',
    body: anImage,
    type: index,
    fault: 'media-type',
    says: /mediaType.*Content-Type/,
  },
  {
    name: 'form type',
    body: anImage,
    type: 'application/x-www-form-urlencoded',
    fault: 'media-type',
    says: /Content-Type/,
  },
  { name: 'manifests beside layers', body: { ...anImage, manifests: [child] }, fault: 'shape', says: /manifests/ },
  { name: 'manifests beside config', body: { ...anIndex, config }, fault: 'shape', says: /config/ },
  {
    name: 'both kinds, empty',
    body: { schemaVersion: 2, manifests: [], layers: [] },
    fault: 'shape',
    says: /manifests/,
  },
  { name: 'Manifests in another case', body: { ...anImage, Manifests: [child] }, fault: 'shape', says: /Manifests/ },
  {
    name: 'a Kelvin sign or long s in a key',
    body: { ...anImage, manife\u017fts: [] },
    fault: 'shape',
    says: /manifests/,
  },
  { name: 'Digest in another case', body: withLayer({ Digest: d('9') }), fault: 'shape', says: /layers\[0\]/ },
  {
    name: 'index type without manifests',
    body: { schemaVersion: 2, mediaType: index },
    fault: 'shape',
    says: /manifests/,
  },
  { name: 'index type on an image shape', body: { ...anImage, mediaType: index }, fault: 'shape', says: /manifests/ },
  { name: 'image type on an index shape', body: { ...anIndex, mediaType: image }, fault: 'shape', says: /config/ },
  { name: 'image without config', body: { ...anImage, config: undefined }, fault: 'shape', says: /config/ },
  {
    name: 'unknown type without config',
    body: { schemaVersion: 2, mediaType: 'application/b', layers: [] },
    fault: 'shape',
    says: /config/,
  },
  {
    name: 'unknown shape',
    body: { schemaVersion: 2, mediaType: 'application/b', blobs: [] },
    fault: 'media-type',
    says: /application\/b/,
  },
  { name: 'no shape at all', body: { schemaVersion: 2 }, fault: 'media-type', says: /mediaType/ },
  {
    name: 'schema 1 by number',
    body: { schemaVersion: 1, name: 'x', fsLayers: [] },
    fault: 'schema1',
    says: /schema 1/,
  },
  {
    name: 'schema 1 by type',
    body: { ...anImage, mediaType: undefined },
    type: 'application/vnd.docker.distribution.manifest.v1+prettyjws',
    fault: 'schema1',
    says: /schema 1/,
  },
  { name: 'no schemaVersion', body: { ...anImage, schemaVersion: undefined }, fault: 'shape', says: /schemaVersion/ },
  { name: 'schemaVersion as text', body: { ...anImage, schemaVersion: '2' }, fault: 'shape', says: /schemaVersion/ },
  { name: 'mediaType not text', body: { ...anImage, mediaType: 1 }, fault: 'shape', says: /mediaType/ },
  { name: 'layers not a list', body: { ...anImage, layers: {} }, fault: 'shape', says: /layers/ },
  { name: 'a layer that is null', body: { ...anImage, layers: [null] }, fault: 'shape', says: /layers\[0\]/ },
  { name: 'negative size', body: withLayer({ size: -1 }), fault: 'shape', says: /layers\[0\]\.size/ },
  { name: 'fractional size', body: withLayer({ size: 1.5 }), fault: 'shape', says: /layers\[0\]\.size/ },
  { name: 'size as text', body: withLayer({ size: '10' }), fault: 'shape', says: /layers\[0\]\.size/ },
  { name: 'size beyond safe integers', body: withLayer({ size: 2 ** 53 }), fault: 'shape', says: /layers\[0\]\.size/ },
  {
    name: 'size 10^400',
    body: JSON.stringify(anImage).replace('"size":10', '"size":1e400'),
    fault: 'syntax',
    says: /number/,
  },
  { name: 'no size', body: withLayer({ size: undefined }), fault: 'shape', says: /layers\[0\]\.size/ },
  {
    name: 'no mediaType in a descriptor',
    body: withLayer({ mediaType: undefined }),
    fault: 'shape',
    says: /layers\[0\]\.mediaType/,
  },
  { name: 'no digest', body: withLayer({ digest: undefined }), fault: 'shape', says: /layers\[0\]\.digest/ },
  {
    name: 'a digest that is a path',
    body: withLayer({ digest: 'sha256:../../x' }),
    fault: 'digest',
    says: /layers\[0\]\.digest/,
  },
  { name: 'a digest in upper case', body: withLayer({ digest: d('A') }), fault: 'digest', says: /layers\[0\]\.digest/ },
  {
    name: 'an unknown algorithm',
    body: { ...anIndex, manifests: [{ ...child, digest: 'md5:d41d8cd98f00b204e9800998ecf8427e' }] },
    fault: 'digest-algorithm',
    says: /manifests\[0\]\.digest/,
  },
  {
    name: 'a bad subject',
    body: { ...anImage, subject: { mediaType: image, digest: 'x', size: 1 } },
    fault: 'digest',
    says: /subject\.digest/,
  },
  { name: 'a subject that is text', body: { ...anImage, subject: d('a') }, fault: 'shape', says: /subject/ },
  {
    name: 'one digest with two sizes',
    body: { ...anImage, layers: [layer, { ...layer, size: 11 }] },
    fault: 'shape',
    says: /size/,
  },
  {
    name: 'annotations that are not text',
    body: { ...anImage, annotations: { a: 1 } },
    fault: 'shape',
    says: /annotations\["a"\]/,
  },
  { name: 'urls that are not text', body: withLayer({ urls: [1] }), fault: 'shape', says: /layers\[0\]\.urls\[0\]/ },
  { name: 'data that is not base64', body: withLayer({ data: '!!!!' }), fault: 'shape', says: /data must be base64/ },
  { name: 'data of another length', body: withLayer({ data: 'e30=' }), fault: 'shape', says: /2 bytes/ },
  {
    name: 'artifactType that is not text',
    body: { ...anImage, artifactType: 7 },
    fault: 'shape',
    says: /artifactType/,
  },
  {
    name: 'a platform that is text',
    body: { ...anIndex, manifests: [{ ...child, platform: 'x' }] },
    fault: 'shape',
    says: /platform/,
  },
];

for (const { name, body, type, fault, says } of refused) {
  test(`a manifest is refused: ${name}`, () => {
    assert.throws(
      () => parse(body, type),
      (error) => {
        assert.ok(error instanceof ManifestError);
        assert.equal(error.fault, fault);
        assert.match(error.message, says);
        return true;
      },
    );
  });
}

test('a manifest that is not UTF-8 is refused', () => {
  const bytes = new TextEncoder().encode(JSON.stringify(anImage));
  bytes[3] = 0xff;
  assert.throws(() => parseManifest(bytes, image), ManifestError);
});

test('a large manifest is read quickly', () => {
  const annotations = Object.fromEntries(Array.from({ length: 390 }, (_, i) => [`key-${i}`, 'x'.repeat(10_000)]));
  const started = performance.now();
  parse({ ...anImage, annotations });
  assert.ok(performance.now() - started < 1000);
});

for (const mediaType of ['text/html', 'application/vnd.x\u2603+json', 'application/a\nb', 'application/']) {
  test(`the manifest type ${JSON.stringify(mediaType)} is refused, because it becomes a header of every pull`, () => {
    const body = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests: [] }));
    assert.throws(() => parseManifest(body, undefined), ManifestError);
  });
}
