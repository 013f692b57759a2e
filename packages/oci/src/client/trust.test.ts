import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RegistryTrustError } from './errors.ts';
import { parseRealm, resolveTarget, sharesTrust } from './trust.ts';

const pairs = [
  { registry: 'hub.example.com', realm: 'hub.example.com', expected: true },
  { registry: 'registry-1.docker.io', realm: 'auth.docker.io', expected: true },
  { registry: 'registry.gitlab.com', realm: 'gitlab.com', expected: true },
  { registry: 'registry.example.co.uk', realm: 'auth.example.co.uk', expected: true },
  { registry: 'registry.example.co.uk', realm: 'evil.co.uk', expected: false },
  { registry: 'hub.example.com', realm: 'evil.com', expected: false },
  { registry: 'hub.example.com', realm: 'hub.example.com.evil.net', expected: false },
  { registry: 'example.com', realm: 'badexample.com', expected: false },
  { registry: 'one.azurecr.io', realm: 'two.azurecr.io', expected: false },
  { registry: 'a.one.azurecr.io', realm: 'b.one.azurecr.io', expected: true },
  { registry: '10.0.0.1', realm: '10.0.0.1', expected: true },
  { registry: '10.0.0.1', realm: '11.0.0.1', expected: false },
  { registry: '[::1]', realm: '[::2]', expected: false },
  { registry: 'localhost', realm: 'evil.com', expected: false },
  { registry: 'registry', realm: 'auth', expected: false },
  { registry: 'a.co.uk', realm: 'co.uk', expected: false },
];
for (const { registry, realm, expected } of pairs) {
  test(`${registry} ${expected ? 'trusts' : 'does not trust'} ${realm} with credentials`, () => {
    assert.equal(sharesTrust(registry, realm), expected);
  });
}

const base = new URL('https://hub.example.com');

test('a realm is refused when it leads to http or, with credentials, to another party', () => {
  assert.equal(parseRealm('https://auth.example.com/t', base, true, []).href, 'https://auth.example.com/t');
  assert.equal(parseRealm('https://evil.net/t', base, false, []).host, 'evil.net');
  assert.equal(parseRealm('https://sso.net:8443/t', base, true, ['sso.net:8443']).host, 'sso.net:8443');
  for (const realm of [
    'http://hub.example.com/t',
    'https://evil.net/t',
    'https://hub.example.com@evil.net/t',
    'https://user@auth.example.com/t',
    'file:///etc/passwd',
    'javascript:alert(1)',
    '/token',
    '',
  ]) {
    assert.throws(() => parseRealm(realm, base, true, []), RegistryTrustError, realm);
  }
  assert.equal(parseRealm('http://127.0.0.1:1/t', new URL('http://127.0.0.1:1'), true, []).port, '1');
});

test('a location is resolved, lifted to https on the same host, and refused otherwise', () => {
  for (const [location, expected] of [
    ['/v2/a?x=%2F&y', 'https://hub.example.com/v2/a?x=%2F&y'],
    ['https://cdn.example.net/blob?sig=a%3D', 'https://cdn.example.net/blob?sig=a%3D'],
    ['http://hub.example.com/v2/a?b', 'https://hub.example.com/v2/a?b'],
    ['http://hub.example.com//evil.net/a', 'https://hub.example.com//evil.net/a'],
    ['https://user:secret@cdn.example.net/a#b', 'https://cdn.example.net/a'],
  ] as const) {
    assert.equal(resolveTarget(location, base).href, expected);
  }
  for (const location of ['http://evil.net/a', 'file:///etc/passwd', 'data:,x', 'https://', 'https://[bad']) {
    assert.throws(() => resolveTarget(location, base), RegistryTrustError, location);
  }
});
