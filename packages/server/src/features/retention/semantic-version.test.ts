import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareVersions, readRange, readVersion, type SemanticVersion } from './semantic-version.ts';

const version = (text: string): SemanticVersion => {
  const found = readVersion(text);
  assert.ok(found !== undefined, text);
  return found;
};

test('tags that are whole versions are told from others', () => {
  for (const tag of ['1.2.3', 'v0.0.1', '1.2.3-rc.1', '1.2.3-alpine', '1.2.3_build.5', 'v1.0.0-rc1_x']) version(tag);
  for (const tag of ['1.2', '1', 'latest', '01.2.3', '1.2.3.4', 'v1.2.x', '1.2.3-', 'release-1.2.3']) {
    assert.equal(readVersion(tag), undefined, tag);
  }
});

test('versions are ordered as the specification says', () => {
  // The example of section 11 of the specification, and releases around it.
  const ordered = [
    '0.9.9',
    '1.0.0-alpha',
    '1.0.0-alpha.1',
    '1.0.0-alpha.beta',
    '1.0.0-beta',
    '1.0.0-beta.2',
    '1.0.0-beta.11',
    '1.0.0-rc.1',
    '1.0.0',
    '1.0.1',
    '1.2.0',
    '1.10.0',
    '2.0.0',
  ];
  for (const [at, one] of ordered.entries()) {
    for (const [otherAt, other] of ordered.entries()) {
      assert.equal(
        Math.sign(compareVersions(version(one), version(other))),
        Math.sign(at - otherAt),
        `${one} ${other}`,
      );
    }
  }
  assert.equal(compareVersions(version('1.2.3_a'), version('v1.2.3_b')), 0);
});

const ranges: readonly (readonly [range: string, inside: readonly string[], outside: readonly string[]])[] = [
  ['>=1.2 <2', ['1.2.0', '1.9.9', '1.3.0-rc'], ['1.1.9', '2.0.0', '2.0.0-rc.1', '1.2.0-rc']],
  ['>=1.2,<2', ['1.2.0'], ['2.0.0']],
  ['1.2', ['1.2.0', '1.2.9'], ['1.3.0', '1.1.0', '1.3.0-rc']],
  ['1', ['1.0.0', '1.9.0'], ['2.0.0', '0.9.0']],
  ['1.x', ['1.4.0'], ['2.0.0']],
  ['=1.2.3', ['1.2.3'], ['1.2.4', '1.2.3-rc']],
  ['^1.2.3', ['1.2.3', '1.9.0'], ['1.2.2', '2.0.0', '2.0.0-rc']],
  ['^0.2.3', ['0.2.3', '0.2.9'], ['0.3.0']],
  ['^0.0.3', ['0.0.3'], ['0.0.4']],
  ['^0', ['0.9.0'], ['1.0.0']],
  ['~1.2.3', ['1.2.3', '1.2.9'], ['1.3.0']],
  ['>1.2', ['1.3.0'], ['1.2.9', '1.2.0']],
  ['>1.2.3', ['1.2.4'], ['1.2.3']],
  ['<=1.2', ['1.2.9', '1.0.0'], ['1.3.0']],
  ['<=1.2.3', ['1.2.3'], ['1.2.4']],
  ['<1.0.0-rc.2', ['1.0.0-rc.1'], ['1.0.0-rc.2', '1.0.0']],
  ['1 || >=3', ['1.5.0', '3.0.0'], ['2.0.0']],
  ['*', ['0.0.0', '1.0.0-rc'], []],
];
for (const [text, inside, outside] of ranges) {
  test(`the range ${text} has what it should`, () => {
    const holds = readRange(text);
    assert.ok(holds !== undefined);
    for (const each of inside) assert.equal(holds(version(each)), true, each);
    for (const each of outside) assert.equal(holds(version(each)), false, each);
  });
}

test('what is no range is refused', () => {
  for (const text of ['', ' ', 'latest', '>=', '1 ||', '>> 1', '1.2.3.4', '=>1']) {
    assert.equal(readRange(text), undefined, text);
  }
});
