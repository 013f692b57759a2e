import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCidr } from './cidr.ts';
import { Unparsable } from './unparsable.ts';

const understood: readonly (readonly [given: string, expected: string])[] = [
  ['10.0.0.0/8', '10.0.0.0/8'],
  [' 192.168.1.7 ', '192.168.1.7/32'],
  ['fd00::/8', 'fd00::/8'],
  ['::1', '::1/128'],
  ['0.0.0.0/0', '0.0.0.0/0'],
];

for (const [given, expected] of understood) {
  test(`the network ${JSON.stringify(given)} is ${expected}`, () => {
    assert.equal(parseCidr(given), expected);
  });
}

for (const given of [
  '',
  '10.0.0.0/33',
  '10.0.0/8',
  '::1/129',
  '10.0.0.0/',
  '10.0.0.0/8/8',
  '10.0.0.0/-1',
  'fe80::1%eth0',
  'h',
]) {
  test(`${JSON.stringify(given)} is no network`, () => {
    assert.throws(() => parseCidr(given), Unparsable);
  });
}
