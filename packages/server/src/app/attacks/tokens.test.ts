import assert from 'node:assert/strict';
import { createHmac, createPrivateKey, createPublicKey, sign as signBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { decodeJwt, exportJWK, generateKeyPair, importJWK, type JWK, type JWTPayload, SignJWT } from 'jose';
import { createSecretBox, parseSecretKey } from '#platform/crypto';
import { within } from '#platform/db';
import { assertAnswer } from '#testing/answers';
import { createTestClock } from '#testing/test-clock';
import { digestOf, imageType, startTestRegistry, testPassword, useTestRegistry } from '#testing/test-registry';

const time = createTestClock();
const registry = await useTestRegistry({ clock: time.clock });
await registry.addProject('own');
await registry.addProject('foreign');
await registry.addProject('open', true);
await registry.addUser('dev', { own: 2 });
await registry.addUser('guest', { own: 3 });
const [dev, guest] = [registry.basic('dev'), registry.basic('guest')];
await registry.pushImage('own/app', 'v1', { as: dev });

const readManifest = (as: string, repository = 'own/app') =>
  registry.fetch(`/v2/${repository}/manifests/v1`, { as, method: 'GET' });

interface ServerKey {
  readonly kid: string;
  readonly jwk: JWK;
}

/** The key the server signs with, out of its database, opened with the key in its data folder. */
async function serverKey(): Promise<ServerKey> {
  await registry.bearer(dev);
  const [row] = await registry.query('select kid, private_jwk from signing_key order by created_at desc');
  const kid = String(row?.['kid']);
  const secretKey = parseSecretKey(await readFile(join(registry.data, 'secret.key'), 'utf8'));
  assert.ok(secretKey !== undefined);
  const text = createSecretBox([secretKey]).open(String(row?.['private_jwk']), `signing_key/private_jwk/${kid}`);
  return { kid, jwk: JSON.parse(text) as JWK };
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

const key = await serverKey();
const type = 'entrepot-registry+jwt';
const [projectRow] = await registry.query("select id from project where name = 'own'");
const [userRow] = await registry.query("select id, generation from user_account where name = 'dev'");

/** What the server would sign for a pull of `own/app`, with some claims changed. */
function claimsWith(changes: Readonly<Record<string, unknown>> = {}): JWTPayload {
  const now = Math.floor(time.clock() / 1000);
  return {
    iss: 'entrepot-token-service',
    aud: 'entrepot',
    sub: 'dev',
    iat: now,
    nbf: now,
    exp: now + 300,
    jti: crypto.randomUUID(),
    uid: Number(userRow?.['id']),
    gen: Number(userRow?.['generation']),
    access: [{ type: 'repository', name: 'own/app', actions: ['pull'], project: Number(projectRow?.['id']) }],
    ...changes,
  } as JWTPayload;
}

async function sign(
  claims: JWTPayload,
  header: Readonly<Record<string, unknown>> = {},
  jwk = key.jwk,
): Promise<string> {
  const all = { alg: 'ES256', typ: type, kid: key.kid, ...header };
  return new SignJWT(claims).setProtectedHeader(all).sign(await importJWK(jwk, 'ES256'));
}

test('a token signed as the server signs is good: what follows differs in one thing each', async () => {
  await assertAnswer(await readManifest(`Bearer ${await sign(claimsWith())}`), 200);
});

const publicJwk = { kty: 'EC', crv: 'P-256', x: key.jwk.x ?? '', y: key.jwk.y ?? '' };

/** A header that no signer of ours makes: an extension that whoever does not know it must refuse. */
async function signWithExtension(): Promise<string> {
  const header = { alg: 'ES256', typ: type, kid: key.kid, crit: ['x-unknown'], 'x-unknown': true };
  const signed = `${encode(header)}.${encode(claimsWith())}`;
  const options = {
    key: createPrivateKey({ key: { ...publicJwk, d: key.jwk.d ?? '' }, format: 'jwk' }),
    dsaEncoding: 'ieee-p1363',
  } as const;
  return `${signed}.${signBytes('sha256', Buffer.from(signed), options).toString('base64url')}`;
}

const publicKey = createPublicKey({ key: publicJwk, format: 'jwk' });
const pair = await generateKeyPair('ES256', { extractable: true });
const ownJwk = await exportJWK(pair.privateKey);
const { d: _, ...ownPublic } = ownJwk;

function hmacToken(alg: 'HS256' | 'HS512', secret: string | Buffer, header: object = {}): string {
  const signed = `${encode({ alg, typ: type, kid: key.kid, ...header })}.${encode(claimsWith())}`;
  const hash = alg === 'HS256' ? 'sha256' : 'sha512';
  return `${signed}.${createHmac(hash, secret).update(signed).digest('base64url')}`;
}

const unsigned = (header: object) => `${encode({ typ: type, kid: key.kid, ...header })}.${encode(claimsWith())}.`;

const forged: readonly (readonly [string, () => string | Promise<string>])[] = [
  ['no algorithm', () => unsigned({ alg: 'none' })],
  ['no algorithm in other letters', () => unsigned({ alg: 'nOnE' })],
  ['no algorithm named', () => unsigned({})],
  ['no signature', async () => `${(await sign(claimsWith())).split('.').slice(0, 2).join('.')}.`],
  [
    'a signature of nothing but zeros',
    async () =>
      `${(await sign(claimsWith())).split('.').slice(0, 2).join('.')}.${Buffer.alloc(64).toString('base64url')}`,
  ],
  ['an HMAC under the public key in PEM', () => hmacToken('HS256', publicKey.export({ format: 'pem', type: 'spki' }))],
  ['an HMAC under the public key in DER', () => hmacToken('HS256', publicKey.export({ format: 'der', type: 'spki' }))],
  ['an HMAC under the public key as JWK', () => hmacToken('HS256', JSON.stringify(publicJwk))],
  ['an HMAC under the name of the key', () => hmacToken('HS512', key.kid)],
  ['an HMAC under nothing', () => hmacToken('HS256', '')],
  ['a key of one’s own', () => sign(claimsWith(), {}, ownJwk)],
  ['a key of one’s own that comes along', () => sign(claimsWith(), { jwk: ownPublic }, ownJwk)],
  ['a key of one’s own under another name', () => sign(claimsWith(), { kid: 'mine', jwk: ownPublic }, ownJwk)],
  ['a key at an address', () => sign(claimsWith(), { jku: `${registry.url}/jwks`, x5u: registry.url }, ownJwk)],
  ['a certificate that comes along', () => sign(claimsWith(), { x5c: ['MIIB'] }, ownJwk)],
  ['no name of a key', () => sign(claimsWith(), { kid: undefined })],
  ['a key name that is a path', () => sign(claimsWith(), { kid: '../../../../dev/null' })],
  ['a key name that is SQL', () => sign(claimsWith(), { kid: "' union select kid, private_jwk from signing_key --" })],
  ['an extension that must be understood', () => signWithExtension()],
  ['another type', () => sign(claimsWith(), { typ: 'JWT' })],
  ['no type', () => sign(claimsWith(), { typ: undefined })],
  ['another audience', () => sign(claimsWith({ aud: 'another-registry' }))],
  ['no audience', () => sign(claimsWith({ aud: undefined }))],
  ['another issuer', () => sign(claimsWith({ iss: 'another' }))],
  ['no issuer', () => sign(claimsWith({ iss: undefined }))],
  ['an end 61 seconds ago', () => sign(claimsWith({ exp: Math.floor(time.clock() / 1000) - 61 }))],
  ['no end', () => sign(claimsWith({ exp: undefined }))],
  ['an end that is no number', () => sign(claimsWith({ exp: '9999999999' }))],
  ['a beginning 61 seconds ahead', () => sign(claimsWith({ nbf: Math.floor(time.clock() / 1000) + 61 }))],
  ['no beginning', () => sign(claimsWith({ nbf: undefined }))],
  ['no time of issue', () => sign(claimsWith({ iat: undefined }))],
  ['no id', () => sign(claimsWith({ jti: undefined }))],
  ['an account that does not exist', () => sign(claimsWith({ uid: 4711 }))],
  ['an earlier generation of the account', () => sign(claimsWith({ gen: -1 }))],
  ['no generation of the account', () => sign(claimsWith({ gen: undefined }))],
  ['a word', () => 'token'],
  ['two dots', () => '..'],
  ['nothing', () => ''],
  ['a megabyte less than headers hold', () => 'x.'.repeat(6000)],
  ['five parts, as if it were encrypted', () => `${encode({ alg: 'dir', enc: 'A256GCM', kid: key.kid })}....`],
];

describe('a token is refused with', () => {
  for (const [name, make] of forged) {
    test(name, async () => {
      const response = await readManifest(`Bearer ${await make()}`);
      assert.match(response.headers.get('www-authenticate') ?? '', /^Bearer .*error="invalid_token"/);
      await assertAnswer(response, 401, 'UNAUTHORIZED');
    });
  }

  test('rights that were written into it afterwards', async () => {
    const [header, , signature] = (await sign(claimsWith())).split('.');
    const access = [{ type: 'repository', name: 'own/app', actions: ['pull', 'push', 'delete'], project: 1 }];
    await assertAnswer(await readManifest(`Bearer ${header}.${encode(claimsWith({ access }))}.${signature}`), 401);
  });

  test('a signature of another registry of the same name', async () => {
    await using other = await startTestRegistry({ clock: time.clock });
    await other.addProject('own');
    await other.pushImage('own/app', 'v1');
    const theirs = await other.bearer(other.admin, 'repository:own/app:*');
    assert.equal((await other.fetch('/v2/own/app/manifests/v1', { as: theirs })).status, 200);
    await assertAnswer(await readManifest(theirs), 401, 'UNAUTHORIZED');
  });
});

describe('a token that names more than the account may', () => {
  for (const [name, changes] of [
    ['an account of administrators', { admin: true, sub: 'admin' }],
    [
      'the catalog for nobody',
      {
        uid: undefined,
        gen: undefined,
        access: [{ type: 'repository', name: 'own/app', actions: ['pull'], project: 1 }],
      },
    ],
    ['another project', { access: [{ type: 'repository', name: 'foreign/app', actions: ['pull'], project: 2 }] }],
    [
      'rights that are none',
      { access: [{ type: 'repository', name: 'own/app', actions: ['*', 'admin'], project: 1 }] },
    ],
    ['rights of another shape', { access: [{ type: 'repository', name: '__proto__', actions: [] }] }],
  ] as const) {
    test(`gives no more for it, though we had signed it (${name})`, async () => {
      const token = `Bearer ${await sign(claimsWith(changes))}`;
      const push = await registry.fetch('/v2/own/app/blobs/uploads/', { method: 'POST', as: token });
      await assertAnswer(push, 401, 'UNAUTHORIZED');
      await assertAnswer(await readManifest(token, 'foreign/app'), 401, 'UNAUTHORIZED');
    });
  }
});

test('a token is good to the second of its end, and a minute for clocks that differ', async () => {
  const now = Math.floor(time.clock() / 1000);
  for (const [changes, status] of [
    [{ exp: now + 1 }, 200],
    [{ exp: now - 59 }, 200],
    [{ nbf: now + 59 }, 200],
    [{ exp: now - 60 }, 401],
  ] as const) {
    await assertAnswer(await readManifest(`Bearer ${await sign(claimsWith(changes))}`), status);
  }
  const token = `Bearer ${await sign(claimsWith({ exp: now + 5 }))}`;
  await assertAnswer(await readManifest(token), 200);
  time.advance(66_000);
  await assertAnswer(await readManifest(token), 401, 'UNAUTHORIZED');
});

describe('the scopes', () => {
  const grantedFor = async (as: string | undefined, scope: string) => {
    const token = await registry.bearer(as, scope);
    const payload = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
      access: { name: string; actions: string[] }[];
    };
    return payload.access.flatMap(({ name, actions }) => actions.map((action) => `${name}:${action}`));
  };

  test('asked for another tenant’s repository come without rights, and the token opens nothing there', async () => {
    assert.deepEqual(await grantedFor(dev, 'repository:foreign/x:pull'), []);
    const token = await registry.bearer(dev, 'repository:foreign/x:pull,push');
    for (const [method, path] of [
      ['GET', 'manifests/v1'],
      ['GET', 'tags/list'],
      ['POST', 'blobs/uploads/'],
    ] as const) {
      await assertAnswer(await registry.fetch(`/v2/foreign/x/${path}`, { method, as: token }), 401, 'UNAUTHORIZED');
    }
  });

  test('of a guest are those of a guest, whatever is asked', async () => {
    assert.deepEqual(await grantedFor(guest, 'repository:own/app:pull,push,delete,*'), ['own/app:pull']);
    assert.deepEqual(await grantedFor(undefined, 'repository:own/app:pull'), []);
    assert.deepEqual(await grantedFor(undefined, 'repository:open/app:pull,push'), ['open/app:pull']);
  });

  test('that only pull change nothing', async () => {
    const token = await registry.bearer(dev, 'repository:own/app:pull');
    const digest = digestOf('x');
    for (const [method, path] of [
      ['PUT', 'manifests/v2'],
      ['DELETE', 'manifests/v1'],
      ['DELETE', `manifests/${digest}`],
      ['DELETE', `blobs/${digest}`],
      ['POST', 'blobs/uploads/'],
      ['POST', `blobs/uploads/?mount=${digest}&from=own/app`],
      ['PATCH', `blobs/uploads/${crypto.randomUUID()}`],
      ['PUT', `blobs/uploads/${crypto.randomUUID()}?digest=${digest}`],
      ['DELETE', `blobs/uploads/${crypto.randomUUID()}`],
    ] as const) {
      const body = method === 'PUT' || method === 'PATCH' ? { body: '{}', headers: { 'content-type': imageType } } : {};
      const response = await registry.fetch(`/v2/own/app/${path}`, { method, as: token, ...body });
      assert.match(response.headers.get('www-authenticate') ?? '', /error="insufficient_scope"/, `${method} ${path}`);
      await assertAnswer(response, 401, 'UNAUTHORIZED');
    }
    await assertAnswer(await readManifest(token), 200);
  });

  test('of a push live longer than those of a pull, and neither for long', async () => {
    const ttl = async (scope: string) => {
      const response = await registry.fetch(`/service/token?service=entrepot&scope=${scope}`, { as: dev });
      return ((await response.json()) as { expires_in: number }).expires_in;
    };
    assert.equal(await ttl('repository:own/app:pull'), 300);
    assert.equal(await ttl('repository:own/app:pull,push'), 1800);
    assert.equal(await ttl('repository:foreign/app:pull,push'), 300, 'what is not granted prolongs nothing');
  });

  test('are for this registry, whatever service they were asked for', async () => {
    const scope = 'repository:own/app:pull';
    const names = ['harbor-registry', 'hub.example.com', '', 'entrepot-token-service', "x' or 1=1 --"];
    const form = (service: string) =>
      new URLSearchParams({ grant_type: 'password', service, username: 'dev', password: testPassword, scope });
    for (const service of names) {
      for (const response of [
        await registry.fetch(`/service/token?${new URLSearchParams({ service, scope })}`, { as: dev }),
        await registry.fetch('/service/token', { method: 'POST', body: form(service) }),
      ]) {
        const { access_token: token } = (await response.json()) as { access_token: string };
        assert.equal(decodeJwt(token).aud, 'entrepot', service);
        await assertAnswer(await readManifest(`Bearer ${token}`), 200);
      }
    }
  });

  test('are for /v2 only', async () => {
    const token = await registry.bearer(registry.admin, 'repository:own/app:*', 'registry:catalog:*');
    const headers = { 'content-type': 'application/json' };
    const body = '{"project_name":"by-token"}';
    await assertAnswer(
      await registry.fetch('/api/v2.0/projects', { method: 'POST', as: token, headers, body }),
      403,
      'FORBIDDEN',
    );
    await assertAnswer(
      await registry.fetch('/api/v2.0/projects/own', { method: 'DELETE', as: token }),
      403,
      'FORBIDDEN',
    );
    await assertAnswer(await registry.fetch('/service/token', { as: token }), 401);
  });
});

describe('what was granted ends', () => {
  const minute = 60_000;

  test('when the project is removed and another made under its name, also as the source of a mount', async () => {
    await registry.addUser('fresh-owner');
    await registry.addProject('reborn');
    await registry.addUser('old-member', { reborn: 2 });
    const member = registry.basic('old-member');
    const token = await registry.bearer(member, 'repository:reborn/x:pull,push', 'repository:open/x:pull');
    await assertAnswer(await registry.fetch('/v2/reborn/x/blobs/uploads/', { method: 'POST', as: token }), 202);
    await assertAnswer(
      await registry.fetch('/api/v2.0/projects/reborn', { method: 'DELETE', as: registry.admin }),
      200,
    );
    const headers = { 'content-type': 'application/json' };
    const init = { method: 'POST', headers, body: '{"project_name":"reborn"}' };
    const owner = registry.basic('fresh-owner');
    await assertAnswer(await registry.fetch('/api/v2.0/projects', { ...init, as: owner }), 201);
    const { layer } = await registry.pushImage('reborn/x', 'v1', { as: owner });
    for (const turn of ['at once', 'after the verdict is forgotten']) {
      for (const path of ['manifests/v1', 'tags/list', `blobs/${layer}`]) {
        const response = await registry.fetch(`/v2/reborn/x/${path}`, { as: token });
        assert.equal(response.status, 401, `${path} ${turn}`);
      }
      const both = await registry.bearer(dev, 'repository:own/app:pull,push');
      const mount = `/v2/own/app/blobs/uploads/?mount=${layer}&from=reborn/x`;
      assert.notEqual((await registry.fetch(mount, { method: 'POST', as: both })).status, 201);
      time.advance(31_000);
    }
    await assertAnswer(await registry.fetch('/v2/reborn/x/tags/list', { as: member }), 404, 'NAME_UNKNOWN');
  });

  for (const [name, end] of [
    ['is disabled', (id: number) => registry.registry.users.setDisabled(id, true)],
    ['changes its password', (id: number) => registry.registry.users.setPassword(id, 'another-Password9')],
  ] as const) {
    test(`within a minute after the account ${name}, for its password and for its tokens`, async () => {
      const account = `leaver-${name.replaceAll(' ', '-')}`;
      const id = await registry.addUser(account, { own: 2 });
      const basic = registry.basic(account);
      const token = await registry.bearer(basic, 'repository:own/app:pull,push');
      for (const as of [basic, token]) await assertAnswer(await readManifest(as), 200);
      await end(id);
      time.advance(minute);
      for (const as of [basic, token]) await assertAnswer(await readManifest(as), 401, 'UNAUTHORIZED');
      await assertAnswer(await registry.fetch('/service/token', { as: basic }), 401);
      await registry.registry.users.setDisabled(id, false);
      await assertAnswer(await readManifest(token), 401, 'UNAUTHORIZED');
    });
  }

  test('within a minute after a member is removed or becomes a guest', async () => {
    const id = await registry.addUser('moving', { own: 2 });
    const basic = registry.basic('moving');
    const token = await registry.bearer(basic, 'repository:own/app:pull,push');
    const push = (as: string) => registry.fetch('/v2/own/app/blobs/uploads/', { method: 'POST', as });
    for (const as of [basic, token]) await assertAnswer(await push(as), 202);
    await registry.registry.projects.setMember('own', id, 3);
    time.advance(minute);
    await assertAnswer(await push(basic), 403, 'DENIED');
    await assertAnswer(await push(token), 401, 'UNAUTHORIZED');
    await assertAnswer(await readManifest(token), 200);
    await registry.registry.db.transact(async (tx) => {
      await within(tx).deleteFrom('member').where('entity_id', '=', id).execute();
    });
    time.advance(minute);
    await assertAnswer(await readManifest(basic), 404, 'NAME_UNKNOWN');
    await assertAnswer(await readManifest(token), 401, 'UNAUTHORIZED');
  });

  test('within a minute after an administrator is one no more', async () => {
    const id = await registry.addUser('once-admin');
    const setAdmin = (admin: number) =>
      registry.registry.db.transact(async (tx) => {
        await within(tx).updateTable('user_account').set({ admin }).where('id', '=', id).execute();
      });
    await setAdmin(1);
    const basic = registry.basic('once-admin');
    const token = await registry.bearer(basic, 'repository:own/app:pull');
    for (const as of [basic, token]) await assertAnswer(await readManifest(as), 200);
    await setAdmin(0);
    time.advance(minute);
    await assertAnswer(await readManifest(basic), 404, 'NAME_UNKNOWN');
    await assertAnswer(await readManifest(token), 401, 'UNAUTHORIZED');
  });
});

test('a key that was rotated verifies what it signed, and signs no more', async () => {
  const before = await registry.bearer(dev, 'repository:own/app:pull,push');
  const [row] = await registry.query('select max(created_at) as made from signing_key');
  time.advance(Number(row?.['made']) + 30 * 24 * 3600 * 1000 - 60_000 - time.clock());
  const last = await registry.bearer(dev, 'repository:own/app:pull,push');
  time.advance(120_000);
  const after = await registry.bearer(dev, 'repository:own/app:pull');
  const kidOf = (token: string) =>
    (JSON.parse(Buffer.from(token.replace('Bearer ', '').split('.')[0] ?? '', 'base64url').toString()) as JWK).kid;
  assert.equal(kidOf(last), kidOf(before));
  assert.notEqual(kidOf(after), kidOf(last));
  for (const token of [last, after]) await assertAnswer(await readManifest(token), 200);
  await assertAnswer(await readManifest(before), 401, 'UNAUTHORIZED');
});
