import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RegistryError } from '#kernel/errors';
import { readMetadata, readMetadataChange } from './metadata.ts';

const refused = (error: unknown) => error instanceof RegistryError && error.code === 'body-invalid';

for (const [name, value, kept] of [
  ['public', 'true', 'true'],
  ['prevent_vul', 'false', 'false'],
  ['severity', 'High', 'high'],
  ['proxy_speed_kb', '-1', '-1'],
  ['proxy_speed_kb', '0042', '42'],
  ['max_upstream_conn', '5', '5'],
  ['proxy_cache_filter_kind', 'regex', 'regex'],
  ['proxy_cache_filter_pattern', 'library/**', 'library/**'],
] as const) {
  test(`metadata ${name} takes ${value}`, () => assert.equal(readMetadata(name, value), kept));
}

for (const [name, value] of [
  ['public', 'yes'],
  ['public', ''],
  ['public', 'TRUE'],
  ['severity', 'urgent'],
  ['proxy_speed_kb', '1.5'],
  ['proxy_speed_kb', '-2'],
  ['proxy_speed_kb', '9999999999'],
  ['max_upstream_conn', '0'],
  ['proxy_cache_filter_kind', 'sql'],
  ['proxy_cache_filter_pattern', 'a\nb'],
  ['retention_id', '1'],
  ['owner', 'eve'],
  ['__proto__', 'true'],
  ['constructor', 'true'],
] as const) {
  test(`metadata ${name} does not take ${JSON.stringify(value)}`, () => {
    assert.throws(() => readMetadata(name, value), refused);
  });
}

test('what is absent, null or empty says nothing', () => {
  assert.deepEqual(readMetadataChange({ auto_scan: null, severity: '', prevent_vul: undefined, public: 'true' }, '7'), {
    public: 'true',
  });
});

test('a retention policy may be named where it is that of the project, and not changed', () => {
  assert.deepEqual(readMetadataChange({ retention_id: '7' }, '7'), {});
  assert.throws(() => readMetadataChange({ retention_id: '8' }, '7'), refused);
  assert.throws(() => readMetadataChange({ retention_id: '8' }, undefined), refused);
});
