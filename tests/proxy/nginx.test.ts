import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { makeClientHome } from '#support/client-home';
import { digestOf, someBytes } from '#support/content';
import {
  assertSameImage,
  digestInLayout,
  makeBusyboxTree,
  makeImageLayout,
  missingImageTools,
} from '#support/image-trees';
import { type Nginx, startNginx } from '#support/nginx';
import { mustRun } from '#support/program';
import { basicAuthorization } from '#support/registry-client';
import { needTools } from '#support/system-tool';
import { useRegistry } from '#support/use-registry';

const skip = (await needTools(['nginx', 'openssl'])) ?? false;
const registry = await useRegistry({ env: { ENTREPOT_TRUSTED_PROXIES: '127.0.0.1/32' } });
let nginx: Nginx;
let ca: Buffer;

before(async () => {
  if (skip !== false) return;
  nginx = await startNginx(registry.host);
  ca = await readFile(nginx.certificate);
});

after(() => nginx?.[Symbol.asyncDispose]());

interface Sent {
  readonly message: IncomingMessage;
  readonly body: Buffer;
}

async function send(
  method: string,
  address: string,
  options: { headers?: Record<string, string>; body?: AsyncIterable<Buffer> | Buffer } = {},
): Promise<Sent> {
  const url = new URL(address, `https://${nginx.host}`);
  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    const sending = request(
      url,
      { method, ca, headers: { authorization: basicAuthorization(registry.admin), ...options.headers } },
      resolve,
    );
    sending.once('error', reject);
    if (options.body === undefined) sending.end();
    else if (Buffer.isBuffer(options.body)) sending.end(options.body);
    else pump(options.body, sending).catch(reject);
  });
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return { message, body: Buffer.concat(chunks) };
}

async function pump(body: AsyncIterable<Buffer>, sink: NodeJS.WritableStream): Promise<void> {
  for await (const chunk of body) if (!sink.write(chunk)) await new Promise((resolve) => sink.once('drain', resolve));
  sink.end();
}

test('behind TLS the challenge names the address that the client used', { skip }, async () => {
  const { message } = await send('GET', '/v2/', { headers: { authorization: '' } });
  assert.equal(message.statusCode, 401);
  assert.match(message.headers['www-authenticate'] ?? '', new RegExp(`realm="https://${nginx.host}/service/token"`));
});

test('behind TLS every Location leads back through the proxy', { skip }, async () => {
  const bytes = someBytes(10_000);
  const repository = registry.repository();
  const started = await send('POST', `/v2/${repository}/blobs/uploads/`, { headers: { 'content-length': '0' } });
  assert.equal(started.message.statusCode, 202);
  const upload = new URL(started.message.headers.location ?? '', `https://${nginx.host}`);
  assert.equal(upload.host, nginx.host);
  assert.equal(upload.protocol, 'https:');
  const closed = await send('PUT', `${upload.href}?digest=${digestOf(bytes)}`, { body: bytes });
  assert.equal(closed.message.statusCode, 201);
  const blob = new URL(closed.message.headers.location ?? '', `https://${nginx.host}`);
  assert.equal(blob.host, nginx.host);
  assert.deepEqual((await send('GET', blob.href)).body, bytes);
});

test('plain HTTP is sent on to HTTPS without losing the method', { skip }, async () => {
  const answer = await fetch(`http://${nginx.plainHost}/v2/library/x/blobs/uploads/`, {
    method: 'POST',
    redirect: 'manual',
  });
  assert.equal(answer.status, 308);
  assert.equal(answer.headers.get('location'), 'https://127.0.0.1/v2/library/x/blobs/uploads/');
});

test('a large layer streams through the proxy without lying on its disk', { skip }, async () => {
  const bytes = someBytes(40_000_000);
  const repository = registry.repository();
  const started = await send('POST', `/v2/${repository}/blobs/uploads/`, { headers: { 'content-length': '0' } });
  let most = 0;
  async function* slowly(): AsyncIterable<Buffer> {
    for (let at = 0; at < bytes.length; at += 2_000_000) {
      yield bytes.subarray(at, at + 2_000_000);
      most = Math.max(most, (await readdir(nginx.bodies, { recursive: true })).length);
      await delay(10);
    }
  }
  const path = `${started.message.headers.location}?digest=${digestOf(bytes)}`;
  const closed = await send('PUT', path, { headers: { 'content-length': String(bytes.length) }, body: slowly() });
  assert.equal(closed.message.statusCode, 201, closed.body.toString());
  assert.equal(most, 0, 'nothing was kept on the way');
  const got = await send('GET', `/v2/${repository}/blobs/${digestOf(bytes)}`);
  assert.equal(got.message.headers['content-length'], String(bytes.length));
  assert.equal(digestOf(got.body), digestOf(bytes));
});

test('a token fetched through the proxy opens the registry through the proxy', { skip }, async () => {
  const repository = registry.repository();
  await registry.client.pushImage(repository, 'v1');
  const service = encodeURIComponent(await registry.service());
  const { body } = await send('GET', `/service/token?service=${service}&scope=repository:${repository}:pull`);
  const { token } = JSON.parse(body.toString()) as { token: string };
  const { message } = await send('GET', `/v2/${repository}/manifests/v1`, {
    headers: { authorization: `Bearer ${token}` },
  });
  assert.equal(message.statusCode, 200);
});

test('skopeo copies an image through the proxy and back to the byte', {
  skip: skip || ((await needTools(['skopeo'])) ?? (await missingImageTools()) ?? false),
}, async () => {
  await using home = await makeClientHome('nginx');
  await makeBusyboxTree(home.path('tree'));
  await makeImageLayout(home.path('layout'), 'image', home.path('tree'));
  const login = ['--authfile', await home.writeLogin(nginx.host, registry.admin)];
  const address = `docker://${nginx.host}/${registry.repository()}:v1`;
  const run = (...args: string[]): Promise<string> => mustRun('skopeo', ['copy', ...login, ...args], { env: home.env });
  await run('--dest-tls-verify=false', `oci:${home.path('layout')}:image`, address);
  await run('--src-tls-verify=false', address, `oci:${home.path('back')}:image`);
  await assertSameImage(home.path('layout'), home.path('back'), await digestInLayout(home.path('layout'), 'image'));
});
