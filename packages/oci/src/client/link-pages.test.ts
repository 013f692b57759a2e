import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findNextLink } from './link-pages.ts';

const table = [
  { header: undefined, expected: undefined },
  { header: '', expected: undefined },
  { header: '</v2/a/tags/list?n=1&last=x>; rel="next"', expected: '/v2/a/tags/list?n=1&last=x' },
  { header: '</a>; rel=next', expected: '/a' },
  { header: '</a>;rel="prev", </b>; title="x" ; rel="next"', expected: '/b' },
  { header: '</a>; REL="Next"', expected: '/a' },
  { header: '</a>; rel="nextish"', expected: undefined },
  { header: '</a>', expected: undefined },
  { header: '</a; rel="next"', expected: undefined },
  { header: '<'.repeat(1 << 16), expected: undefined },
  { header: '<>'.repeat(1 << 15), expected: undefined },
  { header: `</a>${';'.repeat(1 << 16)}${' '.repeat(1 << 16)}`, expected: undefined },
];
for (const { header, expected } of table) {
  test(`the next page of ${JSON.stringify(header?.slice(0, 50))} is ${expected}`, () => {
    assert.equal(findNextLink(header), expected);
  });
}
