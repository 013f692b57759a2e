import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatCookie, formatSessionCookie, readCookie, readSessionCookie } from './cookies.ts';

const sessions: { name: string; headers: Record<string, string>; secure: boolean; expected: string | undefined }[] = [
  { name: 'no cookie', headers: {}, secure: true, expected: undefined },
  { name: 'sid without TLS', headers: { cookie: 'sid=abc' }, secure: false, expected: 'abc' },
  { name: 'sid among others', headers: { cookie: 'a=1; sid=abc;b=2' }, secure: false, expected: 'abc' },
  { name: 'an empty sid', headers: { cookie: 'sid=' }, secure: false, expected: undefined },
  { name: 'a name that only ends alike', headers: { cookie: 'xsid=abc' }, secure: false, expected: undefined },
  { name: 'the prefixed cookie over TLS', headers: { cookie: '__Host-sid=abc' }, secure: true, expected: 'abc' },
  {
    name: 'the prefixed cookie before sid',
    headers: { cookie: 'sid=planted; __Host-sid=abc' },
    secure: true,
    expected: 'abc',
  },
  { name: 'sid of a tool over TLS', headers: { cookie: 'sid=abc' }, secure: true, expected: 'abc' },
  {
    name: 'sid of a browser over TLS, which a neighbour may have planted',
    headers: { cookie: 'sid=abc', 'sec-fetch-site': 'same-origin' },
    secure: true,
    expected: undefined,
  },
  { name: 'the first of two', headers: { cookie: 'sid=one; sid=two' }, secure: false, expected: 'one' },
  { name: 'what is no cookie', headers: { cookie: ';;=;sid;=x' }, secure: false, expected: undefined },
  { name: 'names of prototypes', headers: { cookie: '__proto__=x; sid=abc' }, secure: false, expected: 'abc' },
];

for (const { name, headers, secure, expected } of sessions) {
  test(`the session of a request with ${name} is ${expected ?? 'none'}`, () => {
    assert.equal(readSessionCookie(headers, secure), expected);
  });
}

test('a session cookie is prefixed and Secure over TLS only, and never for scripts', () => {
  assert.equal(formatSessionCookie('abc', true), '__Host-sid=abc; Path=/; HttpOnly; SameSite=Lax; Secure');
  assert.equal(formatSessionCookie('abc', false), 'sid=abc; Path=/; HttpOnly; SameSite=Lax');
  assert.equal(formatSessionCookie(undefined, false), 'sid=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax');
});

test('a cookie of ours is read under the name it was set with', () => {
  for (const secure of [true, false]) {
    const [pair = ''] = formatCookie('step', 'v1', { secure, maxAge: 60 }).split(';');
    assert.equal(readCookie({ cookie: pair }, 'step', secure), 'v1');
  }
  assert.equal(readCookie({ cookie: 'step=planted' }, 'step', true), undefined);
});
