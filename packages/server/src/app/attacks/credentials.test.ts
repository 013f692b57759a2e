import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { startReceiver } from '#testing/receiver';
import { createTestClock } from '#testing/test-clock';
import { testPassword, useTestRegistry } from '#testing/test-registry';
import { workloadBody } from '#testing/example-bodies';
import { makeTenants, sender, signInByForm, tenantEnv } from '#testing/two-tenants';

// Class C3 beside the registry's own tokens (tokens.test.ts): each credential at each door, when it is over, and after
// its project was made anew.

const receiver = await startReceiver();
after(() => receiver[Symbol.asyncDispose]());
const time = createTestClock(Date.now());
const registry = await useTestRegistry({ env: tenantEnv, clock: time.clock });
const { a, b } = await makeTenants(registry, receiver.url);
const send = sender(registry);
const minute = 60_000;

const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'mine', alg: 'ES256' }] };

let signed = 0;
function workloadToken(subject: string): Promise<string> {
  const now = Math.floor(time.clock() / 1000);
  signed += 1;
  const claims = {
    iss: 'https://builder.example',
    aud: 'hub',
    sub: subject,
    iat: now,
    exp: now + 3000,
    jti: `${signed}`,
  };
  return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'mine' }).sign(privateKey);
}

interface Bound {
  readonly robot: number;
  readonly identity: number;
  readonly basic: string;
}

/** A robot that pulls, and an identity of `subject` that stands for it. */
async function bind(project: string, subject: string, more: object = {}): Promise<Bound> {
  const access = ['repository:pull', 'project:read'].map((text) => {
    const [resource, action] = text.split(':');
    return { resource, action };
  });
  const permissions = [{ kind: 'project', namespace: project, access }];
  const robot = { name: subject, level: 'project', duration: -1, permissions };
  const made = await send('POST', '/api/v2.0/robots', { as: registry.admin, body: robot });
  assert.equal(made.status, 201, await made.clone().text());
  const { id, name, secret } = (await made.json()) as { id: number; name: string; secret: string };
  const body = {
    ...workloadBody(id, subject, jwks),
    issuer: 'https://builder.example',
    conditions: [{ claim: 'sub', values: [subject] }],
    ...more,
  };
  const path = `/api/entrepot/v1/projects/${project}/workload-identities`;
  const bound = await send('POST', path, { as: registry.admin, body });
  assert.equal(bound.status, 201, await bound.clone().text());
  const { id: identity } = (await bound.json()) as { id: number };
  return { robot: id, identity, basic: registry.basic(name, secret) };
}

async function exchange(token: string): Promise<{ status: number; bearer: string }> {
  const response = await registry.fetch('/service/token', {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: token,
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      scope: `repository:pa/${a.things.repository}:pull,push`,
    }),
  });
  const { access_token: bearer = '' } = (await response.json()) as { access_token?: string };
  return { status: response.status, bearer: `Bearer ${bearer}` };
}

type Headers = Readonly<Record<string, string>>;

const image = `/v2/pa/${a.things.repository}/manifests/${a.things.tag}`;

/** What the management API, the registry and the token service say to it. */
async function atDoors(headers: Headers): Promise<number[]> {
  const paths = ['/api/v2.0/projects/pa', image, '/service/token?service=entrepot'];
  const asked = paths.map(async (path) => {
    const response = await registry.fetch(path, { headers });
    await response.body?.cancel();
    return response.status;
  });
  return Promise.all(asked);
}

await bind('pa', 'at-doors');
const exchanged = await exchange(await workloadToken('at-doors'));
assert.equal(exchanged.status, 200);
const registryToken = await registry.bearer(a.boss, `repository:pa/${a.things.repository}:pull`);
const cookieValue = a.cookie.split('=').slice(1).join('=');
const bare = (bearer: string) => bearer.replace('Bearer ', '');
const everywhere = [200, 200, 200];
const nowhere = [401, 401, 401];
const forV2 = [403, 200, 401];

