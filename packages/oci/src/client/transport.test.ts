import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRepositoryName } from '#src/repository-name';
import { parseTagName } from '#src/tag';
import { createQuickClock } from '#src/testing/quick-clock';
import { randomImage } from '#src/testing/random-image';
import { type RegistryDouble, startRegistryDouble } from '#src/testing/registry-double';
import type { Credentials } from './credentials.ts';
import { RegistryConnectionError, RegistryProtocolError, RegistryResponseError, RegistryTrustError } from './errors.ts';
import { findManifest, pullManifest } from './pull.ts';
import { createTransport, pingRegistry, type TransportOptions } from './transport.ts';

const app = parseRepositoryName('team/app');
const latest = parseTagName('latest');
const user = { username: 'ann', password: 'pä:ss' };
const password: Credentials = { kind: 'password', ...user };

function connect(double: RegistryDouble, more: Partial<TransportOptions> = {}) {
  const clock = createQuickClock();
  return Object.assign(createTransport({ registry: double.host, clock, ...more }), { clock });
}

test('a registry without authentication is pinged and pulled from', async () => {
  await using double = await startRegistryDouble();
  const image = randomImage({ seed: 1 });
  double.put('team/app', image, 'latest');
  using transport = connect(double);
  await pingRegistry(transport);
  const pulled = await pullManifest(transport, app, latest);
  assert.equal(pulled.digest, image.descriptor.digest);
});

test('basic credentials go out after the challenge, and then at once', async () => {
  await using double = await startRegistryDouble({ auth: { kind: 'basic', ...user } });
  using transport = connect(double, { credentials: () => password });
  await pingRegistry(transport);
  await pingRegistry(transport);
  assert.deepEqual(
    double.requests.map(({ headers }) => headers.authorization !== undefined),
    [false, true, true],
  );
});

test('wrong credentials are a 401 with the code of the registry, asked once more and no further', async () => {
  await using double = await startRegistryDouble({ auth: { kind: 'basic', ...user } });
  using transport = connect(double, { credentials: () => ({ ...password, password: 'wrong' }) });
  await assert.rejects(
    pingRegistry(transport),
    (error) => error instanceof RegistryResponseError && error.status === 401 && error.codes.join() === 'UNAUTHORIZED',
  );
  assert.equal(double.requests.length, 2);
});

test('a token is fetched for a scope once and used until it expires', async () => {
  await using double = await startRegistryDouble({ auth: { kind: 'bearer', ...user } });
  double.put('team/app', randomImage({ seed: 1 }), 'latest');
  using transport = connect(double, { credentials: () => password });
  await Promise.all([findManifest(transport, app, latest), findManifest(transport, app, latest)]);
  await findManifest(transport, app, latest);
  const tokens = () => double.requests.filter(({ target }) => target.startsWith('/token'));
  assert.equal(tokens().length, 1);
  assert.match(tokens()[0]?.target ?? '', /service=double&scope=repository%3Ateam%2Fapp%3Apull/);
  transport.clock.advance(295_000);
  await findManifest(transport, app, latest);
  assert.equal(tokens().length, 2);
});

test('a token that the registry forgot is replaced', async () => {
  await using double = await startRegistryDouble({ auth: { kind: 'bearer', ...user } });
  double.put('team/app', randomImage({ seed: 1 }), 'latest');
  using transport = connect(double, { credentials: () => password });
  await findManifest(transport, app, latest);
  double.revokeTokens();
  assert.ok(await findManifest(transport, app, latest));
});

test('without credentials an anonymous token is used', async () => {
  await using double = await startRegistryDouble({ auth: { kind: 'bearer', ...user, anonymousPull: true } });
  double.put('team/app', randomImage({ seed: 1 }), 'latest');
  using transport = connect(double);
  assert.ok(await findManifest(transport, app, latest));
  const asked = double.requests.find(({ target }) => target.startsWith('/token'));
  assert.equal(asked?.headers.authorization, undefined);
});

test('an identity token is exchanged by POST', async () => {
  await using double = await startRegistryDouble({ auth: { kind: 'bearer', ...user, identityToken: 'refresh' } });
  using transport = connect(double, { credentials: () => ({ kind: 'identity-token', token: 'refresh' }) });
  await pingRegistry(transport);
  assert.ok(double.trace().includes('POST /token'));
});

test('a refused token is reported with its status', async () => {
  await using double = await startRegistryDouble({ auth: { kind: 'bearer', ...user } });
  using transport = connect(double);
  await assert.rejects(
    pingRegistry(transport),
    (error) => error instanceof RegistryResponseError && error.status === 401,
  );
});

test('a token server that answers nonsense is a protocol error', async () => {
  await using double = await startRegistryDouble({ auth: { kind: 'bearer', ...user } });
  using transport = connect(double, { credentials: () => password });
  for (const body of ['', '[]', 'null', '{"token":""}', '{"token":"a\\r\\nb"}', '{"token":1}']) {
    double.fail({ kind: 'answer', status: 200, body }, ({ target }) => target.startsWith('/token'));
    await assert.rejects(pingRegistry(transport), RegistryProtocolError, body);
  }
});

