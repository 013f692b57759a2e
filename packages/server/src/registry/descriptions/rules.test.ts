import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { parseManifest } from '@entrepot/oci/manifest';
import { extraAttrsOf } from './extra-attrs.ts';
import { describeManifest } from './rules.ts';

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
/** Parts of the same type and size are the same. */
const part = (mediaType: string, size = 10, fields: object = {}) => ({
  mediaType,
  size,
  digest: `sha256:${createHash('sha256').update(`${mediaType} ${size}`).digest('hex')}`,
  ...fields,
});
const imageConfig = 'application/vnd.oci.image.config.v1+json';
const empty = 'application/vnd.oci.empty.v1+json';

function describe(fields: object, tags: readonly string[] = []) {
  const text = JSON.stringify({ schemaVersion: 2, ...fields });
  return describeManifest(parseManifest(Buffer.from(text), undefined), text.length, tags);
}

const types: readonly (readonly [wanted: string, fields: object])[] = [
  ['IMAGE', { config: part(imageConfig) }],
  ['IMAGE', { config: part('application/vnd.docker.container.image.v1+json') }],
  ['IMAGE', { manifests: [] }],
  ['CNAB', { manifests: [], annotations: { 'io.cnab.runtime_version': 'v1.0.0' } }],
  ['CHART', { config: part('application/vnd.cncf.helm.config.v1+json') }],
  ['WASM', { config: part(imageConfig), annotations: { 'module.wasm.image/variant': 'compat-smart' } }],
  ['WASM', { config: part(empty), layers: [part('application/vnd.wasm.content.layer.v1+wasm')] }],
  ['CNAI', { config: part(empty), artifactType: 'application/vnd.cncf.model.manifest.v1+json' }],
  ['SBOM', { config: part(empty), artifactType: 'application/vnd.goharbor.harbor.sbom.v1' }],
  ['OPA', { config: part('application/vnd.cncf.opa.config.v1+json') }],
  ['UNKNOWN', { config: part(empty), artifactType: 'application/vnd.acme.note' }],
  ['UNKNOWN', { config: part('constructor') }],
];
for (const [wanted, fields] of types) {
  test(`${JSON.stringify(fields).slice(0, 90)} is ${wanted}`, () => assert.equal(describe(fields).type, wanted));
}

const subject = part('application/vnd.oci.image.manifest.v1+json', 5, { digest: digest('b') });
const bootstrap = { annotations: { 'containerd.io/snapshot/nydus-bootstrap': 'true' } };
const simpleSigning = part('application/vnd.dev.cosign.simplesigning.v1+json');
const attachments: readonly (readonly [wanted: string | undefined, fields: object, tags?: readonly string[]])[] = [
  [undefined, { config: part(imageConfig) }],
  ['subject.accessory', { config: part(empty), artifactType: 'application/vnd.acme.note', subject }],
  ['signature.cosign', { config: part('application/vnd.dev.cosign.artifact.sig.v1+json'), subject }],
  ['signature.cosign', { config: part(empty), artifactType: 'application/vnd.dev.sigstore.bundle.v0.3+json', subject }],
  ['signature.notation', { config: part(empty), artifactType: 'application/vnd.cncf.notary.signature', subject }],
  ['sbom.harbor', { config: part('application/vnd.goharbor.harbor.sbom.v1'), subject }],
  ['accelerator.nydus', { config: part(imageConfig), layers: [part('l', 1, bootstrap)], subject }],
  [
    'accelerator.nydus',
    {
      config: part(imageConfig),
      layers: [part('l', 1, bootstrap)],
      annotations: { 'io.goharbor.artifact.v1alpha1.acceleration.source.digest': digest('b') },
    },
  ],
  ['signature.cosign', { config: part(imageConfig), layers: [simpleSigning] }, [`sha256-${'b'.repeat(64)}.sig`]],
  [undefined, { config: part(imageConfig), layers: [simpleSigning] }, [`sha256-${'b'.repeat(64)}.att`]],
  [undefined, { config: part(imageConfig), layers: [part('l')] }, [`sha256-${'b'.repeat(64)}.sig`]],
];
for (const [wanted, fields, tags] of attachments) {
  test(`${JSON.stringify(fields).slice(0, 90)} under ${tags?.[0]?.slice(-4) ?? 'no tag'} is ${wanted ?? 'attached to nothing'}`, () => {
    const { attachment } = describe(fields, tags);
    assert.equal(attachment?.type, wanted);
    if (wanted !== undefined) assert.equal(attachment?.of, digest('b'));
  });
}

test('a size is that of the manifest with its config and layers', () => {
  const fields = { config: part(imageConfig, 100), layers: [part('l', 1000), part('l', 1000)] };
  const text = JSON.stringify({ schemaVersion: 2, ...fields });
  assert.equal(describe(fields).ownSize, text.length + 2100);
});

test('annotations without end are not kept, and those of a part only while they are few', () => {
  const many = Object.fromEntries(Array.from({ length: 3000 }, (_, at) => [`org.example.annotation-${at}`, 'value']));
  assert.equal(describe({ config: part(imageConfig), annotations: many }).annotations, undefined);
  assert.equal(describe({ config: part(imageConfig), annotations: { a: 'b' } }).annotations, '{"a":"b"}');
  const platform = { os: 'linux', architecture: 'arm64' };
  const [child] = describe({ manifests: [part('m', 1, { platform, annotations: many })] }).children;
  assert.deepEqual(JSON.parse(child?.detail ?? ''), { platform });
});

test('only a config that says something is read', () => {
  assert.ok(describe({ config: part(imageConfig) }).config);
  assert.equal(describe({ config: part(empty) }).config, undefined);
  assert.equal(describe({ config: part('application/octet-stream') }).config, undefined);
  assert.equal(describe({ manifests: [] }).config, undefined);
});

const read = (type: string, config: unknown) => {
  const text = extraAttrsOf(type, Buffer.from(typeof config === 'string' ? config : JSON.stringify(config)));
  return text === undefined ? undefined : (JSON.parse(text) as unknown);
};

test('of an image config the fields of lists are kept, of others the whole', () => {
  const config = { architecture: 'amd64', os: 'linux', history: [1], rootfs: {}, config: { Env: ['A=b'] } };
  assert.deepEqual(read('IMAGE', config), { architecture: 'amd64', os: 'linux', config: { Env: ['A=b'] } });
  assert.deepEqual(read('CHART', { name: 'web', sources: ['x'] }), { name: 'web', sources: ['x'] });
});

test('of a config that is very long the short fields are kept', () => {
  assert.deepEqual(read('IMAGE', { os: 'linux', config: { Env: ['x'.repeat(40_000)] } }), { os: 'linux' });
});

for (const config of ['', 'null', '[]', '"x"', '{', '\u00ff']) {
  test(`a config of ${JSON.stringify(config)} says nothing`, () => assert.equal(read('IMAGE', config), undefined));
}

test('a field called __proto__ is a field', () => {
  const attrs = read('CHART', '{"__proto__":{"admin":true},"name":"web"}') as Record<string, unknown>;
  assert.equal(attrs['name'], 'web');
  assert.equal(({} as Record<string, unknown>)['admin'], undefined);
  assert.equal(attrs['admin'], undefined);
});
