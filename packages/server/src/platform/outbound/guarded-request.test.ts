import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { RegistryError } from '#kernel/errors';
import { loadConfig } from '#platform/config';
import { withConstantCeiling } from './constant-ceiling.ts';
import { createGuardedRequest, type GuardedRequestDeps, type OutboundRequest } from './guarded-request.ts';

async function listenTo(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  after(() => {
    server.close();
    (server as Partial<{ closeAllConnections(): void }>).closeAllConnections?.();
  });
  return (server.address() as AddressInfo).port;
}

interface Seen {
  readonly port: number;
  readonly requests: IncomingMessage[];
}

async function serve(answer: RequestListener): Promise<Seen> {
  const requests: IncomingMessage[] = [];
  const port = await listenTo(
    createServer((request, response) => {
      requests.push(request);
      answer(request, response);
    }),
  );
  return { port, requests };
}

function guarded(allow = '', deps: Partial<GuardedRequestDeps> = {}) {
  const { config } = loadConfig({ flags: {}, env: { ENTREPOT_OUTBOUND_ALLOW: allow }, readFile: () => '' });
  return createGuardedRequest({ config: config.outbound, ...deps });
}

const loopback = '127.0.0.1';

async function failureOf(asked: Promise<unknown>): Promise<RegistryError> {
  const error: unknown = await asked.then(
    () => assert.fail('it was answered'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof RegistryError, String(error));
  return error;
}

test('an allowed target is asked with what was given, and its answer is handed over', async () => {
  const { port, requests } = await serve((request, response) => {
    request.pipe(response.writeHead(202, { 'x-one': 'a' }));
  });
  const answer = await guarded(loopback)({
    url: `http://127.0.0.1:${port}/hook?x=1`,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    authorization: { origin: `http://127.0.0.1:${port}`, value: 'Bearer abc' },
    body: '{"a":"ü"}',
  });
  assert.equal(answer.status, 202);
  assert.equal(answer.headers['x-one'], 'a');
  assert.equal(answer.body.toString(), '{"a":"ü"}');
  assert.equal(answer.truncated, false);
  const [seen] = requests;
  assert.equal(seen?.url, '/hook?x=1');
  assert.equal(seen?.headers.authorization, 'Bearer abc');
  assert.equal(seen?.headers['content-length'], '10');
  assert.equal(seen?.headers.host, `127.0.0.1:${port}`);
});

test('a name with an outside look that stands for an internal address is refused when it connects', async () => {
  const { port, requests } = await serve((_request, response) => response.end());
  const reasons: string[] = [];
  const request = guarded('', {
    resolve: async () => [loopback],
    onFailure: (_origin, reason) => reasons.push(reason),
  });
  const error = await failureOf(request({ url: `http://hooks.example.com:${port}/` }));
  assert.equal(error.code, 'target-unreachable');
  assert.equal(requests.length, 0);
  assert.match(reasons[0] ?? '', /127\.0\.0\.1, which is internal/);
});

test('one internal address among outside ones is enough to refuse a name', async () => {
  const request = guarded('', { resolve: async () => ['93.184.215.14', '10.0.0.1'] });
  assert.equal((await failureOf(request({ url: 'http://hooks.example.com/' }))).code, 'target-unreachable');
});

test('the connection goes to the address that was checked, whatever the name stands for a moment later', async () => {
  const { port, requests } = await serve((_request, response) => response.end('here'));
  let asked = 0;
  const request = guarded(loopback, { resolve: async () => (asked++ === 0 ? [loopback] : ['10.0.0.1']) });
  const answer = await request({ url: `http://rebinding.example.com:${port}/` });
  assert.equal(answer.body.toString(), 'here');
  assert.equal(asked, 1);
  assert.equal(requests[0]?.headers.host, `rebinding.example.com:${port}`);
});

test('a closed port, a silent port, a wrong protocol and an unknown name are told with the same words', async () => {
  const silent = await listenTo(createTcpServer(() => undefined));
  const babble = await listenTo(createTcpServer((socket) => socket.end('SSH-2.0-OpenSSH\r\n')));
  const closed = createTcpServer();
  closed.listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const closedPort = (closed.address() as AddressInfo).port;
  closed.close();
  const resolve = async (host: string) =>
    host === 'internal.example' ? ['10.0.0.1'] : Promise.reject(new Error('ENOTFOUND'));
  const request = guarded(loopback, { resolve });
  const urls = [
    ...[silent, babble, closedPort].map((port) => `http://127.0.0.1:${port}/`),
    `https://127.0.0.1:${babble}/`,
    'http://nobody.example/',
    'http://internal.example/',
  ];
  const told = await Promise.all(
    urls.map(async (url) => {
      const started = performance.now();
      const error = await failureOf(withConstantCeiling(500, (signal) => request({ url, signal })));
      return { code: error.code, message: error.message, late: performance.now() - started };
    }),
  );
  for (const { code, message, late } of told) {
    assert.equal(code, 'target-unreachable');
    assert.equal(message, told[0]?.message);
    assert.ok(late >= 495 && late < 10_000, `${late} ms`);
  }
});

test('a redirect is an answer like another, unless one asks to follow it', async () => {
  const { port, requests } = await serve((_request, response) =>
    response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
  );
  const answer = await guarded(loopback)({ url: `http://127.0.0.1:${port}/` });
  assert.equal(answer.status, 302);
  assert.equal(requests.length, 1);
});

for (const location of ['http://10.0.0.1/', 'http://2130706433/', 'file:///etc/passwd', '//[::1]/', 'http://127.1/']) {
  test(`a redirect to ${location} is not followed`, async () => {
    const { port } = await serve((_request, response) => response.writeHead(307, { location }).end());
    const error = await failureOf(guarded(`${loopback}:${port}`)({ url: `http://127.0.0.1:${port}/`, redirects: 5 }));
    assert.equal(error.code, 'target-unreachable');
  });
}

test('redirects end after as many as were asked for', async () => {
  const { port, requests } = await serve((_request, response) => response.writeHead(302, { location: '/again' }).end());
  await failureOf(guarded(loopback)({ url: `http://127.0.0.1:${port}/`, redirects: 3 }));
  assert.equal(requests.length, 4);
});

test('what is sent with a POST is sent once and follows nobody', async () => {
  const { port, requests } = await serve((_request, response) => response.writeHead(307, { location: '/again' }).end());
  const answer = await guarded(loopback)({ url: `http://127.0.0.1:${port}/`, method: 'POST', body: 'x', redirects: 3 });
  assert.equal(answer.status, 307);
  assert.equal(requests.length, 1);
});

test('credentials and headers stay at the origin they are for', async () => {
  const other = await serve((_request, response) => response.end());
  const first = await serve((request, response) =>
    request.url === '/'
      ? response.writeHead(302, { location: '/same' }).end()
      : response.writeHead(302, { location: `http://127.0.0.1:${other.port}/` }).end(),
  );
  await guarded(loopback)({
    url: `http://127.0.0.1:${first.port}/`,
    headers: { 'x-api-key': 'secret' },
    authorization: { origin: `http://127.0.0.1:${first.port}`, value: 'Basic secret' },
    redirects: 5,
  });
  assert.deepEqual(
    first.requests.map(({ headers }) => [headers.authorization, headers['x-api-key']]),
    [
      ['Basic secret', 'secret'],
      ['Basic secret', 'secret'],
    ],
  );
  assert.equal(other.requests.length, 1);
  assert.equal(other.requests[0]?.headers.authorization, undefined);
  assert.equal(other.requests[0]?.headers['x-api-key'], undefined);
});

test('credentials of another origin are not sent to the first one either', async () => {
  const { port, requests } = await serve((_request, response) => response.end());
  await guarded(loopback)({
    url: `http://127.0.0.1:${port}/`,
    authorization: { origin: 'https://upstream.example', value: 'Basic secret' },
  });
  assert.equal(requests[0]?.headers.authorization, undefined);
});

test('an answer without end is read as far as allowed', async () => {
  const { port } = await serve((_request, response) => {
    const write = () => {
      while (response.write(Buffer.alloc(65_536)));
    };
    response.on('drain', write);
    write();
  });
  const whole = await guarded(loopback)({ url: `http://127.0.0.1:${port}/` });
  assert.equal(whole.body.length, 1024 * 1024);
  assert.equal(whole.truncated, true);
  const little = await guarded(loopback)({ url: `http://127.0.0.1:${port}/`, maxBytes: 10 });
  assert.equal(little.body.length, 10);
});

test('an answer that trickles is given up after its time', async () => {
  const { port } = await serve((_request, response) => {
    const timer = setInterval(() => response.write('.'), 20);
    response.once('close', () => clearInterval(timer));
  });
  const started = performance.now();
  const error = await failureOf(guarded(loopback)({ url: `http://127.0.0.1:${port}/`, timeoutMs: 300 }));
  assert.equal(error.code, 'target-unreachable');
  assert.ok(performance.now() - started < 8000);
});

test('a resolver that never answers holds nobody', async () => {
  const request = guarded('', { resolve: () => new Promise(() => undefined) });
  const keepAlive = setInterval(() => undefined, 50);
  const error = await failureOf(request({ url: 'http://slow.example/', timeoutMs: 100 }));
  clearInterval(keepAlive);
  assert.equal(error.code, 'target-unreachable');
});

test('a caller who leaves ends the request', async () => {
  const { port, requests } = await serve(() => undefined);
  const leaving = new AbortController();
  const failed = failureOf(guarded(loopback)({ url: `http://127.0.0.1:${port}/`, signal: leaving.signal }));
  while (requests.length === 0) await sleep(5);
  leaving.abort();
  assert.equal((await failed).code, 'target-unreachable');
});

test('no proxy that the environment names is used', async () => {
  const proxy = await serve((_request, response) => response.end('proxied'));
  const { port } = await serve((_request, response) => response.end('direct'));
  const program = `
    import { loadConfig } from '#platform/config';
    import { createGuardedRequest } from '#platform/outbound';
    const { config } = loadConfig({ flags: {}, env: { ENTREPOT_OUTBOUND_ALLOW: '127.0.0.1' }, readFile: () => '' });
    const answer = await createGuardedRequest({ config: config.outbound })({ url: 'http://127.0.0.1:${port}/' });
    process.stdout.write(answer.body);`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
    cwd: new URL('../../..', import.meta.url),
    env: { ...process.env, NODE_USE_ENV_PROXY: '1', HTTP_PROXY: `http://127.0.0.1:${proxy.port}`, NO_PROXY: '' },
  });
  assert.equal(stdout, 'direct');
});

