import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestAlgorithm, digestHex, isDigest, parseDigest, toDigest } from './digest.ts';
import { OciNameError } from './name-error.ts';

const hex64 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const hex128 = hex64 + hex64;

test('digests of both algorithms are read and taken apart', () => {
  for (const [text, algorithm, hex] of [
    [`sha256:${hex64}`, 'sha256', hex64],
    [`sha512:${hex128}`, 'sha512', hex128],
  ] as const) {
    const digest = parseDigest(text);
    assert.equal(digestAlgorithm(digest), algorithm);
    assert.equal(digestHex(digest), hex);
    assert.equal(toDigest(algorithm, hex), text);
    assert.ok(isDigest(text));
  }
});

const refused = [
  { name: 'empty text', given: '', kind: 'digest' },
  { name: 'no algorithm', given: hex64, kind: 'digest' },
  { name: 'no hex', given: 'sha256:', kind: 'digest' },
  { name: '63 digits', given: `sha256:${hex64.slice(1)}`, kind: 'digest' },
  { name: '65 digits', given: `sha256:${hex64}0`, kind: 'digest' },
  { name: 'sha512 with the hex of sha256', given: `sha512:${hex64}`, kind: 'digest' },
  { name: 'sha256 with the hex of sha512', given: `sha256:${hex128}`, kind: 'digest' },
  { name: 'upper case hex', given: `sha256:${hex64.toUpperCase()}`, kind: 'digest' },
  { name: 'upper case algorithm', given: `SHA256:${hex64}`, kind: 'digest' },
  { name: 'letters beyond f', given: `sha256:${'g'.repeat(64)}`, kind: 'digest' },
  { name: 'the bad digest of the conformance suite', given: 'sha256:baddigeststring', kind: 'digest' },
  { name: 'a path', given: 'sha256:../../x', kind: 'digest' },
  { name: 'an encoded path', given: 'sha256:%2e%2e', kind: 'digest' },
  { name: 'a newline at the end', given: `sha256:${hex64}\n`, kind: 'digest' },
  { name: 'a space in front', given: ` sha256:${hex64}`, kind: 'digest' },
  { name: 'a NUL', given: `sha256:${hex64.slice(1)}\0`, kind: 'digest' },
  { name: 'fullwidth digits', given: `sha256:${'０'.repeat(64)}`, kind: 'digest' },
  { name: 'two colons', given: `sha256:${hex64.slice(2)}:0`, kind: 'digest' },
  { name: 'sha1', given: `sha1:${hex64.slice(0, 40)}`, kind: 'digest-algorithm' },
  { name: 'md5', given: `md5:${hex64.slice(0, 32)}`, kind: 'digest-algorithm' },
  { name: 'blake3', given: `blake3:${hex64}`, kind: 'digest-algorithm' },
  {
    name: 'an algorithm with components',
    given: 'multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8',
    kind: 'digest-algorithm',
  },
  { name: 'sha1 without hex', given: 'sha1:', kind: 'digest' },
  { name: 'a megabyte', given: `a:${'b'.repeat(1 << 20)}`, kind: 'digest' },
] as const;

for (const { name, given, kind } of refused) {
  test(`a digest is refused: ${name}`, () => {
    assert.equal(isDigest(given), false);
    assert.throws(
      () => parseDigest(given),
      (error) => error instanceof OciNameError && error.kind === kind && error.message.length < 400,
    );
  });
}
