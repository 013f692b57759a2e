import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { assertAnswer } from '#testing/answers';
import { createBrowser } from '#testing/browser';
import { clientId, clientSecret, startOpenIdProvider } from '#testing/openid-provider';
import { startTestRegistry, testPassword, type TestRegistry } from '#testing/test-registry';

const api = '/api/v2.0';
const own = '/api/entrepot/v1';
const json = { 'content-type': 'application/json' };

async function signIn(registry: TestRegistry, name: string, browser = createBrowser()) {
  const body = new URLSearchParams({ principal: name, password: testPassword });
  await assertAnswer(await browser.open(`${registry.url}/c/login`, { method: 'POST', body }), 200);
  return browser;
}

describe('a browser session', () => {
  test('signs requests of the management API in, and changes with the token only (C9 123)', async () => {
    await using registry = await startTestRegistry();
    await registry.addUser('anna');
    const browser = await signIn(registry, 'anna');
    const current = await browser.open(`${registry.url}${api}/users/current`);
    assert.equal(((await current.json()) as { username: string }).username, 'anna');
    const token = current.headers.get('x-harbor-csrf-token') ?? '';
    const change = (headers: Record<string, string>) =>
      browser.open(`${registry.url}${api}/users/2`, {
        method: 'PUT',
        headers: { ...json, ...headers },
        body: '{"realname":"Anna"}',
      });
    await assertAnswer(await change({}), 403, 'FORBIDDEN');
    await assertAnswer(await change({ 'x-harbor-csrf-token': 'guess' }), 403, 'FORBIDDEN');
    await assertAnswer(
      await change({ 'x-harbor-csrf-token': token, origin: 'https://evil.example' }),
      403,
      'FORBIDDEN',
    );
    await assertAnswer(await change({ 'x-harbor-csrf-token': token }), 200);
    // Credentials in a header count alone, and need no token.
    await assertAnswer(await change({ authorization: registry.basic('anna') }), 200);
    await assertAnswer(await change({ authorization: registry.basic('anna', 'wrong') }), 401, 'UNAUTHORIZED');
    for (const from of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }]) {
      const remembered = { authorization: registry.basic('anna'), ...from } as Record<string, string>;
      await assertAnswer(await change(remembered), 403, 'FORBIDDEN');
    }
  });

  test('learns the token from a refusal, as tools of Harbor do', async () => {
    await using registry = await startTestRegistry();
    await registry.addUser('anna');
    const browser = await signIn(registry, 'anna');
    const put = (headers: Record<string, string>) =>
      browser.open(`${registry.url}${api}/users/2`, { method: 'PUT', headers: { ...json, ...headers }, body: '{}' });
    const refused = await put({});
    assert.equal(refused.status, 403);
    assert.ok(browser.cookies(registry.url).has('_gorilla_csrf'));
    await assertAnswer(await put({ 'x-harbor-csrf-token': refused.headers.get('x-harbor-csrf-token') ?? '' }), 200);
  });

  test('opens nothing of the data plane', async () => {
    await using registry = await startTestRegistry();
    const browser = await signIn(registry, 'admin');
    assert.equal((await browser.open(`${registry.url}/v2/_catalog`)).status, 401);
  });

  test('is listed and ended, the own by everybody and others by administrators', async () => {
    await using registry = await startTestRegistry();
    for (const name of ['anna', 'bert']) await registry.addUser(name);
    const [first, second, berts] = [
      await signIn(registry, 'anna'),
      await signIn(registry, 'anna'),
      await signIn(registry, 'bert'),
    ];
    const list = async (path: string, browser = first) => {
      const response = await browser.open(`${registry.url}${own}${path}`);
      assert.equal(response.status, 200, await response.clone().text());
      return (await response.json()) as { id: string; username: string; current: boolean }[];
    };
    const mine = await list('/sessions/own');
    assert.deepEqual([mine.length, mine.filter(({ current }) => current).length], [2, 1]);
    await assertAnswer(await first.open(`${registry.url}${own}/sessions`), 403, 'FORBIDDEN');
    const bertsId = (await list('/sessions/own', berts))[0]?.id ?? '';
    const end = (id: string, as: string) => registry.fetch(`${own}/sessions/${id}`, { method: 'DELETE', as });
    const [foreign, none] = [await end(bertsId, registry.basic('anna')), await end('none', registry.basic('anna'))];
    assert.deepEqual([foreign.status, none.status], [404, 404]);
    const all = await registry.fetch(`${own}/sessions?page_size=2`, { as: registry.admin });
    assert.equal(all.headers.get('x-total-count'), '3');
    await assertAnswer(await end(bertsId, registry.admin), 200);
    assert.equal((await berts.open(`${registry.url}${api}/users/current`)).status, 401);
    const others = await registry.fetch(`${own}/sessions/own`, { method: 'DELETE', as: registry.basic('anna') });
    assert.deepEqual(await others.json(), { ended: 2 });
    for (const browser of [first, second]) {
      assert.equal((await browser.open(`${registry.url}${api}/users/current`)).status, 401);
    }
  });

  test('is over with a changed password, with administration given or taken, and at the sign-out', async () => {
    await using registry = await startTestRegistry();
    await registry.addUser('anna');
    const isIn = async (browser: ReturnType<typeof createBrowser>) =>
      (await browser.open(`${registry.url}${api}/users/current`)).status === 200;
    const put = (path: string, body: object) =>
      registry.fetch(`${api}${path}`, { method: 'PUT', as: registry.admin, headers: json, body: JSON.stringify(body) });
    for (const [path, body] of [
      ['/users/2/sysadmin', { sysadmin_flag: true }],
      ['/users/2/sysadmin', { sysadmin_flag: false }],
    ] as const) {
      const browser = await signIn(registry, 'anna');
      assert.ok(await isIn(browser));
      await assertAnswer(await put(path, body), 200);
      assert.equal(await isIn(browser), false, JSON.stringify(body));
    }
    const browser = await signIn(registry, 'anna');
    const [kept] = [browser.cookies(registry.url).get('sid') ?? ''];
    await assertAnswer(await browser.open(`${registry.url}/c/log_out`), 200);
    browser.cookies(registry.url).set('sid', kept);
    assert.equal(await isIn(browser), false);
    const last = await signIn(registry, 'anna');
    await assertAnswer(await put('/users/2/password', { new_password: 'Changed12345' }), 200);
    assert.equal(await isIn(last), false);
  });
});

