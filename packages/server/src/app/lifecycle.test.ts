import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { request as openRequest } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, test } from 'node:test';
import { openRawConnection } from '#testing/raw-connection';
import { type ServeProcess, startServing } from '#testing/serve-process';
import { eventually } from '#testing/test-clock';
import { digestOf } from '#testing/test-registry';

interface Folder extends AsyncDisposable {
  readonly path: string;
}

async function makeFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'entrepot-life-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

const password = 'Password123';
const admin = `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`;

const serveOn = (data: string, env: Readonly<Record<string, string>> = {}, ...args: string[]): ServeProcess =>
  startServing({
    args: ['--listen', '127.0.0.1:0', '--data', data, ...args],
    env: { ENTREPOT_ADMIN_PASSWORD: password, ...env },
  });

/** What a start that fails says: one sentence for the operator, and no traces. */
function assertOneSentence(stderr: string, ...wanted: readonly RegExp[]): void {
  const lines = stderr.trim().split('\n');
  assert.equal(lines.length, 1, stderr);
  for (const pattern of wanted) assert.match(lines[0] ?? '', pattern);
  assert.doesNotMatch(stderr, /\bat .*\.ts:|node:internal|UnhandledPromise/);
}

describe('asked to end, a registry', { concurrency: 2 }, () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`ends at once with 0 when nothing runs, though clients keep connections open (${signal})`, async () => {
      await using folder = await makeFolder();
      await using server = serveOn(folder.path);
      const address = await server.ready();
      using idle = await openRawConnection(address);
      idle.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
      await idle.until(/ok/);
      const asked = performance.now();
      server.child.kill(signal);
      assert.equal(await server.ended(), 0);
      assert.ok(performance.now() - asked < 10_000, 'it did not wait for the idle connection');
      assert.equal(server.stderr(), '');
    });
  }

  test('lets an upload that runs finish, takes no new one, and ends with 0', async () => {
    await using folder = await makeFolder();
    await using server = serveOn(folder.path);
    const address = await server.ready();
    const begun = await fetch(`${address}/v2/library/app/blobs/uploads/`, {
      method: 'POST',
      headers: { authorization: admin },
    });
    const path = begun.headers.get('location') ?? '';
    const digest = digestOf('hello world');
    using other = await openRawConnection(address);
    other.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    await other.until(/ok/);
    const { hostname, port } = new URL(address);
    const running = openRequest({
      hostname,
      port,
      path: `${path}?digest=${digest}`,
      method: 'PUT',
      headers: { authorization: admin, 'content-length': '11' },
    });
    running.write('hello ');
    await sleep(200);
    server.child.kill('SIGTERM');
    await eventually(async () => (server.stdout().includes('Asked to end') ? true : undefined));
    const refused = await fetch(`${address}/healthz`).then(
      (response) => response.status,
      () => 'no connection',
    );
    assert.equal(refused, 'no connection');
    assert.equal(server.child.exitCode, null, 'it waits for the upload');
    running.end('world');
    const [response] = (await once(running, 'response')) as [{ statusCode: number; resume(): void }];
    assert.equal(response.statusCode, 201);
    response.resume();
    assert.equal(await server.ended(), 0);

    await using again = serveOn(folder.path);
    const blob = await fetch(`${await again.ready()}/v2/library/app/blobs/${digest}`);
    assert.equal(await blob.text(), 'hello world');
  });

  test('answers on a connection that is open that it takes no new upload and is not ready', async () => {
    await using folder = await makeFolder();
    await using server = serveOn(folder.path);
    const address = await server.ready();
    using upload = await openRawConnection(address);
    upload.write(
      `POST /v2/library/app/blobs/uploads/?digest=${digestOf('0123456789')} HTTP/1.1\r\nHost: x\r\nAuthorization: ${admin}\r\nContent-Length: 10\r\n\r\n01234`,
    );
    await sleep(200);
    // A request whose head is on its way when the signal comes.
    using late = await openRawConnection(address);
    late.write('POST /v2/library/app/blobs/uploads/ HTTP/1.1\r\nHost: x\r\n');
    using probe = await openRawConnection(address);
    probe.write('GET /readyz HTTP/1.1\r\n');
    await sleep(100);
    server.child.kill('SIGTERM');
    await eventually(async () => (server.stdout().includes('Asked to end') ? true : undefined));
    late.write(`Authorization: ${admin}\r\nContent-Length: 0\r\n\r\n`);
    assert.match(await late.until(/\r\n\r\n/, 3000), /^HTTP\/1\.1 503 /);
    probe.write('Host: x\r\n\r\n');
    assert.match(await probe.until(/draining/, 3000), /^HTTP\/1\.1 503 [^]*"status":"draining"/);
    upload.write('56789');
    assert.match(await upload.until(/\r\n\r\n/, 3000), /^HTTP\/1\.1 201 /);
    assert.equal(await server.ended(), 0);
  });

  test('serves on and is not ready for as long as load balancers were given', async () => {
    await using folder = await makeFolder();
    await using server = serveOn(folder.path, { ENTREPOT_SHUTDOWN_READY_DELAY: '2s' });
    const address = await server.ready();
    const headers = { authorization: admin };
    assert.equal((await fetch(`${address}/readyz`)).status, 200);
    const asked = performance.now();
    server.child.kill('SIGTERM');
    const unready = await eventually(async () => {
      const response = await fetch(`${address}/readyz`);
      return response.status === 503 ? ((await response.json()) as { status: string }) : undefined;
    }, 1500);
    assert.equal(unready.status, 'draining');
    for (let at = 0; at < 3; at++) {
      assert.equal((await fetch(`${address}/v2/`, { headers, keepalive: false })).status, 200);
      const begun = await fetch(`${address}/v2/library/app/blobs/uploads/`, { method: 'POST', headers });
      assert.equal(begun.status, 202, 'whoever is still sent here is served');
      await sleep(200);
    }
    assert.equal(await server.ended(), 0);
    assert.ok(performance.now() - asked >= 2000);
    await assert.rejects(fetch(`${address}/healthz`));
  });

  test('cuts an upload that does not finish in time, and the bytes can be continued later', async () => {
    await using folder = await makeFolder();
    await using server = serveOn(folder.path, {
      ENTREPOT_LIMITS_SHUTDOWN_DRAIN: '1s',
      ENTREPOT_LIMITS_SHUTDOWN_UPLOADS: '1s',
    });
    const address = await server.ready();
    const headers = { authorization: admin };
    const begun = await fetch(`${address}/v2/library/app/blobs/uploads/`, { method: 'POST', headers });
    const path = begun.headers.get('location') ?? '';
    using stuck = await openRawConnection(address);
    stuck.write(
      `PATCH ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: ${admin}\r\nContent-Length: 100\r\n\r\n0123456789`,
    );
    await sleep(200);
    server.child.kill('SIGTERM');
    assert.equal(await server.ended(15_000), 0);

    await using again = serveOn(folder.path);
    const next = await again.ready();
    const status = await fetch(`${next}${path}`, { headers });
    assert.deepEqual([status.status, status.headers.get('range')], [204, '0-9']);
    const digest = digestOf('0123456789abc');
    const finished = await fetch(`${next}${path}?digest=${digest}`, { method: 'PUT', headers, body: 'abc' });
    assert.equal(finished.status, 201);
  });
});

