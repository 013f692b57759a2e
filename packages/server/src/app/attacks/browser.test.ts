import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { allRecords } from '@entrepot/contract/all-records';
import type { RouteRecord } from '@entrepot/contract/route';
import { assertAnswer } from '#testing/answers';
import { createBrowser } from '#testing/browser';
import { testPassword, useTestRegistry } from '#testing/test-registry';

// What a page of another site can make a browser do that is signed in here: nothing. Generated from the records, so that
// no operation is forgotten (C9).

const registry = await useTestRegistry({
  env: { ENTREPOT_TRUSTED_PROXIES: '127.0.0.1/32', ENTREPOT_AUTH_LOGIN_ATTEMPTS: '1000000' },
});
const notYet = new Set(registry.registry.notYet);
const changing = allRecords.filter(({ method }) => method !== 'GET' && method !== 'HEAD');
const endsSessions = (record: RouteRecord) => record.operationId === 'deleteOwnSessions';
const served = changing
  .filter(({ operationId }) => !notYet.has(operationId))
  .toSorted((one, other) => Number(endsSessions(one)) - Number(endsSessions(other)));

/** What a browser sends with every request when TLS ends before the registry. */
const overTls = { 'x-forwarded-proto': 'https' };
const ownOrigin = registry.url.replace('http:', 'https:');

async function signIn(headers: Record<string, string> = {}, browser = createBrowser()) {
  const body = new URLSearchParams({ principal: 'admin', password: testPassword });
  const response = await browser.open(`${registry.url}/c/login`, { method: 'POST', body, headers });
  assert.equal(response.status, 200);
  return { browser, response };
}

/** Nothing that is there is named, so that whatever gets through changes nothing. */
const pathOf = ({ path }: RouteRecord) =>
  path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    /_id$|^(?:id|eid|tid|mid)$/.test(name) ? '999999999' : 'not-there',
  );

const { browser } = await signIn();
const offered = await browser.open(`${registry.url}/api/v2.0/users/current`);
const token = offered.headers.get('x-harbor-csrf-token') ?? '';
assert.ok(token.length > 20);

