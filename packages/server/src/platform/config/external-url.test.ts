import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseExternalUrl } from './external-url.ts';
import { Unparsable } from './unparsable.ts';

const understood: readonly (readonly [given: string, expected: string])[] = [
  ['https://hub.example.com', 'https://hub.example.com'],
  ['https://hub.example.com/', 'https://hub.example.com'],
  ['http://Hub.Example.com:80', 'http://hub.example.com'],
  ['https://example.com:8443/registry/', 'https://example.com:8443/registry'],
  ['http://[::1]:5080', 'http://[::1]:5080'],
];

for (const [given, expected] of understood) {
  test(`the address ${given} is ${expected}`, () => {
    assert.equal(parseExternalUrl(given), expected);
  });
}

const refused = [
  '',
  'hub.example.com',
  'ftp://h',
  'http://',
  'http:///x',
  'https://u:p@h',
  'https://h?a=b',
  'https://h/#x',
];
for (const given of refused) {
  test(`${JSON.stringify(given)} is no address`, () => {
    assert.throws(() => parseExternalUrl(given), Unparsable);
  });
}
