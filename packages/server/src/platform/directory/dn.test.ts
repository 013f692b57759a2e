import assert from 'node:assert/strict';
import { test } from 'node:test';
import { normalizeDn, isDnWithin } from './dn.ts';

const same: readonly (readonly [string, string])[] = [
  ['cn=admins,ou=groups,dc=example', 'CN=Admins, OU=groups , DC=EXAMPLE'],
  ['cn=Smith\\, Pat,dc=x', 'cn=Smith\\2c Pat,dc=x'],
  ['cn=Smith\\, Pat,dc=x', 'cn="Smith, Pat",dc=x'],
  ['cn=M\\c3\\bcller,dc=x', 'cn=Müller,dc=x'],
  ['cn=a+uid=b,dc=x', 'uid=b+cn=a,dc=x'],
  ['cn=a  b,dc=x', 'cn=a b,dc=x'],
  ['cn=a\\+b\\=c,dc=x', 'cn=a\\2bb\\3Dc,dc=x'],
  ['cn=a\\\\,dc=x', 'cn=a\\5C,dc=x'],
  ['oid.2.5.4.3=a,dc=x', '2.5.4.3=a,dc=x'],
  ['cn=a\\ ,dc=x', 'cn=a,dc=x'],
];

const different: readonly (readonly [string, string])[] = [
  ['cn=a,dc=x', 'cn=b,dc=x'],
  ['cn=a\\,dc=x', 'cn=a,dc=x'],
  ['cn=a,ou=b,dc=x', 'cn=a,dc=x'],
  ['cn=a+uid=b,dc=x', 'cn=a,uid=b,dc=x'],
  ['cn=a\\,ou\\=b,dc=x', 'cn=a,ou=b,dc=x'],
];

for (const [one, other] of same) {
  test(`${one} and ${other} are one name`, () => {
    assert.ok(normalizeDn(one) !== undefined);
    assert.equal(normalizeDn(one), normalizeDn(other));
  });
}

for (const [one, other] of different) {
  test(`${one} and ${other} are two names`, () => assert.notEqual(normalizeDn(one), normalizeDn(other)));
}

test('what is no name has no spelling', () => {
  for (const text of ['admins', 'cn', '=x', 'cn=a,,dc=x', 'cn=a,dc', '*)(uid=*', 'cn=a\\']) {
    assert.equal(normalizeDn(text), undefined, text);
  }
});

test('the one spelling is a name itself, and stays as it is', () => {
  const table = [
    ['CN = Smith\\2C  Pat , DC=X', 'cn=smith\\, pat,dc=x'],
    ['cn=\\#a\\+b\\00,dc=x', 'cn=\\#a\\+b\\00,dc=x'],
    ['', ''],
  ] as const;
  for (const [given, expected] of table) {
    assert.equal(normalizeDn(given), expected);
    assert.equal(normalizeDn(expected), expected);
  }
});

test('a name lies within its base and everything above it, whatever the text looks like', () => {
  const group = 'cn=dev,ou=groups,dc=example,dc=org';
  for (const base of ['', 'dc=org', 'DC=example, dc=org', 'ou=groups,dc=example,dc=org', group]) {
    assert.ok(isDnWithin(group, base), base);
  }
  for (const base of ['ou=other,dc=example,dc=org', `cn=x,${group}`, 'c=org', 'no name']) {
    assert.ok(!isDnWithin(group, base), base);
  }
  assert.ok(
    !isDnWithin('cn=evil\\,ou=groups\\,dc=example\\,dc=org', 'dc=example,dc=org'),
    'escaped commas divide nothing',
  );
});