/** Sends the operation as a page would, with the cookie of an administrator. */
async function send(record: RouteRecord, headers: Record<string, string>) {
  const response = await browser.open(`${registry.url}${pathOf(record)}`, {
    method: record.method,
    headers: { ...(record.body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(record.body === undefined ? {} : { body: '{}' }),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

describe('with the cookie of an administrator', () => {
  assert.ok(served.length > 60);
  for (const record of served) {
    test(`${record.operationId} happens with the token, from our own pages, and not otherwise (123, 124)`, async () => {
      const csrf = { 'x-harbor-csrf-token': token };
      for (const [why, headers] of [
        ['CSRF token not found', {}],
        ['CSRF token not found', { 'x-harbor-csrf-token': `${token}x` }],
        ['another site', { ...csrf, origin: 'https://evil.example' }],
        ['another site', { ...csrf, origin: 'null' }],
        ['another site', { ...csrf, 'sec-fetch-site': 'cross-site' }],
        ['another site', { ...csrf, 'sec-fetch-site': 'same-site', origin: registry.url }],
      ] as const) {
        const refused = await send(record, headers as Record<string, string>);
        assert.equal(refused.status, 403, JSON.stringify(headers));
        assert.ok(refused.text.includes(why), refused.text);
      }
      const taken = await send(record, { ...csrf, origin: registry.url });
      assert.ok(taken.status !== 401 && taken.status !== 403, `${taken.status} ${taken.text}`);
    });
  }
});

test('no answer lets another site read it, and every answer says what it is', async () => {
  const preflight = { origin: 'https://evil.example', 'access-control-request-method': 'DELETE' };
  const paths = [
    ...new Set(allRecords.map(pathOf)),
    ...['/', '/c/login', '/c/log_out', '/c/userExists', '/c/oidc/login', '/c/oidc/callback', '/c/oidc/onboard'],
    ...['/c/oidc/logout', '/service/token', '/v2/', '/v2/_catalog', '/v2/a/b/manifests/x', '/v2/UPPER', '/nowhere'],
    ...['/healthz', '/readyz', '/metrics', '/api/version', '/api/docs', '/api/docs/openapi.json'],
  ];
  for (const path of paths) {
    for (const [method, as] of [
      ['GET', undefined],
      ['GET', registry.admin],
      ['OPTIONS', undefined],
      ['PUT', 'Bearer x'],
    ] as const) {
      const response = await registry.fetch(path, { method, headers: preflight, ...(as === undefined ? {} : { as }) });
      const type = response.headers.get('content-type') ?? '';
      const what = `${method} ${path} ${response.status}`;
      const cors = [...response.headers.keys()].filter((name) => name.startsWith('access-control-'));
      assert.deepEqual(cors, [], what);
      assert.equal(response.headers.get('x-content-type-options'), 'nosniff', what);
      assert.equal(type.includes('html'), path === '/api/docs' && method === 'GET', `${what} ${type}`);
      if (path.startsWith('/api/v2.0/') || path.startsWith('/api/entrepot/')) {
        assert.match(response.headers.get('content-security-policy') ?? '', /default-src 'none'/, what);
      }
      await response.body?.cancel();
    }
  }
});

describe('a request that is not signed in', () => {
  const records = allRecords.filter(({ permission }) => permission !== 'public');

  test('is challenged where a program asks, and not where our own page asks', async () => {
    for (const record of records) {
      const challengeOf = async (headers: Record<string, string>) => {
        const response = await registry.fetch(pathOf(record), { method: record.method, headers });
        await response.body?.cancel();
        assert.equal(response.status, 401, record.operationId);
        return response.headers.get('www-authenticate');
      };
      assert.match((await challengeOf({})) ?? '', /^Basic /, record.operationId);
      assert.equal(await challengeOf({ 'sec-fetch-site': 'same-origin' }), null, record.operationId);
      assert.equal(await challengeOf({ cookie: 'sid=over' }), null, record.operationId);
    }
  });
});

describe('the cookie of a session', () => {
  const sidOf = (response: Response) =>
    response.headers.getSetCookie().find((line) => /^(?:__Host-)?sid=/.test(line)) ?? '';

  test('over TLS is for this host alone, for no script, and sent to no other site (127)', async () => {
    const { response } = await signIn({ ...overTls, origin: ownOrigin });
    assert.match(sidOf(response), /^__Host-sid=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure$/);
  });

  test('is a new one after the sign-in, whatever the browser brought along (126)', async () => {
    const planted = createBrowser();
    const chosen = 'x'.repeat(43);
    planted.cookies(registry.url).set('sid', chosen);
    await signIn({}, planted);
    const first = planted.cookies(registry.url).get('sid') ?? '';
    assert.notEqual(first, chosen);
    await signIn({}, planted);
    const second = planted.cookies(registry.url).get('sid') ?? '';
    assert.notEqual(second, first);
    const current = (sid: string) => registry.fetch('/api/v2.0/users/current', { headers: { cookie: `sid=${sid}` } });
    for (const gone of [chosen, first]) await assertAnswer(await current(gone), 401);
    await assertAnswer(await current(second), 200);
    await assertAnswer(await planted.open(`${registry.url}/c/log_out`), 200);
    await assertAnswer(await current(second), 401, 'UNAUTHORIZED');
  });

  test('that is planted by a neighbour over TLS signs no browser in', async () => {
    const { response } = await signIn();
    const [pair = ''] = sidOf(response).split(';');
    const ask = (headers: Record<string, string>) =>
      registry.fetch('/api/v2.0/users/current', { headers: { ...overTls, cookie: pair, ...headers } });
    await assertAnswer(await ask({ 'sec-fetch-site': 'same-origin' }), 401);
  });
});
