import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toReturnPath } from './return-path.ts';

for (const [asked, expected] of [
  [null, '/'],
  ['', '/'],
  ['/', '/'],
  ['/harbor/projects/1?tab=a#b', '/harbor/projects/1?tab=a#b'],
  ['/a/../b', '/b'],
  ['//evil.example', '/'],
  ['/.//evil.example', '/'],
  ['/a/..//evil.example', '/'],
  ['/\\evil.example', '/'],
  ['\\\\evil.example', '/'],
  ['https://evil.example', '/'],
  ['javascript:alert(1)', '/'],
  ['/\t/evil.example', '/'],
  ['/\r\nSet-Cookie: a=b', '/'],
  ['evil.example', '/'],
  [`/${'a'.repeat(3000)}`, '/'],
] as const) {
  test(`after a sign-in that asked for ${JSON.stringify(asked?.slice(0, 40) ?? null)} the browser goes to ${expected}`, () => {
    assert.equal(toReturnPath(asked), expected);
  });
}
