import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OciNameError } from './name-error.ts';
import { isRepositoryName, parseRepositoryName } from './repository-name.ts';

const grammar = /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$/;

const accepted = [
  'a',
  '0',
  'app',
  'team/app',
  'a/b/c/d',
  'a.b',
  'a_b',
  'a__b',
  'a-b',
  'a-----b',
  'a.b_c__d---e/f',
  'team/blobs/uploads',
  'team/manifests/x',
  'team/tags/list',
  'team/referrers/x',
  'blobs/uploads/manifests/tags/referrers',
  'a'.repeat(255),
];

for (const given of accepted) {
  test(`${given.slice(0, 40)} is a repository name`, () => {
    assert.equal(parseRepositoryName(given), given);
  });
}

const refused = [
  '',
  '/',
  '/a',
  'a/',
  'a//b',
  '.a',
  'a.',
  'a..b',
  'a._b',
  'a___b',
  'a_-b',
  '-a',
  'a-',
  'a/-b',
  'a/.',
  'a/..',
  '..',
  '../etc',
  'A',
  'team/App',
  'a b',
  'a\n',
  'a\0',
  'a%2fb',
  'a\\b',
  'a:b',
  'a@b',
  '_catalog',
  'team/_catalog',
  'é',
  'ａ',
  'a'.repeat(256),
  'a-'.repeat(1 << 20),
];

for (const given of refused) {
  test(`${JSON.stringify(given.slice(0, 40))} is not a repository name`, () => {
    assert.equal(isRepositoryName(given), false);
    assert.throws(
      () => parseRepositoryName(given),
      (error) => error instanceof OciNameError && error.kind === 'repository-name' && error.message.length < 600,
    );
  });
}

test('every short text is judged as the grammar of the specification judges it', () => {
  const alphabet = ['a', '0', '.', '_', '-', '/', 'A'];
  let texts = [''];
  for (let length = 1; length <= 6; length++) {
    texts = texts.flatMap((text) => alphabet.map((character) => text + character));
    for (const text of texts) {
      assert.equal(isRepositoryName(text), grammar.test(text), text);
    }
  }
});