describe('the first start', { concurrency: 2 }, () => {
  const told = (server: ServeProcess) => /password {2}(\S+)/.exec(server.stdout())?.[1];

  test('invents a password, prints it once, and no later start prints one', async () => {
    await using folder = await makeFolder();
    let invented: string | undefined;
    {
      await using server = startServing({ args: ['--listen', '127.0.0.1:0', '--data', folder.path] });
      const address = await server.ready();
      invented = await eventually(async () => told(server));
      assert.ok(invented.length >= 16);
      assert.equal(server.stdout().split(invented).length, 2, 'once');
      assert.doesNotMatch(server.stderr(), new RegExp(invented));
      const as = { authorization: `Basic ${Buffer.from(`admin:${invented}`).toString('base64')}` };
      assert.equal((await fetch(`${address}/v2/`, { headers: as })).status, 200);
      const library = await fetch(`${address}/api/v2.0/projects?project_name=library`, { method: 'HEAD', headers: as });
      assert.equal(library.status, 200);
      server.child.kill('SIGTERM');
      assert.equal(await server.ended(), 0);
    }
    await using again = startServing({ args: ['--listen', '127.0.0.1:0', '--data', folder.path] });
    await again.ready();
    await sleep(100);
    assert.equal(told(again), undefined);
    assert.ok(!again.stdout().includes(invented));
  });

  test('does not print a password that was given', async () => {
    await using folder = await makeFolder();
    await using server = serveOn(folder.path, { ENTREPOT_ADMIN_PASSWORD: 'canary-given-password' });
    await server.ready();
    await eventually(async () => (server.stdout().includes('Welcome') ? true : undefined));
    assert.doesNotMatch(server.stdout() + server.stderr(), /canary/);
  });

  test('that cannot listen does not keep the password it invented to itself', async () => {
    await using folder = await makeFolder();
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    await using server = startServing({ args: ['--listen', `127.0.0.1:${port}`, '--data', folder.path] });
    assert.equal(await server.ended(), 1);
    taken.close();
    await using again = startServing({ args: ['--listen', '127.0.0.1:0', '--data', folder.path] });
    const address = await again.ready();
    await sleep(200);
    const invented = told(server) ?? told(again);
    assert.ok(invented !== undefined, 'nobody was told a password, and nobody can sign in');
    const as = { authorization: `Basic ${Buffer.from(`admin:${invented}`).toString('base64')}` };
    assert.equal((await fetch(`${address}/v2/`, { headers: as })).status, 200);
  });
});

