import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DirectoryError } from './directory-error.ts';
import { parseDirectoryUrls } from './server-url.ts';

const read = (text: string) => parseDirectoryUrls(text).map((at) => `${at.protection} ${at.host} ${at.port}`);

const table: readonly (readonly [text: string, expected: readonly string[]])[] = [
  ['ldap://dc1.example.org', ['none dc1.example.org 389']],
  ['ldaps://dc1.example.org/', ['tls dc1.example.org 636']],
  ['LDAP+StartTLS://DC1.example.org:1389', ['start-tls dc1.example.org 1389']],
  ['dc1.example.org:3268', ['none dc1.example.org 3268']],
  ['ldaps://[2001:db8::1]:1636', ['tls 2001:db8::1 1636']],
  [' ldaps://a, ldaps://b\nldap://c ', ['tls a 636', 'tls b 636', 'none c 389']],
  ['ldap://0x7f.1', ['none 127.0.0.1 389']],
  ['ldap://2130706433', ['none 127.0.0.1 389']],
  ['ldap://[::ffff:127.0.0.1]', ['none ::ffff:7f00:1 389']],
];

for (const [text, expected] of table) {
  test(`${JSON.stringify(text)} means ${expected.join(' and ')}`, () => assert.deepEqual(read(text), expected));
}

test('anything but a scheme of LDAP, a host and a port is refused', () => {
  for (const text of [
    '',
    ' , ',
    'http://a',
    'file:///etc/passwd',
    'unix:///run/slapd',
    'ldapi:///run/slapd',
    'gopher://a',
    'ldap://',
    'ldap://a/dc=example',
    'ldap://user:secret@a',
    'ldap://a?x',
    'ldap://a#x',
    'ldap://a:99999',
    'ldap://a b://',
    Array.from({ length: 17 }, (_, at) => `ldap://h${at}`).join(','),
  ]) {
    assert.throws(() => parseDirectoryUrls(text), DirectoryError, text);
  }
});

test('a refusal repeats no password', () => {
  assert.throws(
    () => parseDirectoryUrls('ldap://user:canary-secret@a'),
    (error: Error) => !error.message.includes('canary'),
  );
});
