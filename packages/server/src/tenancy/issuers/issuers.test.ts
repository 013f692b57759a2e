import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exportJWK, generateKeyPair, type JWK, SignJWT, UnsecuredJWT } from 'jose';
import { RegistryError } from '#kernel/errors';
import type { OutboundRequest } from '#platform/outbound';
import { createTestClock } from '#testing/test-clock';
import { createIssuers, peek } from './issuers.ts';

const issuer = 'https://login.example';
const minute = 60_000;

async function aKey(kid: string | undefined, alg = 'ES256') {
  const pair = await generateKeyPair(alg, { extractable: true });
  const jwk: JWK = { ...(await exportJWK(pair.publicKey)), ...(kid === undefined ? {} : { kid }), alg, use: 'sig' };
  return { kid, alg, jwk, privateKey: pair.privateKey };
}

/** An issuer on the other side of the guarded client. */
async function setUp(document: Record<string, unknown> = {}) {
  const time = createTestClock();
  const first = await aKey('one');
  const served = { keys: [first.jwk] as JWK[], down: false };
  const asked: string[] = [];
  const request = async ({ url }: OutboundRequest) => {
    asked.push(new URL(url).pathname);
    if (served.down) throw new RegistryError('target-unreachable', 'away');
    const body = url.endsWith('/keys')
      ? { keys: served.keys }
      : { issuer, jwks_uri: `${issuer}/keys`, token_endpoint: `${issuer}/token`, ...document };
    return { status: 200, headers: {}, body: Buffer.from(JSON.stringify(body)), truncated: false };
  };
  const issuers = createIssuers({ request, clock: time.clock });
  const now = () => Math.floor(time.clock() / 1000);
  const sign = (claims: Record<string, unknown> = {}, key = first, header: Record<string, unknown> = {}) =>
    new SignJWT({ iss: issuer, aud: 'hub', sub: 'anna', iat: now(), exp: now() + 300, ...claims })
      .setProtectedHeader({ alg: key.alg, ...(key.kid === undefined ? {} : { kid: key.kid }), ...header })
      .sign(key.privateKey);
  const outcome = async (token: string, expected: object = {}): Promise<string> => {
    try {
      return (await issuers.verify(token, { issuer }, { audience: 'hub', ...expected })).sub ?? 'nobody';
    } catch (error) {
      assert.ok(error instanceof RegistryError, String(error));
      return error.code;
    }
  };
  return { time, issuers, served, asked, sign, outcome, now, first };
}

test('a token that the issuer signed for us says who it is', async () => {
  const { sign, outcome } = await setUp();
  assert.equal(await outcome(await sign()), 'anna');
});

const claims: { name: string; claims: (now: number) => Record<string, unknown>; expected?: object; outcome: string }[] =
  [
    { name: 'for somebody else', claims: () => ({ aud: 'other' }), outcome: 'unauthorized' },
    { name: 'for nobody', claims: () => ({ aud: undefined }), outcome: 'unauthorized' },
    { name: 'for several', claims: () => ({ aud: ['hub', 'other'] }), outcome: 'anna' },
    {
      name: 'for several clients',
      claims: () => ({ aud: ['hub', 'other'] }),
      expected: { forClient: true },
      outcome: 'unauthorized',
    },
    {
      name: 'for several clients, meant for us',
      claims: () => ({ aud: ['hub', 'x'], azp: 'hub' }),
      expected: { forClient: true },
      outcome: 'anna',
    },
    {
      name: 'that another client got',
      claims: () => ({ azp: 'other' }),
      expected: { forClient: true },
      outcome: 'unauthorized',
    },
    { name: 'of another issuer', claims: () => ({ iss: 'https://evil.example' }), outcome: 'unauthorized' },
    { name: 'of an issuer whose name is longer', claims: () => ({ iss: `${issuer}/` }), outcome: 'unauthorized' },
    { name: 'without subject', claims: () => ({ sub: undefined }), outcome: 'unauthorized' },
    { name: 'that never ends', claims: () => ({ exp: undefined }), outcome: 'unauthorized' },
    { name: 'that ended within the skew', claims: (now) => ({ exp: now - 59 }), outcome: 'anna' },
    { name: 'that ended before the skew', claims: (now) => ({ exp: now - 61 }), outcome: 'unauthorized' },
    { name: 'that begins later', claims: (now) => ({ nbf: now + 61 }), outcome: 'unauthorized' },
    { name: 'made in the future', claims: (now) => ({ iat: now + 61 }), outcome: 'unauthorized' },
    {
      name: 'good for an hour',
      claims: (now) => ({ exp: now + 3600 }),
      expected: { maxLifetimeMs: 60 * minute },
      outcome: 'anna',
    },
    {
      name: 'good for longer than allowed',
      claims: (now) => ({ exp: now + 3601 }),
      expected: { maxLifetimeMs: 60 * minute },
      outcome: 'unauthorized',
    },
    {
      name: 'that does not say how old it is',
      claims: () => ({ iat: undefined }),
      expected: { maxLifetimeMs: 60 * minute },
      outcome: 'unauthorized',
    },
  ];

for (const row of claims) {
  test(`a token ${row.name}: ${row.outcome}`, async () => {
    const { sign, outcome, now } = await setUp();
    assert.equal(await outcome(await sign(row.claims(now())), row.expected), row.outcome);
  });
}