test('people of an OpenID provider sign in, and come back with their secret on the command line', async () => {
  await using stack = new AsyncDisposableStack();
  const env = { ENTREPOT_OUTBOUND_ALLOW: '127.0.0.0/8', ENTREPOT_OUTBOUND_PORTS: '1-65535' };
  const registry = stack.use(await startTestRegistry({ env }));
  const { url } = registry;
  const provider = stack.use(await startOpenIdProvider({ callback: `${url}/c/oidc/callback`, afterLogout: `${url}/` }));
  provider.people.set('anna', { preferred_username: 'anna', groups: ['team'] });
  provider.signsIn = 'anna';
  const settings = {
    auth_mode: 'oidc_auth',
    oidc_name: 'Login',
    oidc_endpoint: provider.issuer,
    oidc_client_id: clientId,
    oidc_client_secret: clientSecret,
    oidc_scope: 'openid,profile,offline_access',
    oidc_groups_claim: 'groups',
    oidc_auto_onboard: true,
    oidc_logout: true,
  };
  const put = (path: string, as: string, body: object) =>
    registry.fetch(`${api}${path}`, { method: 'PUT', as, headers: json, body: JSON.stringify(body) });
  await assertAnswer(await put('/configurations', registry.admin, settings), 200);
  const browser = createBrowser();
  await browser.follow(`${url}/c/oidc/login`, (address) => address === `${url}/`);
  const current = await browser.open(`${url}${api}/users/current`);
  assert.equal(current.status, 200);
  const anna = (await current.json()) as { user_id: number; oidc_user_meta: { secret: string } };
  const { secret } = anna.oidc_user_meta;
  assert.ok(secret.length > 20);
  const seen = await registry.fetch(`${api}/users/${anna.user_id}`, { as: registry.admin });
  assert.ok(!(await seen.text()).includes(secret), 'an administrator sees no secret of others');

  const asAnna = registry.basic('anna', secret);
  await assertAnswer(await registry.fetch('/service/token', { as: asAnna }), 200);
  await assertAnswer(await registry.fetch('/service/token', { as: registry.basic('anna', `${secret}x`) }), 401);
  await assertAnswer(await put(`/users/${anna.user_id}/cli_secret`, asAnna, { secret: 'Chosen-by-anna-1' }), 200);
  await assertAnswer(await registry.fetch('/service/token', { as: registry.basic('anna', 'Chosen-by-anna-1') }), 200);
  await assertAnswer(await put('/users/1/cli_secret', registry.basic('anna', 'Chosen-by-anna-1'), {}), 403);
  await assertAnswer(await put('/users/1/cli_secret', registry.admin, {}), 412);

  const now = Math.floor(Date.now() / 1000);
  const idToken = (claims: object) =>
    provider.sign({ iss: provider.issuer, aud: clientId, sub: 'anna', iat: now, exp: now + 60, ...claims });
  const bearing = async (claims: object) =>
    registry.fetch(`${api}/users/current`, { as: `Bearer ${await idToken(claims)}` });
  await assertAnswer(await bearing({}), 200);
  for (const claims of [{ aud: 'another-client' }, { sub: 'stranger' }, { exp: now - 100 }]) {
    await assertAnswer(await bearing(claims), 401, 'UNAUTHORIZED');
  }
  const out = await browser.open(`${url}/c/log_out`);
  assert.equal(out.headers.get('location'), '/c/oidc/logout');
  const ping = (address: string) =>
    registry.fetch(`${api}/system/oidc/ping`, {
      method: 'POST',
      as: registry.admin,
      headers: json,
      body: JSON.stringify({ url: address, verify_cert: true }),
    });
  await assertAnswer(await ping(provider.issuer), 200);
  await assertAnswer(await ping('http://169.254.169.254/'), 400, 'BAD_REQUEST');
  assert.ok(!registry.logs().includes(secret));
});