const openssl = await promisify(execFile)('openssl', ['version']).then(
  () => false as const,
  () => 'openssl is not installed',
);

test('certificates are checked unless one says not to, or brings the authority', { skip: openssl }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'entrepot-outbound-'));
  after(() => rm(folder, { recursive: true, force: true }));
  const [key, cert] = [join(folder, 'key'), join(folder, 'cert')];
  await promisify(execFile)('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
    ...['-subj', '/CN=test', '-addext', 'subjectAltName=DNS:hooks.example,IP:127.0.0.1', '-keyout', key, '-out', cert],
  ]);
  const ca = await readFile(cert, 'utf8');
  const port = await listenTo(
    createTlsServer({ key: await readFile(key), cert: ca }, (_request, response) => response.end('safe')),
  );
  const request = guarded(loopback, { resolve: async () => [loopback] });
  const ask = async (more: Partial<OutboundRequest>, host = loopback) =>
    (await request({ url: `https://${host}:${port}/`, ...more })).body.toString();
  await failureOf(ask({}));
  assert.equal(await ask({ insecure: true }), 'safe');
  assert.equal(await ask({ ca }), 'safe');
  assert.equal(await ask({ ca }, 'hooks.example'), 'safe');
  await failureOf(ask({ ca }, 'other.example'));
});