test('a token that is not signed, or with a secret, is refused', async () => {
  const { outcome, first, now } = await setUp();
  const unsigned = new UnsecuredJWT({ iss: issuer, aud: 'hub', sub: 'anna', exp: now() + 300 }).encode();
  assert.equal(await outcome(unsigned), 'unauthorized');
  const publicKey = new TextEncoder().encode(JSON.stringify(first.jwk));
  const shared = await new SignJWT({ iss: issuer, aud: 'hub', sub: 'anna', exp: now() + 300 })
    .setProtectedHeader({ alg: 'HS256', kid: 'one' })
    .sign(publicKey);
  assert.equal(await outcome(shared), 'unauthorized');
  for (const text of ['', 'a.b.c', 'x'.repeat(50_000)]) assert.equal(await outcome(text), 'unauthorized');
});

test('a key that comes with the token, or an extension nobody knows, is refused', async () => {
  const { sign, outcome } = await setUp();
  const evil = await aKey('one');
  assert.equal(await outcome(await sign({}, evil, { jwk: evil.jwk })), 'unauthorized');
  assert.equal(await outcome(await sign({}, evil, { jku: 'https://evil.example/keys' })), 'unauthorized');
  const { first, now } = await setUp();
  const critical = await new SignJWT({ iss: issuer, aud: 'hub', sub: 'anna', exp: now() + 300 })
    .setProtectedHeader({ alg: 'ES256', kid: 'one', crit: ['unknown'], unknown: true })
    .sign(first.privateKey, { crit: { unknown: true } });
  assert.equal(await outcome(critical), 'unauthorized');
});

test('a new key of the issuer is fetched when a token names it, and guesses do not make us ask again and again', async () => {
  const { sign, outcome, served, asked, time } = await setUp();
  assert.equal(await outcome(await sign()), 'anna');
  const second = await aKey('two');
  served.keys = [second.jwk];
  time.advance(31_000);
  assert.equal(await outcome(await sign({}, second)), 'anna');
  assert.equal(await outcome(await sign()), 'unauthorized', 'the old key is gone');
  const before = asked.length;
  for (let guess = 0; guess < 20; guess++) {
    assert.equal(await outcome(await sign({}, await aKey(`guess-${guess}`))), 'unauthorized');
  }
  assert.equal(asked.length, before);
});

test('a withdrawn key is forgotten in ten minutes without anybody naming another', async () => {
  const { sign, outcome, served, time } = await setUp();
  assert.equal(await outcome(await sign()), 'anna');
  served.keys = [(await aKey('two')).jwk];
  time.advance(10 * minute);
  assert.equal(await outcome(await sign()), 'unauthorized');
});

test('while the issuer is away its last keys are believed for an hour', async () => {
  const { sign, outcome, served, time } = await setUp();
  assert.equal(await outcome(await sign()), 'anna');
  served.down = true;
  time.advance(59 * minute);
  assert.equal(await outcome(await sign()), 'anna');
  time.advance(minute);
  assert.equal(await outcome(await sign()), 'target-unreachable');
  served.down = false;
  time.advance(31_000);
  assert.equal(await outcome(await sign()), 'anna');
});

test('keys without names are tried in turn', async () => {
  const { sign, outcome, served } = await setUp();
  const keys = [await aKey(undefined), await aKey(undefined), await aKey(undefined)];
  served.keys = keys.map(({ jwk }) => jwk);
  for (const key of keys) assert.equal(await outcome(await sign({}, key)), 'anna');
  assert.equal(await outcome(await sign({}, await aKey(undefined))), 'unauthorized');
});

test('keys given by hand ask nobody', async () => {
  const { sign, outcome, asked, first } = await setUp();
  const jwks = JSON.stringify({ keys: [first.jwk] });
  assert.equal(await outcome(await sign(), { jwks }), 'anna');
  assert.equal(await outcome(await sign({ iss: 'https://evil.example' }), { jwks }), 'unauthorized');
  for (const bad of ['', '{}', '{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}']) {
    assert.equal(await outcome(await sign(), { jwks: bad }), 'issuer-invalid');
  }
  assert.deepEqual(asked, []);
});

for (const [what, document] of [
  ['of another issuer', { issuer: 'https://evil.example' }],
  ['that names an address without TLS', { jwks_uri: 'http://login.example/keys' }],
  ['that names what is no address', { token_endpoint: 'javascript:alert(1)' }],
  ['without keys', { jwks_uri: undefined }],
] as const) {
  test(`a document ${what} is refused`, async () => {
    const { outcome, sign } = await setUp(document);
    assert.equal(await outcome(await sign()), 'issuer-invalid');
  });
}

test('an issuer is called as it calls itself, whatever slash it was written with', async () => {
  const { issuers } = await setUp({ issuer: `${issuer}/` });
  assert.equal((await issuers.find({ issuer })).issuer, `${issuer}/`);
});

test('an issuer that does not answer is not asked by everybody', async () => {
  const { issuers, served, asked, time } = await setUp();
  served.down = true;
  for (let times = 0; times < 5; times++) await assert.rejects(issuers.find({ issuer }));
  assert.equal(asked.length, 1);
  served.down = false;
  time.advance(10_000);
  assert.equal((await issuers.find({ issuer })).issuer, issuer);
});

test('what a token says of itself is read without belief', async () => {
  const { sign } = await setUp();
  assert.deepEqual(peek(await sign({ aud: ['a', 'b'] })), { issuer, audiences: ['a', 'b'] });
  for (const text of ['', 'password', 'a.b.c', 'a.b', `${'x'.repeat(40_000)}..`]) assert.equal(peek(text), undefined);
});
