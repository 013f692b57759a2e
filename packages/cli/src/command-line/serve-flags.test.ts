import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readServeFlags } from './serve-flags.ts';

const table: readonly { args: readonly string[]; flags: object; strays?: readonly string[] }[] = [
  { args: [], flags: {} },
  { args: ['--listen', ':5080', '--data', './d'], flags: { listen: ':5080', data: './d' } },
  { args: ['--listen=127.0.0.1:0'], flags: { listen: '127.0.0.1:0' } },
  {
    args: ['--read-only', '--access-log', '--workers', '2'],
    flags: { 'read-only': true, 'access-log': true, workers: '2' },
  },
  { args: ['--read-only', 'false'], flags: { 'read-only': 'false' } },
  { args: ['--blobs-s3-bucket', 'b'], flags: { 'blobs-s3-bucket': 'b' } },
  { args: ['--config='], flags: { config: '' } },
  { args: ['here', '--data', 'd', 'there'], flags: { data: 'd' }, strays: ['here', 'there'] },
  { args: ['-x'], flags: {}, strays: ['-x'] },
  { args: ['--', 'x'], flags: {}, strays: ['--', 'x'] },
];

for (const { args, flags, strays = [] } of table) {
  test(`serve ${args.join(' ')} is read`, () => {
    assert.deepEqual(readServeFlags(args), { flags, strays });
  });
}