test('a pipeline exchanges its token for one that pulls, and nothing it may not', async () => {
  await using registry = await startTestRegistry();
  await registry.addProject('team');
  await registry.addUser('bert', { team: 1 });
  await registry.pushImage('team/app', 'v1');
  const post = (path: string, as: string, body: object) =>
    registry.fetch(path, { method: 'POST', as, headers: json, body: JSON.stringify(body) });
  const made = await post(`${api}/robots`, registry.admin, {
    name: 'puller',
    level: 'project',
    duration: -1,
    permissions: [{ kind: 'project', namespace: 'team', access: [{ resource: 'repository', action: 'pull' }] }],
  });
  assert.equal(made.status, 201, await made.clone().text());
  const robot = (await made.json()) as { id: number; name: string };
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256' }] };
  const body = {
    name: 'main of acme/app',
    robot_id: robot.id,
    issuer: 'https://pipelines.example',
    audience: 'hub',
    jwks,
    conditions: [{ claim: 'sub', values: ['repo:acme/app:ref:refs/heads/main'] }],
  };
  const inTeam = `${own}/projects/team/workload-identities`;
  const bert = registry.basic('bert');
  await assertAnswer(await post(`${own}/workload-identities`, bert, body), 403, 'FORBIDDEN');
  const created = await post(inTeam, bert, body);
  assert.equal(created.status, 201, await created.clone().text());
  const location = created.headers.get('location') ?? '';
  await assertAnswer(await registry.fetch(location, { as: bert }), 200);
  const id = location.split('/').at(-1);
  await registry.addProject('other');
  await assertAnswer(
    await registry.fetch(`${own}/projects/other/workload-identities/${id}`, { as: registry.admin }),
    404,
  );

  const now = Math.floor(Date.now() / 1000);
  const sign = (claims: JWTPayload = {}) =>
    new SignJWT({
      iss: body.issuer,
      aud: 'hub',
      sub: body.conditions[0]?.values[0] ?? '',
      iat: now,
      exp: now + 300,
      ...claims,
    })
      .setProtectedHeader({ alg: 'ES256', kid: 'k' })
      .sign(privateKey);
  const type = 'urn:ietf:params:oauth:token-type:jwt';
  const exchange = (form: Record<string, string>) =>
    registry.fetch('/service/token', {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', ...form }),
    });
  const scope = 'repository:team/app:pull,push';
  const answer = await exchange({ subject_token: await sign(), subject_token_type: type, scope });
  assert.equal(answer.status, 200, await answer.clone().text());
  assert.equal(answer.headers.get('cache-control'), 'no-store');
  const issued = (await answer.json()) as Record<string, string>;
  assert.deepEqual([issued['token_type'], issued['scope']], ['Bearer', 'repository:team/app:pull']);
  const as = `Bearer ${issued['access_token']}`;
  assert.equal((await registry.fetch('/v2/team/app/manifests/v1', { as })).status, 200);
  assert.equal((await registry.fetch('/v2/team/app/blobs/uploads/', { method: 'POST', as })).status, 401);

  for (const [form, error] of [
    [{ subject_token_type: type }, 'invalid_request'],
    [{ subject_token: await sign() }, 'invalid_request'],
    [{ subject_token: await sign(), subject_token_type: 'urn:ietf:params:oauth:token-type:saml2' }, 'invalid_request'],
    [{ subject_token: await sign(), subject_token_type: type, actor_token: 'x' }, 'invalid_request'],
    [
      { subject_token: await sign({ sub: 'repo:evil/app:ref:refs/heads/main' }), subject_token_type: type },
      'invalid_grant',
    ],
    [{ subject_token: await sign({ aud: 'elsewhere' }), subject_token_type: type }, 'invalid_grant'],
    [{ subject_token: 'x', subject_token_type: type }, 'invalid_grant'],
  ] as const) {
    const refused = await exchange(form as Record<string, string>);
    assert.equal(refused.status, 400);
    assert.equal(((await refused.json()) as { error: string }).error, error, JSON.stringify(form).slice(0, 80));
  }
  for (const name of ['oidc', 'workload', robot.name]) {
    await assertAnswer(
      await registry.fetch(`/service/token?scope=${scope}`, { as: registry.basic(name, await sign()) }),
      200,
    );
  }
  await assertAnswer(
    await registry.fetch('/service/token', { as: registry.basic('robot$team+other', await sign()) }),
    401,
  );
  await assertAnswer(await registry.fetch(`${api}/robots/${robot.id}`, { method: 'DELETE', as: registry.admin }), 200);
  assert.equal((await exchange({ subject_token: await sign(), subject_token_type: type })).status, 400);
  assert.equal((await registry.fetch(location, { as: bert })).status, 404, 'it went with the robot');
});

