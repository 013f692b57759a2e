import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDigest } from './digest.ts';
import { parseManifest } from './manifest.ts';
import { buildReferrersIndex, describeReferrer, filterReferrers, referrersFallbackTag } from './referrers.ts';

const a = parseDigest(`sha256:${'a'.repeat(64)}`);
const b = parseDigest(`sha512:${'b'.repeat(128)}`);
const mediaType = 'application/vnd.oci.image.manifest.v1+json';

test('the referrers index names each digest once', () => {
  assert.deepEqual(buildReferrersIndex([]), {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [],
  });
  const first = { mediaType, digest: a, size: 1 };
  const second = { mediaType, digest: b, size: 2 };
  assert.deepEqual(buildReferrersIndex([first, second, { ...first }]).manifests, [first, second]);
});

test('the fallback tag cuts algorithm and hex to their limits', () => {
  assert.equal(referrersFallbackTag(a), `sha256-${'a'.repeat(64)}`);
  assert.equal(referrersFallbackTag(b), `sha512-${'b'.repeat(64)}`);
});

test('a referrer is described by its own artifact type and annotations, and a filter keeps one type', () => {
  const manifest = parseManifest(
    new TextEncoder().encode(
      JSON.stringify({
        schemaVersion: 2,
        mediaType,
        config: { mediaType: 'application/vnd.example.config', digest: a, size: 2 },
        layers: [],
        annotations: { k: 'v' },
      }),
    ),
    undefined,
  );
  const described = describeReferrer(manifest, b, 7);
  assert.deepEqual(described, {
    mediaType,
    digest: b,
    size: 7,
    artifactType: 'application/vnd.example.config',
    annotations: { k: 'v' },
  });
  assert.deepEqual(filterReferrers([described], 'application/vnd.example.config'), [described]);
  assert.deepEqual(filterReferrers([described], 'other'), []);
  assert.deepEqual(filterReferrers([described], undefined), [described]);
});