const credentials: readonly (readonly [string, Headers, readonly number[]])[] = [
  ['the password of a user', { authorization: a.boss }, everywhere],
  ['the secret of a robot', { authorization: a.robot }, everywhere],
  ['a registry token', { authorization: registryToken }, forV2],
  ['the token of a workload, exchanged', { authorization: exchanged.bearer }, forV2],
  [
    'the token of a workload, as a password',
    { authorization: registry.basic('workload', await workloadToken('at-doors')) },
    everywhere,
  ],
  ['the token of a workload, as it is', { authorization: `Bearer ${await workloadToken('at-doors')}` }, nowhere],
  [
    'the token of a workload, under a user',
    { authorization: registry.basic('boss-pa', await workloadToken('at-doors')) },
    nowhere,
  ],
  [
    'the token of a workload, under another robot',
    { authorization: registry.basic(a.robotName, await workloadToken('at-doors')) },
    nowhere,
  ],
  ['a cookie, as a token', { authorization: `Bearer ${cookieValue}` }, nowhere],
  ['a cookie, as a password', { authorization: registry.basic('boss-pa', cookieValue) }, nowhere],
  ['the id of a session, as a cookie', { cookie: `${a.cookie.split('=')[0]}=${a.things.session}` }, [401, 401, 200]],
  ['a registry token, as a cookie', { cookie: `${a.cookie.split('=')[0]}=${bare(registryToken)}` }, [401, 401, 200]],
  ['a registry token, as a password', { authorization: registry.basic('boss-pa', bare(registryToken)) }, nowhere],
  [
    'a registry token, as that of a workload',
    { authorization: registry.basic('workload', bare(registryToken)) },
    nowhere,
  ],
  ['the secret of a robot, as a token', { authorization: `Bearer ${a.robotSecret}` }, nowhere],
  ['the secret of a robot, under a user', { authorization: registry.basic('boss-pa', a.robotSecret) }, nowhere],
  ['the password of a user, as a token', { authorization: `Bearer ${testPassword}` }, nowhere],
  ['the password of a user, under a robot', { authorization: registry.basic(a.robotName, testPassword) }, nowhere],
  ['a robot of another project', { authorization: b.robot }, [404, 404, 200]],
];

describe('each credential opens its own doors:', () => {
  for (const [what, headers, wanted] of credentials) {
    test(what, async () => assert.deepEqual(await atDoors(headers), wanted));
  }

  test('a cookie is for the console, which asks the management API', async () => {
    const [api, v2] = await atDoors({ cookie: a.cookie });
    assert.deepEqual([api, v2], [200, 401]);
  });

  test('a registry token is not exchanged for another, nor that of a workload twice where it is for once', async () => {
    assert.equal((await exchange(bare(registryToken))).status, 400);
    assert.equal((await exchange(bare(exchanged.bearer))).status, 400);
    await bind('pa', 'once', { single_use: true });
    const token = await workloadToken('once');
    assert.equal((await exchange(token)).status, 200);
    assert.equal((await exchange(token)).status, 400);
    assert.deepEqual(await atDoors({ authorization: registry.basic('workload', token) }), nowhere);
  });

  test('a push that was not given is not in an exchanged token', async () => {
    const push = await registry.fetch(`/v2/pa/${a.things.repository}/blobs/uploads/`, {
      method: 'POST',
      as: exchanged.bearer,
    });
    assert.equal(push.status, 401);
  });
});

describe('what a workload goes in with ends within a minute after', () => {
  const identityPath = ({ identity }: Bound) => `/api/entrepot/v1/projects/pa/workload-identities/${identity}`;
  const as = registry.admin;
  const ways: readonly (readonly [string, (one: Bound) => Promise<Response>])[] = [
    ['its-identity-is-disabled', (one) => send('PATCH', identityPath(one), { as, body: { disabled: true } })],
    ['its-identity-is-deleted', (one) => send('DELETE', identityPath(one), { as })],
    ['its-robot-is-deleted', (one) => send('DELETE', `/api/v2.0/robots/${one.robot}`, { as })],
    [
      'its-robot-is-disabled',
      (one) => send('PUT', `/api/v2.0/projects/pa/robots/${one.robot}`, { as, body: { disable: true } }),
    ],
  ];
  for (const [what, end] of ways) {
    test(what, async () => {
      const one = await bind('pa', what);
      const token = await workloadToken(what);
      const basic = { authorization: registry.basic('workload', token) };
      const { bearer } = await exchange(token);
      assert.deepEqual(await atDoors(basic), everywhere);
      assert.deepEqual(await atDoors({ authorization: bearer }), forV2);
      assert.equal((await end(one)).status, 200);
      time.advance(minute);
      assert.deepEqual(await atDoors(basic), nowhere);
      assert.equal((await exchange(token)).status, 400);
      assert.deepEqual(await atDoors({ authorization: bearer }), nowhere);
    });
  }
});

