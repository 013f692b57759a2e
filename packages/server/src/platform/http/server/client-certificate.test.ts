import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { createReadCertificate } from './client-certificate.ts';

const run = promisify(execFile);
const folder = await mkdtemp(join(tmpdir(), 'entrepot-cert-'));
after(() => rm(folder, { recursive: true, force: true }));

/** A certificate that vouches for itself. */
async function aCertificate(name: string, subject: string, alternatives: string, config?: string) {
  const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '30'];
  const names = alternatives === '' ? [] : ['-addext', `subjectAltName=${alternatives}`];
  const configFile = join(folder, `${name}.cnf`);
  await writeFile(configFile, config ?? '[req]\ndistinguished_name = dn\n[dn]\n');
  await run('openssl', [
    'req',
    '-x509',
    '-config',
    configFile,
    ...curve,
    '-keyout',
    key,
    '-out',
    cert,
    '-subj',
    subject,
    ...names,
  ]);
  return { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') };
}

const workload = await aCertificate(
  'workload',
  '/O=Team/CN=builder',
  'URI:spiffe://prod/ns/a/sa/b,DNS:n1.example,email:ops@x.example',
);

const from = (address: string, headers: Record<string, string> = {}) =>
  ({ socket: { remoteAddress: address }, headers }) as unknown as IncomingMessage;

const sources = { trustedProxies: ['10.0.0.0/8', 'fd00::/8'], header: 'x-client-cert', clock: () => Date.now() };
const escaped = encodeURIComponent(workload.cert);
const structured = `:${new X509Certificate(workload.cert).raw.toString('base64')}:`;
const names = {
  uris: ['spiffe://prod/ns/a/sa/b'],
  dnsNames: ['n1.example'],
  emails: ['ops@x.example'],
  commonName: 'builder',
};

test('a trusted proxy hands a certificate on, in either spelling', () => {
  const read = createReadCertificate(sources);
  for (const address of ['10.1.2.3', '::ffff:10.1.2.3', 'fd00::1']) {
    for (const text of [escaped, structured]) assert.deepEqual(read(from(address, { 'x-client-cert': text })), names);
  }
});

test('from anybody else the header is nothing, and so is another header', () => {
  const read = createReadCertificate(sources);
  for (const address of ['192.0.2.1', '::1', '11.0.0.1', '']) {
    assert.equal(read(from(address, { 'x-client-cert': structured })), undefined);
  }
  assert.equal(read(from('10.1.2.3', { 'client-cert': structured })), undefined);
  const off = createReadCertificate({ ...sources, header: undefined });
  assert.equal(off(from('10.1.2.3', { 'x-client-cert': structured })), undefined);
});

test('what is no certificate, or one that is over, stands for nobody', () => {
  const read = createReadCertificate(sources);
  for (const text of ['', 'x', '%', ':AAAA:', '::', `:${'A'.repeat(20_000)}:`, escaped.slice(0, 300)]) {
    assert.equal(read(from('10.1.2.3', { 'x-client-cert': text })), undefined, text.slice(0, 20));
  }
  for (const days of [-1, 31]) {
    const later = createReadCertificate({ ...sources, clock: () => Date.now() + days * 86_400_000 });
    assert.equal(later(from('10.1.2.3', { 'x-client-cert': structured })), undefined);
  }
});

test('names with commas are one name, and two common names are none', async () => {
  const read = createReadCertificate(sources);
  const tricky = await aCertificate(
    'tricky',
    '/CN=admin/CN=other',
    '',
    '[req]\ndistinguished_name = dn\nx509_extensions = ext\n[dn]\n[ext]\nsubjectAltName = @san\n[san]\nURI.1 = spiffe://a, DNS:admin.example\n',
  );
  const found = read(from('10.1.2.3', { 'x-client-cert': encodeURIComponent(tricky.cert) }));
  assert.equal(found?.commonName, undefined);
  assert.deepEqual(found, {
    ...names,
    uris: ['spiffe://a, DNS:admin.example'],
    dnsNames: [],
    emails: [],
    commonName: undefined,
  });
});

test('of a TLS connection the certificate counts that was checked, and none besides', async () => {
  const stranger = await aCertificate('stranger', '/CN=builder', 'URI:spiffe://prod/ns/a/sa/b');
  const read = createReadCertificate(sources);
  const server = createServer(
    { ...workload, ca: workload.cert, requestCert: true, rejectUnauthorized: false },
    (asked, answer) => answer.end(JSON.stringify(read(asked) ?? null)),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const ask = (client: object, headers = {}) =>
    new Promise<unknown>((resolve, reject) => {
      const options = { host: '127.0.0.1', port, rejectUnauthorized: false, agent: false as const, headers, ...client };
      request(options, async (answer) => {
        let text = '';
        for await (const part of answer) text += String(part);
        resolve(JSON.parse(text));
      })
        .on('error', reject)
        .end();
    });
  try {
    assert.deepEqual(await ask(workload), names);
    assert.equal(await ask(stranger), null);
    assert.equal(await ask({}), null);
    assert.equal(await ask({}, { 'x-client-cert': structured }), null);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