test('a client certificate that a trusted proxy hands on stands for an account, below credentials', async () => {
  const run = promisify(execFile);
  const { stdout } = await run('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-keyout', '/dev/null', '-subj', '/CN=gate-7'],
  ]);
  const certificate = `:${new X509Certificate(stdout).raw.toString('base64')}:`;
  const env = {
    ENTREPOT_AUTH_CLIENT_CERTIFICATES: 'cn=gate-* user=anna',
    ENTREPOT_AUTH_CLIENT_CERTIFICATE_HEADER: 'client-cert',
  };
  const setUp = async (stack: AsyncDisposableStack, more: Record<string, string>) => {
    const registry = stack.use(await startTestRegistry({ env: { ...env, ...more } }));
    await registry.addProject('team');
    await registry.addUser('anna', { team: 3 });
    await registry.pushImage('team/app', 'v1');
    const ask = (path: string, init: { as?: string } = {}) =>
      registry.fetch(path, { ...init, headers: { 'client-cert': certificate } });
    return { registry, ask };
  };
  await using stack = new AsyncDisposableStack();
  const { registry, ask } = await setUp(stack, { ENTREPOT_TRUSTED_PROXIES: '127.0.0.1/32' });
  assert.equal((await ask('/v2/team/app/manifests/v1')).status, 200);
  assert.equal(((await (await ask(`${api}/users/current`)).json()) as { username: string }).username, 'anna');
  const token = (await (await ask('/service/token?scope=repository:team/app:pull')).json()) as { token: string };
  assert.equal((await registry.fetch('/v2/team/app/manifests/v1', { as: `Bearer ${token.token}` })).status, 200);
  assert.equal((await ask('/v2/team/app/manifests/v1', { as: registry.basic('anna', 'wrong') })).status, 401);
  assert.equal((await registry.fetch('/v2/team/app/manifests/v1')).status, 401);
  const open = await setUp(stack, {});
  assert.equal((await open.ask('/v2/team/app/manifests/v1')).status, 401, 'from nobody that is trusted');
  assert.equal((await open.ask(`${api}/users/current`)).status, 401);
});
