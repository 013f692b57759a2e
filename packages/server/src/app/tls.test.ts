import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { after, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { startServing } from '#testing/serve-process';
import { eventually } from '#testing/test-clock';

const run = promisify(execFile);

const openssl = await run('openssl', ['version']).then(
  () => undefined,
  () => 'openssl is not installed',
);

const folder = await mkdtemp(join(tmpdir(), 'entrepot-tls-'));
after(() => rm(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);

/** An authority, or a certificate that one signed; `name` is its common name. */
async function makeCertificate(file: string, name: string, signer?: string): Promise<void> {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', at(`${file}.key`)];
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const signed = signer === undefined ? [] : ['-CA', at(`${signer}.crt`), '-CAkey', at(`${signer}.key`)];
  await run('openssl', ['req', '-x509', ...key, ...subject, ...signed, '-days', '2', '-out', at(`${file}.crt`)]);
}

if (openssl === undefined) {
  await makeCertificate('ca', 'Test CA');
  await makeCertificate('other-ca', 'Another CA');
  await makeCertificate('server', 'first', 'ca');
  await makeCertificate('renewed', 'second', 'ca');
  await makeCertificate('client', 'client', 'ca');
  await makeCertificate('stranger', 'stranger', 'other-ca');
}

const serveTls = (env: Readonly<Record<string, string>> = {}) =>
  startServing({
    args: ['--listen', '127.0.0.1:0', '--data', at(`data-${crypto.randomUUID()}`)],
    env: {
      ENTREPOT_ADMIN_PASSWORD: 'Password123',
      ENTREPOT_TLS_CERTIFICATE: at('server.crt'),
      ENTREPOT_TLS_KEY: at('server.key'),
      ...env,
    },
  });

async function handshake(address: string, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const ca = await readFile(at('ca.crt'));
  const { port } = new URL(address);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: Number(port), ca, ...options }, () => resolve(socket));
    socket.once('error', reject);
  });
}

interface Got {
  readonly status: number;
  readonly text: string;
  readonly challenge: string | undefined;
}

/** A request over a connection of its own. */
async function get(address: string, path: string, options: ConnectionOptions = {}): Promise<Got> {
  const ca = await readFile(at('ca.crt'));
  return new Promise((resolve, reject) => {
    const asked = request(`${address}${path}`, { ca, agent: false, ...options }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text, challenge: response.headers['www-authenticate'] }),
      );
    });
    asked.on('error', reject);
    asked.end();
  });
}

const certificateOf = async (address: string): Promise<string> => {
  const socket = await handshake(address);
  const name = String(socket.getPeerCertificate().subject.CN);
  socket.destroy();
  return name;
};

const clientPair = async (name: string): Promise<ConnectionOptions> => ({
  cert: await readFile(at(`${name}.crt`)),
  key: await readFile(at(`${name}.key`)),
});

