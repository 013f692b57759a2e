import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAttributeName, isDirectoryFilter, isDirectoryUrls } from './checks.ts';

test('filters are told from what is none', () => {
  for (const text of [
    '(a=b)',
    'a=b',
    ' (&(objectClass=user)(!(userAccountControl:1.2.840.113556.1.4.803:=2))) ',
    '(a=*)',
  ]) {
    assert.ok(isDirectoryFilter(text), text);
  }
  for (const text of ['', '(', '(a=b', '(a=b))', '(&)', 'x', '(a=b)(c=d)', '(a=(b))', '(a=\\zz)']) {
    assert.ok(!isDirectoryFilter(text), text);
  }
});

test('names of attributes are told from what is none', () => {
  for (const text of ['uid', 'sAMAccountName', '2.5.4.3', 'cn;lang-de']) assert.ok(isAttributeName(text), text);
  for (const text of ['', '1uid', 'uid=*', 'uid)(x', 'u id', '(uid)']) assert.ok(!isAttributeName(text), text);
});

test('addresses of servers are told from what is none', () => {
  assert.ok(isDirectoryUrls('ldaps://a ldaps://b'));
  for (const text of ['', 'http://a', 'ldap://a?x']) assert.ok(!isDirectoryUrls(text), text);
});
