import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OciNameError } from './name-error.ts';
import { isTagName, parseTagName } from './tag.ts';

for (const given of ['latest', 'v1.2.3', '_', '0', 'A-b_c.D', 'a'.repeat(128), 'a..b', 'sha256-abc.sig']) {
  test(`${given.slice(0, 30)} is a tag`, () => {
    assert.equal(parseTagName(given), given);
  });
}

for (const given of [
  '',
  '.',
  '..',
  '.a',
  '-a',
  'a/b',
  'a:b',
  'a+b',
  'a b',
  'a\n',
  'a\0',
  'é',
  'a'.repeat(129),
  '%61',
]) {
  test(`${JSON.stringify(given.slice(0, 30))} is not a tag`, () => {
    assert.equal(isTagName(given), false);
    assert.throws(
      () => parseTagName(given),
      (error) => error instanceof OciNameError && error.kind === 'tag',
    );
  });
}