test('credentials are not sent to a realm of another party, and the realm hears nothing', async () => {
  await using thief = await startRegistryDouble();
  const realm = `http://localhost:${thief.host.split(':')[1]}/token`;
  await using double = await startRegistryDouble({ auth: { kind: 'bearer', ...user, realm } });
  using transport = connect(double, { credentials: () => password });
  await assert.rejects(pingRegistry(transport), RegistryTrustError);
  assert.equal(thief.requests.length, 0);
});

test('authorization does not follow a redirect to another origin', async () => {
  const image = randomImage({ seed: 1 });
  await using elsewhere = await startRegistryDouble();
  elsewhere.put('team/app', image, 'latest');
  await using double = await startRegistryDouble({ auth: { kind: 'basic', ...user } });
  using transport = connect(double, { credentials: () => password });
  await pingRegistry(transport);
  const location = `${elsewhere.origin}/v2/team/app/manifests/latest`;
  double.fail({ kind: 'answer', status: 307, headers: { location } }, ({ target }) => target.includes('manifests'));
  assert.equal((await pullManifest(transport, app, latest)).digest, image.descriptor.digest);
  assert.equal(elsewhere.requests[0]?.headers.authorization, undefined);
});

test('a challenge of another origin gets no credentials', async () => {
  await using elsewhere = await startRegistryDouble({ auth: { kind: 'basic', ...user } });
  await using double = await startRegistryDouble();
  using transport = connect(double, { credentials: () => password });
  const location = `${elsewhere.origin}/v2/team/app/manifests/latest`;
  double.fail({ kind: 'answer', status: 307, headers: { location } }, () => true, 5);
  await assert.rejects(
    pullManifest(transport, app, latest),
    (error) => error instanceof RegistryResponseError && error.status === 401,
  );
  assert.equal(elsewhere.requests.length, 1);
});

test('redirects that do not end are given up', async () => {
  await using double = await startRegistryDouble();
  using transport = connect(double);
  double.fail({ kind: 'answer', status: 302, headers: { location: '/v2/' } }, () => true, 100);
  await assert.rejects(pingRegistry(transport), RegistryTrustError);
});

test('trouble that passes is waited out as the registry asks', async () => {
  await using double = await startRegistryDouble();
  using transport = connect(double);
  double.fail({ kind: 'answer', status: 429, headers: { 'retry-after': '7' } }, () => true);
  double.fail({ kind: 'answer', status: 503 }, () => true);
  double.fail({ kind: 'reset' }, () => true);
  await pingRegistry(transport);
  assert.equal(double.requests.length, 4);
  assert.deepEqual(transport.clock.slept, [7000, 750, 1500]);
});

test('a longer wait than the client has patience for is reported instead', async () => {
  await using double = await startRegistryDouble();
  using transport = connect(double);
  double.fail({ kind: 'answer', status: 429, headers: { 'retry-after': '3600' } }, () => true);
  await assert.rejects(
    pingRegistry(transport),
    (error) => error instanceof RegistryResponseError && error.status === 429 && error.retryAfterMs === 3_600_000,
  );
  assert.deepEqual(transport.clock.slept, []);
});

test('a registry that stays down is given up after the last attempt', async () => {
  await using double = await startRegistryDouble();
  using transport = connect(double, { attempts: 3 });
  double.fail({ kind: 'reset' }, () => true, 100);
  await assert.rejects(pingRegistry(transport), RegistryConnectionError);
  assert.equal(double.requests.length, 3);
});

test('what a registry says cannot reach the terminal unfiltered', async () => {
  await using double = await startRegistryDouble();
  using transport = connect(double);
  const body = JSON.stringify({ errors: [{ code: 'DENIED', message: '\u001b[2Jno\r\nway' }, null, 7] });
  double.fail({ kind: 'answer', status: 403, body }, () => true);
  await assert.rejects(pingRegistry(transport), {
    name: 'RegistryResponseError',
    message: `GET ${double.origin}/v2/ answered 403: DENIED:  [2Jno way`,
  });
});

test('docker.io is reached where its registry is, and only loopback hosts without TLS', () => {
  for (const [registry, base] of [
    ['docker.io', 'https://registry-1.docker.io/'],
    ['hub.example', 'https://hub.example/'],
    ['localhost:5000', 'http://localhost:5000/'],
    ['127.0.0.1', 'http://127.0.0.1/'],
    ['[::1]:5000', 'http://[::1]:5000/'],
    ['127.0.0.1.evil.net', 'https://127.0.0.1.evil.net/'],
  ] as const) {
    using transport = createTransport({ registry });
    assert.equal(transport.base.href, base);
  }
  using plain = createTransport({ registry: 'hub.example', plainHttp: true });
  assert.equal(plain.base.protocol, 'http:');
});
