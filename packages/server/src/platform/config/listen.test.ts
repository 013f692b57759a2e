import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseListen } from './listen.ts';
import { Unparsable } from './unparsable.ts';

const understood: readonly (readonly [given: string, host: string, port: number])[] = [
  ['127.0.0.1:5080', '127.0.0.1', 5080],
  ['localhost:0', 'localhost', 0],
  ['hub.example.com:443', 'hub.example.com', 443],
  ['[::1]:5080', '::1', 5080],
  ['[::]:5080', '::', 5080],
  [':5080', '::', 5080],
  ['*:5080', '::', 5080],
];

for (const [given, host, port] of understood) {
  test(`${given} listens on ${host}, port ${port}`, () => {
    assert.deepEqual(parseListen(given), { host, port });
  });
}

for (const given of [
  '',
  'localhost',
  '::1:5080',
  '[]:5080',
  '[localhost]:5080',
  'h:65536',
  'h:-1',
  'http://h:1',
  'a b:1',
]) {
  test(`${JSON.stringify(given)} is no place to listen`, () => {
    assert.throws(() => parseListen(given), Unparsable);
  });
}

test('a bare port is refused with the mend', () => {
  assert.throws(() => parseListen('5080'), { message: 'HOST:PORT: write :5080 for every interface' });
});
