import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answer } from '#support/http-exchange';
import { assertError, basicAuthorization } from '#support/registry-client';
import { useRegistry } from '#support/use-registry';

const registry = await useRegistry();

interface Challenge {
  readonly realm: string;
  readonly service: string;
  readonly scope: string | undefined;
}

function challengeOf(answer: Answer): Challenge {
  const header = answer.header('www-authenticate') ?? '';
  const parameter = (name: string): string | undefined => new RegExp(`[ ,]${name}="([^"]*)"`).exec(header)?.[1];
  assert.match(header, /^Bearer /);
  const [realm, service] = [parameter('realm'), parameter('service')];
  assert.ok(realm !== undefined && service !== undefined, `realm and service in quotes: ${header}`);
  return { realm, service, scope: parameter('scope') };
}

interface TokenAnswer {
  readonly token?: string;
  readonly access_token?: string;
  readonly expires_in?: number;
  readonly issued_at?: string;
  readonly refresh_token?: string;
}

interface Grant {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

/** What a token says, unverified. */
function claimsOf(token: string): { access?: Grant[]; sub?: string; exp: number; iat: number } {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
}

function query(...pairs: readonly (readonly [string, string])[]): string {
  return `/service/token?${new URLSearchParams(pairs.map((pair) => [...pair])).toString()}`;
}

test('who asks without credentials is told where a token is to be had', async () => {
  const answer = await registry.anonymous.send('GET', '/v2/');
  assertError(answer, 401, 'UNAUTHORIZED');
  const { realm } = challengeOf(answer);
  assert.equal(new URL(realm).pathname, '/service/token');
  assert.equal(answer.header('docker-distribution-api-version'), 'registry/2.0');
});

test('Basic credentials are accepted directly', async () => {
  await registry.client.expect(200, 'GET', '/v2/');
  await registry.client.expect(200, 'GET', '/v2');
});

test('wrong credentials are refused, on /v2/ and at the token service', async () => {
  for (const wrong of [
    { user: 'admin', password: 'wrong' },
    { user: 'nobody', password: 'wrong' },
    { user: '', password: '' },
  ]) {
    const client = registry.clientWith(basicAuthorization(wrong));
    assertError(await client.send('GET', '/v2/'), 401, 'UNAUTHORIZED');
    assert.equal(
      (await client.send('GET', query(['service', await registry.service()], ['scope', 'repository:library/x:pull'])))
        .status,
      401,
    );
  }
});

test('what is no Authorization header is refused', async () => {
  const bad = ['Basic', 'Basic !!!', 'Basic YWRtaW4=', 'Bearer', 'Bearer x', 'Bearer a.b.c', 'Digest x', 'nonsense'];
  for (const authorization of bad) {
    assertError(await registry.clientWith(authorization).send('GET', '/v2/'), 401, 'UNAUTHORIZED');
  }
});

test('a token comes with all that clients look for', async () => {
  const { service } = challengeOf(await registry.anonymous.send('GET', '/v2/'));
  const answer = await registry.client.expect(
    200,
    'GET',
    query(['service', service], ['scope', 'repository:library/x:pull,push']),
  );
  const token = answer.json() as TokenAnswer;
  assert.ok(token.token);
  assert.equal(token.access_token, token.token);
  assert.ok((token.expires_in ?? 0) >= 60);
  assert.ok(!Number.isNaN(Date.parse(token.issued_at ?? '')));
  const claims = claimsOf(token.token);
  assert.equal(claims.exp - claims.iat, token.expires_in);
});

test('a token opens what it was made for, and nothing else', async () => {
  const [own, other] = [registry.repository(), registry.repository(await registry.makeProject({ public: false }))];
  for (const repository of [own, other]) await registry.client.pushImage(repository, 'latest');
  const reader = registry.clientWith(`Bearer ${await registry.token(`repository:${own}:pull`)}`);
  await reader.expect(200, 'GET', '/v2/');
  await reader.expect(200, 'GET', `/v2/${own}/manifests/latest`);
  const refused = await reader.send('POST', `/v2/${own}/blobs/uploads/`, { 'content-length': '0' });
  assert.equal(refused.status, 401, refused.text);
  assert.match(refused.header('www-authenticate') ?? '', /error="insufficient_scope"/);
  assert.match(challengeOf(refused).scope ?? '', new RegExp(`repository:${own}:(pull,)?push`));
  const foreign = await reader.send('GET', `/v2/${other}/manifests/latest`);
  assert.ok([401, 403, 404].includes(foreign.status), `${foreign.status}: ${foreign.text}`);
});

test('a challenge names what the request would need', async () => {
  const repository = registry.repository(await registry.makeProject({ public: false }));
  for (const [method, path, action] of [
    ['GET', 'manifests/latest', 'pull'],
    ['HEAD', 'manifests/latest', 'pull'],
    ['GET', 'tags/list', 'pull'],
    ['POST', 'blobs/uploads/', 'push'],
    ['DELETE', 'manifests/latest', 'delete'],
  ] as const) {
    const answer = await registry.anonymous.send(method, `/v2/${repository}/${path}`);
    assert.equal(answer.status, 401);
    const scope = challengeOf(answer).scope ?? '';
    assert.match(scope, new RegExp(`^repository:${repository}:([a-z*,]*)$`));
    assert.ok(scope.split(':').at(-1)?.split(',').includes(action), `${method} ${path}: ${scope}`);
  }
});

test('more than one may have is asked for without an error: the rest is granted', async () => {
  const repository = registry.repository(await registry.makeProject({ public: true }));
  await registry.client.pushImage(repository, 'latest');
  const answer = await registry.anonymous.expect(
    200,
    'GET',
    query(['service', await registry.service()], ['scope', `repository:${repository}:pull,push,delete,*`]),
  );
  const { token = '' } = answer.json() as TokenAnswer;
  const grants = claimsOf(token).access ?? [];
  assert.deepEqual(
    grants.map(({ type, name, actions }) => ({ type, name, actions })),
    [{ type: 'repository', name: repository, actions: ['pull'] }],
  );
});

test('a private project gives nobody a grant, and that is no error', async () => {
  const repository = registry.repository(await registry.makeProject({ public: false }));
  const answer = await registry.anonymous.send(
    'GET',
    query(['service', await registry.service()], ['scope', `repository:${repository}:pull`]),
  );
  if (answer.status === 401) return;
  assert.equal(answer.status, 200, answer.text);
  const { token = '' } = answer.json() as TokenAnswer;
  assert.deepEqual(
    (claimsOf(token).access ?? []).filter(({ actions }) => actions.length > 0),
    [],
  );
});

test('several scopes may be asked for in one parameter or in several', async () => {
  const [one, other] = [registry.repository(), registry.repository()];
  const scopes = [`repository:${one}:pull,push`, `repository:${other}:pull`] as const;
  for (const path of [
    query(['service', await registry.service()], ['scope', scopes[0]], ['scope', scopes[1]]),
    query(['service', await registry.service()], ['scope', scopes.join(' ')]),
  ]) {
    const { token = '' } = (await registry.client.expect(200, 'GET', path)).json() as TokenAnswer;
    const names = (claimsOf(token).access ?? []).map(({ name }) => name);
    assert.deepEqual(names.toSorted(), [one, other].toSorted());
  }
});

test('scopes that nobody knows, or that are none, do not break the token service', async () => {
  const odd = [
    'nonsense',
    'repository',
    'repository:',
    'repository:x',
    ':::',
    'repository(plugin):library/x:pull',
    'unknown:thing:do',
    'repository:UPPER/x:pull',
    `repository:${'a'.repeat(5000)}:pull`,
    'repository:host:5000/library/x:pull',
    '',
  ];
  for (const scope of odd) {
    const answer = await registry.client.send('GET', query(['service', await registry.service()], ['scope', scope]));
    assert.ok([200, 400].includes(answer.status), `«${scope.slice(0, 50)}» answered ${answer.status}`);
  }
});

test('a token is had by a form too, or the form is answered with 404', async () => {
  const form = new URLSearchParams({
    grant_type: 'password',
    service: await registry.service(),
    client_id: 'test',
    username: registry.admin.user,
    password: registry.admin.password,
    scope: 'repository:library/x:pull,push',
  });
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await registry.anonymous.send('POST', '/service/token', headers, form.toString());
  if (answer.status === 404) return;
  assert.equal(answer.status, 200, answer.text);
  const token = answer.json() as TokenAnswer;
  assert.ok(token.access_token);
  await registry.clientWith(`Bearer ${token.access_token}`).expect(200, 'GET', '/v2/');
  form.set('password', 'wrong');
  const refused = await registry.anonymous.send('POST', '/service/token', headers, form.toString());
  assert.ok([400, 401].includes(refused.status), `${refused.status}`);
});

test('a forged token is refused', async () => {
  const repository = registry.repository();
  const token = await registry.token(`repository:${repository}:pull`);
  const [header = '', payload = '', signature = ''] = token.split('.');
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = {
    ...claimsOf(token),
    access: [{ type: 'repository', name: repository, actions: ['pull', 'push', 'delete'] }],
  };
  const forged = [
    `${header}.${encode(claims)}.${signature}`,
    `${encode({ alg: 'none', typ: 'JWT' })}.${encode(claims)}.`,
    `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}.${signature}`,
    `${header}.${payload}.`,
    `${header}.${payload}`,
    `${header}.${payload}.${signature.slice(0, -4)}AAAA`,
  ];
  for (const one of forged) {
    const client = registry.clientWith(`Bearer ${one}`);
    assertError(
      await client.send('POST', `/v2/${repository}/blobs/uploads/`, { 'content-length': '0' }),
      401,
      'UNAUTHORIZED',
    );
    assertError(await client.send('GET', '/v2/'), 401, 'UNAUTHORIZED');
  }
});

test('a Host header from afar does not decide where the token is fetched', async () => {
  const answer = await registry.anonymous.send('GET', '/v2/', { host: 'evil.example.com' });
  // Without a configured address the registry can only answer with the Host it was asked under, or with its own.
  assert.ok([400, 401, 421].includes(answer.status), `${answer.status}`);
  const forwarded = await registry.anonymous.send('GET', '/v2/', {
    'x-forwarded-host': 'evil.example.com',
    'x-forwarded-proto': 'https',
    forwarded: 'host=evil.example.com;proto=https',
  });
  assert.doesNotMatch(
    forwarded.header('www-authenticate') ?? '',
    /evil/,
    'a peer that is no configured proxy is not believed',
  );
});