describe('TLS', { skip: openssl ?? false, concurrency: 2 }, () => {
  test('is spoken with the operator’s certificate, and everything says https', async () => {
    await using server = serveTls();
    const address = await server.ready();
    assert.match(address, /^https:/);
    assert.equal(await certificateOf(address), 'first');
    const answer = await get(address, '/v2/');
    assert.equal(answer.status, 401);
    assert.match(answer.challenge ?? '', new RegExp(`realm="${address}/service/token"`));
    assert.equal((await get(address, '/healthz')).status, 200);
  });

  test('is 1.2 at least, and 1.3 where that is asked', async () => {
    await using usual = serveTls();
    await using strict = serveTls({ ENTREPOT_TLS_MIN_VERSION: '1.3' });
    const [usualAddress, strictAddress] = await Promise.all([usual.ready(), strict.ready()]);
    const protocol = async (
      address: string,
      minVersion: 'TLSv1.1' | 'TLSv1.2',
      maxVersion: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3',
    ) => {
      // Without a floor of one's own: what is refused is refused by the server.
      const socket = await handshake(address, { minVersion, maxVersion, ciphers: 'DEFAULT@SECLEVEL=0' });
      const spoken = socket.getProtocol();
      socket.destroy();
      return spoken;
    };
    assert.equal(await protocol(usualAddress, 'TLSv1.2', 'TLSv1.2'), 'TLSv1.2');
    assert.equal(await protocol(usualAddress, 'TLSv1.2', 'TLSv1.3'), 'TLSv1.3');
    await assert.rejects(protocol(usualAddress, 'TLSv1.1', 'TLSv1.1'));
    assert.equal(await protocol(strictAddress, 'TLSv1.2', 'TLSv1.3'), 'TLSv1.3');
    await assert.rejects(protocol(strictAddress, 'TLSv1.2', 'TLSv1.2'));
  });

  test('takes a renewed certificate into use without a restart, and keeps the old one while the new is no good', async () => {
    for (const [from, to] of [
      ['server', 'live'],
      ['renewed', 'next'],
    ] as const) {
      for (const kind of ['crt', 'key']) await copyFile(at(`${from}.${kind}`), at(`${to}.${kind}`));
    }
    await using server = serveTls({ ENTREPOT_TLS_CERTIFICATE: at('live.crt'), ENTREPOT_TLS_KEY: at('live.key') });
    const address = await server.ready();
    assert.equal(await certificateOf(address), 'first');
    const open = await handshake(address);
    // Half of a change: the key belongs to another certificate for a while.
    await rename(at('next.key'), at('live.key'));
    await eventually(async () => (/old ones stay/.test(server.stdout()) ? true : undefined), 15_000);
    assert.equal(await certificateOf(address), 'first');
    await rename(at('next.crt'), at('live.crt'));
    await eventually(async () => ((await certificateOf(address)) === 'second' ? true : undefined), 15_000);
    open.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    const [answer] = (await new Promise((resolve) => open.once('data', (chunk: Buffer) => resolve([chunk])))) as [
      Buffer,
    ];
    assert.match(answer.toString(), /^HTTP\/1\.1 200 /, 'a connection that was open goes on');
    open.destroy();
    await writeFile(at('live.crt'), 'no certificate');
    await eventually(async () => (server.stdout().split('old ones stay').length > 2 ? true : undefined), 15_000);
    assert.equal(await certificateOf(address), 'second');
    assert.doesNotMatch(server.stdout(), /PRIVATE KEY/);
  });

  test('with optional client certificates takes clients with and without one', async () => {
    await using server = serveTls({ ENTREPOT_TLS_CLIENT_CA: at('ca.crt'), ENTREPOT_TLS_CLIENT_AUTH: 'optional' });
    const address = await server.ready();
    assert.equal((await get(address, '/healthz')).status, 200);
    assert.equal((await get(address, '/healthz', await clientPair('client'))).status, 200);
    await assert.rejects(
      get(address, '/healthz', await clientPair('stranger')),
      'one that nobody vouches for is refused',
    );
    assert.equal((await get(address, '/healthz')).status, 200, 'it still answers');
  });

  test('with required client certificates takes nobody without a good one', async () => {
    await using server = serveTls({ ENTREPOT_TLS_CLIENT_CA: at('ca.crt'), ENTREPOT_TLS_CLIENT_AUTH: 'required' });
    const address = await server.ready();
    assert.equal((await get(address, '/healthz', await clientPair('client'))).status, 200);
    await assert.rejects(get(address, '/healthz'));
    await assert.rejects(get(address, '/healthz', await clientPair('stranger')));
    assert.equal((await get(address, '/healthz', await clientPair('client'))).status, 200, 'it still answers');
  });

  for (const [name, env, wanted] of [
    ['the certificate is not there', { ENTREPOT_TLS_CERTIFICATE: '/nowhere/x.crt' }, /\/nowhere\/x\.crt/],
    ['the key belongs to another certificate', { ENTREPOT_TLS_KEY: at('renewed.key') }, /key|certificate/i],
    ['the certificate is none', { ENTREPOT_TLS_CERTIFICATE: '/etc/hostname' }, /certificate/i],
  ] as const) {
    test(`does not begin when ${name}, and says so in one sentence`, async () => {
      await using server = serveTls(env);
      assert.equal(await server.ended(), 1);
      const told = server.stderr().trim();
      assert.equal(told.split('\n').length, 1, told);
      assert.match(told, wanted);
      assert.doesNotMatch(told, /PRIVATE KEY/);
    });
  }

  test('does not begin with a configuration that is half', async () => {
    for (const env of [
      { ENTREPOT_TLS_KEY: '' },
      { ENTREPOT_TLS_CLIENT_AUTH: 'required' },
      { ENTREPOT_TLS_MIN_VERSION: '1.1' },
    ]) {
      await using server = serveTls(env);
      assert.equal(await server.ended(), 2, JSON.stringify(env));
    }
  });

  test('answers plain HTTP on its port with a refusal, not with data', async () => {
    await using server = serveTls();
    const { host } = new URL(await server.ready());
    const outcome = await fetch(`http://${host}/healthz`).then(
      (response) => response.status,
      () => 'refused',
    );
    assert.ok(outcome === 'refused' || outcome === 400, String(outcome));
  });
});