describe('a start that cannot be says why in one sentence and damages nothing:', { concurrency: 2 }, () => {
  test('the port is taken', async () => {
    await using folder = await makeFolder();
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    await using server = serveOn(folder.path, {}, '--listen', `127.0.0.1:${port}`);
    assert.equal(await server.ended(), 1);
    taken.close();
    assertOneSentence(server.stderr(), new RegExp(`127\\.0\\.0\\.1:${port} is in use`), /--listen/);
  });

  test('the address is not of this machine', async () => {
    await using folder = await makeFolder();
    await using server = serveOn(folder.path, {}, '--listen', '192.0.2.1:5080');
    assert.equal(await server.ended(), 1);
    assertOneSentence(server.stderr(), /192\.0\.2\.1:5080 is not an address of this machine/);
  });

  test('the data folder may not be written', async (context) => {
    const asRoot = process.getuid?.() === 0;
    await using folder = await makeFolder();
    const data = join(folder.path, 'data');
    await mkdir(data);
    await chmod(folder.path, 0o755);
    await chmod(data, 0o555);
    const nobody = 65_534;
    if (asRoot) {
      try {
        execFileSync(process.execPath, ['--version'], { uid: nobody, gid: nobody, stdio: 'ignore' });
      } catch {
        return context.skip('the program cannot be read by another user, and root may write everywhere');
      }
    }
    await using server = startServing({
      args: ['--listen', '127.0.0.1:0', '--data', data],
      env: { ENTREPOT_ADMIN_PASSWORD: password, HOME: folder.path },
      ...(asRoot ? { uid: nobody } : {}),
    });
    assert.equal(await server.ended(), 1);
    assertOneSentence(server.stderr(), new RegExp(data));
    assert.deepEqual(await readdir(data), []);
  });

  test('the database may be read and not written', async (context) => {
    if (process.getuid?.() !== 0) return context.skip('only root can make files that somebody else owns');
    await using folder = await makeFolder();
    {
      await using server = serveOn(folder.path);
      await server.ready();
      server.child.kill('SIGTERM');
      await server.ended();
    }
    const nobody = 65_534;
    await chmod(folder.path, 0o755);
    await chmod(join(folder.path, 'entrepot.db'), 0o444);
    const before = await readFile(join(folder.path, 'entrepot.db'));
    await using server = startServing({
      args: ['--listen', '127.0.0.1:0', '--data', folder.path],
      env: { ENTREPOT_ADMIN_PASSWORD: password, HOME: tmpdir() },
      uid: nobody,
    });
    assert.equal(await server.ended(), 1);
    assertOneSentence(server.stderr(), new RegExp(folder.path));
    assert.ok(before.equals(await readFile(join(folder.path, 'entrepot.db'))));
  });

  test('the data folder is a file', async () => {
    await using folder = await makeFolder();
    const path = join(folder.path, 'file');
    await writeFile(path, 'x');
    await using server = serveOn(path);
    assert.equal(await server.ended(), 1);
    assertOneSentence(server.stderr(), new RegExp(path));
    assert.equal(await readFile(path, 'utf8'), 'x');
  });

  test('the database is of a newer build', async () => {
    await using folder = await makeFolder();
    {
      await using server = serveOn(folder.path);
      await server.ready();
      server.child.kill('SIGTERM');
      await server.ended();
    }
    const path = join(folder.path, 'entrepot.db');
    {
      using connection = new DatabaseSync(path);
      connection.exec('update schema_version set version = 4711; pragma wal_checkpoint(truncate)');
    }
    const before = await readFile(path);
    await using server = serveOn(folder.path);
    assert.equal(await server.ended(), 1);
    assertOneSentence(server.stderr(), /version 4711/, /newer build/, /Nothing was changed/);
    assert.ok(before.equals(await readFile(path)));
  });

  test('the database is something else', async () => {
    await using folder = await makeFolder();
    const path = join(folder.path, 'entrepot.db');
    await writeFile(path, 'this is no database\n'.repeat(100));
    await using server = serveOn(folder.path);
    assert.equal(await server.ended(), 1);
    assertOneSentence(server.stderr(), new RegExp(path));
    assert.equal(await readFile(path, 'utf8'), 'this is no database\n'.repeat(100));
  });

  for (const url of [
    'postgres://entrepot:canary-secret@127.0.0.1:1/entrepot',
    'postgres://entrepot:canary-secret@nowhere.invalid/entrepot',
  ]) {
    test(`PostgreSQL is not there (${new URL(url).hostname}), and the password is not told`, async () => {
      await using folder = await makeFolder();
      await using server = serveOn(folder.path, { ENTREPOT_DATABASE_URL: url });
      assert.equal(await server.ended(), 1);
      assertOneSentence(server.stderr(), /PostgreSQL/);
      assert.doesNotMatch(server.stderr() + server.stdout(), /canary/);
    });
  }

  test('PostgreSQL refuses the account, and the password is not told', async (context) => {
    const known = process.env['ENTREPOT_TEST_POSTGRES_URL'];
    if (known === undefined) return context.skip('ENTREPOT_TEST_POSTGRES_URL is not set');
    const url = new URL(known);
    url.username = 'canary-user';
    url.password = 'canary-secret';
    await using folder = await makeFolder();
    await using server = serveOn(folder.path, { ENTREPOT_DATABASE_URL: url.href });
    assert.equal(await server.ended(), 1);
    assertOneSentence(server.stderr(), /PostgreSQL/);
    assert.doesNotMatch(server.stderr() + server.stdout(), /canary-secret/);
  });

  test('the configuration has faults: all of them are told at once, with exit code 2', async () => {
    await using folder = await makeFolder();
    await using server = serveOn(folder.path, {
      ENTREPOT_LOG_LEVEL: 'loud',
      ENTREPOT_LIMITS_MAX_CONNECTIONS: 'many',
      ENTREPOT_NO_SUCH_THING: '1',
      ENTREPOT_AUTH_LOGIN_WINDOW: '-5m',
    });
    assert.equal(await server.ended(), 2);
    for (const fault of [
      'ENTREPOT_LOG_LEVEL',
      'ENTREPOT_LIMITS_MAX_CONNECTIONS',
      'ENTREPOT_NO_SUCH_THING',
      'ENTREPOT_AUTH_LOGIN_WINDOW',
    ]) {
      assert.ok(server.stderr().includes(fault), `${fault} is told: ${server.stderr()}`);
    }
    assert.deepEqual(await readdir(folder.path), [], 'nothing was made');
  });

  test('the first administrator’s password is too short', async () => {
    await using folder = await makeFolder();
    await using server = serveOn(folder.path, { ENTREPOT_ADMIN_PASSWORD: 'canary' });
    assert.notEqual(await server.ended(), 0);
    assert.match(server.stderr(), /password/i);
    assert.doesNotMatch(server.stderr() + server.stdout(), /canary/);
  });
});

test('a second registry on the same folder is refused, or sees what the first one does', async () => {
  await using folder = await makeFolder();
  await using first = serveOn(folder.path);
  const here = await first.ready();
  await using second = serveOn(folder.path);
  const there = await second.ready().catch(() => undefined);
  if (there === undefined) {
    assertOneSentence(second.stderr(), new RegExp(folder.path));
    assert.equal((await fetch(`${here}/readyz`)).status, 200);
    return;
  }
  const headers = { authorization: admin };
  const begun = await fetch(`${here}/v2/library/app/blobs/uploads/`, { method: 'POST', headers });
  const path = begun.headers.get('location') ?? '';
  using busy = await openRawConnection(here);
  busy.write(`PATCH ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: ${admin}\r\nContent-Length: 100\r\n\r\n0123456789`);
  await sleep(300);
  const also = await fetch(`${there}${path}`, { method: 'PATCH', headers, body: 'XXXXXXXXXX' });
  assert.ok(
    also.status === 409 || also.status === 416 || also.status === 429,
    `both write to one upload: ${also.status}`,
  );
});
