import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGlob } from './glob.ts';

const table: readonly (readonly [pattern: string, name: string, matches: boolean])[] = [
  ['**', 'a', true],
  ['**', 'a/b/c', true],
  ['*', 'a', true],
  ['*', 'a/b', false],
  ['a*', 'abc', true],
  ['a*', 'ab/c', false],
  ['v?', 'v1', true],
  ['v?', 'v10', false],
  ['app/**', 'app/x/y', true],
  ['app/**', 'app', true],
  ['app/**', 'ap', false],
  ['app/**', 'apple', false],
  ['**/app', 'app', true],
  ['**/app', 'x/y/app', true],
  ['**/app', 'x/yapp', false],
  ['a/**/b', 'a/b', true],
  ['a/**/b', 'a/x/y/b', true],
  ['a/**/b', 'a/xb', false],
  ['{a,b}', 'a', true],
  ['{a,b}', 'c', false],
  ['{release-*,v*}', 'release-1', true],
  ['{team/**,lib}', 'team/x/y', true],
  ['v[0-9]', 'v5', true],
  ['v[0-9]', 'va', false],
  ['v[^0-9]', 'va', true],
  ['v[!0-9]', 'v5', false],
  ['1.0', '1.0', true],
  ['1.0', '1x0', false],
  ['a+b', 'a+b', true],
  ['a\\*b', 'a*b', true],
  ['a\\*b', 'axb', false],
  ['(a|b)', 'a', false],
  ['a|b', 'a', false],
  ['', '', true],
  ['', 'a', false],
  ['[', '[', true],
  ['{a', '{a', true],
  ['a}', 'a}', true],
  ['[a]]', 'a]', true],
  ['v-1.0~x', 'v-1.0~x', true],
  ['a--b&&c', 'a--b&&c', true],
  ['[a&&b]', '&', true],
];

for (const [pattern, name, matches] of table) {
  test(`${JSON.stringify(pattern)} ${matches ? 'matches' : 'does not match'} ${JSON.stringify(name)}`, () => {
    assert.equal(createGlob(pattern)(name), matches);
  });
}

test('a pattern made to be slow is judged all the same', () => {
  // A matcher that tries every way to split would not come back from these.
  assert.equal(createGlob(`${'**/'.repeat(12)}x`)(`${'a/'.repeat(60)}y`), false);
  assert.equal(createGlob(`${'a*'.repeat(20)}b`)('a'.repeat(200)), false);
  assert.equal(createGlob('{a,b}'.repeat(40))('ab'.repeat(20)), false, 'too many alternatives are no alternatives');
});
