import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatPlatform, matchesPlatform, parsePlatform } from './platform.ts';

const table = [
  { text: 'linux/amd64', os: 'linux', architecture: 'amd64' },
  { text: 'linux/arm64/v8', os: 'linux', architecture: 'arm64', variant: 'v8' },
  { text: 'aarch64', os: 'linux', architecture: 'arm64' },
  { text: 'Linux/x86_64', os: 'linux', architecture: 'amd64' },
  { text: 'windows/amd64', os: 'windows', architecture: 'amd64' },
];
for (const { text, ...expected } of table) {
  test(`the platform ${text} is read`, () => {
    assert.deepEqual(parsePlatform(text), expected);
  });
}

test('texts of another form are no platform', () => {
  for (const text of ['', '/', 'linux/', '/amd64', 'a/b/c/d', 'linux/amd 64', 'linux\n', 'linux/'.repeat(10_000)]) {
    assert.equal(parsePlatform(text), undefined, text.slice(0, 20));
  }
});

test('an absent variant means the usual one', () => {
  const matches = (wanted: string, platform: object) => {
    const parsed = parsePlatform(wanted);
    return parsed !== undefined && matchesPlatform(parsed, platform);
  };
  assert.ok(matches('linux/arm64', { os: 'linux', architecture: 'arm64', variant: 'v8' }));
  assert.ok(matches('linux/arm64/v8', { os: 'linux', architecture: 'arm64' }));
  assert.ok(matches('linux/arm', { os: 'linux', architecture: 'arm', variant: 'v7' }));
  assert.ok(!matches('linux/arm', { os: 'linux', architecture: 'arm', variant: 'v6' }));
  assert.ok(!matches('linux/amd64', { os: 'windows', architecture: 'amd64' }));
  assert.ok(!matches('linux/amd64', {}));
  assert.equal(formatPlatform({ os: 'linux', architecture: 'arm', variant: 'v6' }), 'linux/arm/v6');
  assert.equal(formatPlatform({}), 'unknown/unknown');
});
