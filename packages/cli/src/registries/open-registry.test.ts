import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import { type AddressInfo, createServer as createPlainServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { startRegistryDouble } from '@entrepot/oci/testing/registry-double';
import { runCli } from '#testing/run-cli';
import { makeSelfSigned } from '#testing/self-signed';
import { makeTemporaryFolder } from '#testing/temporary-folder';

interface TlsRegistry extends AsyncDisposable {
  readonly host: string;
  readonly cert: string;
}

/** Says of every repository that it has the tag v1, over TLS. */
async function startTlsRegistry(): Promise<TlsRegistry> {
  const { cert, key } = makeSelfSigned();
  const server: Server = createServer({ cert, key }, (_request, response) => {
    response.setHeader('content-type', 'application/json').end('{"tags":["v1"]}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `localhost:${(server.address() as AddressInfo).port}`,
    cert,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('this machine is reached without TLS where TLS is not spoken', async () => {
  await using double = await startRegistryDouble();
  const { port } = new URL(double.origin);
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`]) {
    assert.equal((await runCli(['ls', host])).code, 0);
  }
});

test('this machine is reached by TLS where TLS is spoken, and the certificate counts', async () => {
  await using registry = await startTlsRegistry();
  await using folder = await makeTemporaryFolder();
  const caFile = join(folder.path, 'ca.pem');
  await writeFile(caFile, registry.cert);
  const refused = await runCli(['ls', `${registry.host}/a/b`]);
  assert.equal(refused.code, 6);
  assert.match(refused.stderr, /DEPTH_ZERO_SELF_SIGNED_CERT\.\nhint: .*--ca-file/);
  assert.equal((await runCli(['ls', `${registry.host}/a/b`, '--ca-file', caFile])).stdout, 'v1\n');
  assert.equal((await runCli(['ls', `${registry.host}/a/b`, '--insecure'])).stdout, 'v1\n');
});

test('a file without a certificate is no authority', async () => {
  await using folder = await makeTemporaryFolder();
  const caFile = join(folder.path, 'ca.pem');
  await writeFile(caFile, 'hello');
  const ran = await runCli(['ls', 'localhost:1', '--ca-file', caFile]);
  assert.equal(ran.code, 2);
  assert.equal((await runCli(['ls', 'localhost:1', '--ca-file', join(folder.path, 'no')])).code, 1);
});

test('a host that is not there is told with what to check', async () => {
  const unknown = await runCli(['ls', 'no-such-host.invalid/a/b']);
  assert.equal(unknown.code, 6);
  assert.match(unknown.stderr, /hint: .*DNS/);
  const refused = await runCli(['ls', 'localhost:1/a/b']);
  assert.equal(refused.code, 6);
  assert.match(refused.stderr, /ECONNREFUSED\.\nhint: nothing listens/);
});

test('a registry without TLS that is not on this machine is told with the flag for it', async () => {
  const server = createPlainServer((socket) => socket.on('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')));
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  const { port } = server.address() as AddressInfo;
  // 0.0.0.0 leads here, but is no name of this machine.
  const ran = await runCli(['ls', `0.0.0.0:${port}/a/b`]);
  server.close();
  assert.equal(ran.code, 6);
  assert.match(ran.stderr, /--plain-http/);
});

test('a connection that breaks is tried again', async () => {
  await using double = await startRegistryDouble();
  double.fail({ kind: 'reset' }, ({ target }) => target.includes('_catalog'), 1);
  assert.equal((await runCli(['ls', double.host])).code, 0);
});
