import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RegistryError } from '#kernel/errors';
import { assertSameOrigin, checkCsrf, offerCsrfToken } from './csrf.ts';

const origin = { base: 'https://hub.example', secure: true };

/** What a client knows after a first answer: the token and the cookie. */
function offered(key: string, headers: Record<string, string> = {}) {
  const offer = offerCsrfToken({ headers }, origin, key);
  const [cookie = ''] = (offer['Set-Cookie'] ?? '').split(';');
  return { token: offer['X-Harbor-CSRF-Token'] ?? '', cookie, offer };
}

const outcome = (work: () => void): string => {
  try {
    work();
    return 'let through';
  } catch (error) {
    assert.ok(error instanceof RegistryError, String(error));
    return error.code;
  }
};

const post = (headers: Record<string, string>, key = 'k', method = 'POST') =>
  outcome(() => checkCsrf({ method, headers }, origin, key));

test('a change with the token and its cookie is let through', () => {
  const { token, cookie } = offered('k');
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
    assert.equal(post({ cookie, 'x-harbor-csrf-token': token }, 'k', method), 'let through');
  }
});

test('reads need no token', () => {
  for (const method of ['GET', 'HEAD', 'OPTIONS']) assert.equal(post({}, 'k', method), 'let through');
});

test('a change without token, without cookie or with what does not belong together is refused', () => {
  const { token, cookie } = offered('k');
  const other = offered('k');
  const foreign = offered('another session');
  for (const headers of [
    {},
    { cookie },
    { 'x-harbor-csrf-token': token },
    { cookie, 'x-harbor-csrf-token': '' },
    { cookie, 'x-harbor-csrf-token': `${token}x` },
    { cookie: other.cookie, 'x-harbor-csrf-token': token },
    { cookie: foreign.cookie, 'x-harbor-csrf-token': foreign.token },
    { cookie: '_gorilla_csrf=', 'x-harbor-csrf-token': token },
    { cookie: `${cookie}x`, 'x-harbor-csrf-token': token },
  ]) {
    assert.equal(post(headers as Record<string, string>), 'denied', JSON.stringify(headers));
  }
});

test('a client that has its cookie gets the same token again and no new cookie', () => {
  const first = offered('k');
  const again = offered('k', { cookie: first.cookie });
  assert.equal(again.token, first.token);
  assert.equal(again.offer['Set-Cookie'], undefined);
  assert.match(
    first.offer['Set-Cookie'] ?? '',
    /^_gorilla_csrf=[\w-]{22}; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
  );
});

const origins: { name: string; headers: Record<string, string>; expected: string }[] = [
  { name: 'no browser', headers: {}, expected: 'let through' },
  {
    name: 'our own page',
    headers: { origin: 'https://hub.example', 'sec-fetch-site': 'same-origin' },
    expected: 'let through',
  },
  { name: 'our own page in an older browser', headers: { origin: 'https://HUB.example' }, expected: 'let through' },
  { name: 'an address that the user typed', headers: { 'sec-fetch-site': 'none' }, expected: 'let through' },
  {
    name: 'another site',
    headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
    expected: 'denied',
  },
  { name: 'another site in an older browser', headers: { origin: 'https://evil.example' }, expected: 'denied' },
  {
    name: 'a neighbouring host',
    headers: { origin: 'https://x.example', 'sec-fetch-site': 'same-site' },
    expected: 'denied',
  },
  { name: 'the same host without TLS', headers: { origin: 'http://hub.example' }, expected: 'denied' },
  { name: 'the same host on another port', headers: { origin: 'https://hub.example:8443' }, expected: 'denied' },
  { name: 'a sandboxed frame', headers: { origin: 'null' }, expected: 'denied' },
  { name: 'another site that hides its name', headers: { 'sec-fetch-site': 'cross-site' }, expected: 'denied' },
];

for (const { name, headers, expected } of origins) {
  test(`a request from ${name} is ${expected}`, () => {
    assert.equal(
      outcome(() => assertSameOrigin({ method: 'POST', headers }, origin)),
      expected,
    );
    const { token, cookie } = offered('k');
    assert.equal(post({ ...headers, cookie, 'x-harbor-csrf-token': token }), expected);
  });
}