test('a session ends with the account’s password, and at the end of the account', async () => {
  const api = async (cookie: string) =>
    (await registry.fetch('/api/v2.0/users/current', { headers: { cookie } })).status;
  for (const end of ['setPassword', 'setDisabled'] as const) {
    const name = `leaver-${end.toLowerCase()}`;
    const id = await registry.addUser(name);
    const cookie = await signInByForm(registry, name);
    assert.equal(await api(cookie), 200);
    if (end === 'setPassword') await registry.registry.users.setPassword(id, 'Another-Password9');
    else await registry.registry.users.setDisabled(id, true);
    time.advance(minute);
    assert.equal(await api(cookie), 401, end);
  }
});

test('a project that is made anew knows nothing of what the one before gave', async () => {
  const inB = `/api/v2.0/projects/pb`;
  const token = await registry.bearer(b.boss, `repository:pb/${b.things.repository}:pull,push`);
  const labels = await registry.query('select id from label');
  const gone = await send('DELETE', `${inB}/repositories/${b.things.repository}`, { as: b.boss });
  assert.equal(gone.status, 200, await gone.text());
  const removed = await send('DELETE', inB, { as: b.boss });
  assert.equal(removed.status, 200, await removed.text());
  await registry.addUser('heir');
  const heir = registry.basic('heir');
  const made = await send('POST', '/api/v2.0/projects', { as: heir, body: { project_name: 'pb' } });
  assert.equal(made.status, 201, await made.text());
  await registry.pushImage(`pb/${b.things.repository}`, b.things.tag, { as: heir });
  for (const moment of ['at once', 'a minute later']) {
    for (const as of [b.boss, b.dev, b.robot, token]) {
      const api = await send('GET', inB, { as });
      const v2 = await registry.fetch(`/v2/pb/${b.things.repository}/manifests/${b.things.tag}`, { as });
      assert.ok([401, 403, 404].includes(api.status), `${moment}: ${api.status}`);
      assert.ok([401, 403, 404].includes(v2.status), `${moment}: ${v2.status}`);
    }
    time.advance(minute);
  }
  const read = async (path: string) => {
    const response = await send('GET', path, { as: heir });
    assert.equal(response.status, 200, `${path}: ${await response.clone().text()}`);
    return (await response.json()) as { role_id?: number; username?: string; resource?: string; op_time?: string }[];
  };
  const extra = '/api/entrepot/v1/projects/pb';
  assert.deepEqual(
    (await read(`${inB}/members`)).map((member) => member.role_id),
    [1],
  );
  for (const path of [`${inB}/robots`, `${inB}/webhook/policies`, `${extra}/repository-members`]) {
    assert.deepEqual(await read(path), [], path);
  }
  assert.deepEqual(await read(`${extra}/workload-identities`), []);
  for (const path of [`${inB}/logs?page_size=100`, `${extra}/audit?page_size=100`]) {
    const names = new Set((await read(path)).map(({ username }) => username));
    assert.equal(names.has('boss-pb'), false, `${path} tells what was done in the project before`);
  }
  for (const [path, id] of [
    ['/api/v2.0/labels', b.things.label],
    ['/api/v2.0/robots', b.things.robot],
    [`${inB}/robots`, b.things.robot],
    [`${inB}/webhook/policies`, b.things.policy],
    [`${extra}/workload-identities`, b.things.workload],
    [`${inB}/members`, b.things.member],
  ] as const) {
    assert.equal((await send('GET', `${path}/${id}`, { as: heir })).status, 404, path);
  }
  assert.equal((await registry.query('select id from label')).length, labels.length - 1);
});
