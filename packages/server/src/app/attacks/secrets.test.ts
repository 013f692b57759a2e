import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertAnswer } from '#testing/answers';
import { type DatabasePlace, forEachDialect } from '#testing/databases';
import { openRawConnection } from '#testing/raw-connection';
import { eventually } from '#testing/test-clock';
import { startTestRegistry, useTestRegistry } from '#testing/test-registry';

/** Every row of every table, as whoever has a backup sees them. */
async function dumpOf({ kind, query }: DatabasePlace): Promise<string> {
  const tables = await query(
    kind === 'sqlite'
      ? "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'"
      : 'select tablename as name from pg_tables where schemaname = current_schema()',
  );
  const rows: unknown[] = [];
  for (const { name } of tables) rows.push(await query(`select * from ${String(name)}`));
  return JSON.stringify(rows, (_key, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
  );
}

const canaries = {
  adminPassword: 'canary-admin-password-1',
  userPassword: 'canary-User-password-2',
  wrongPassword: 'canary-wrong-password-3',
  s3Secret: 'canary-s3-secret-4',
  databasePassword: 'canary-database-password-5',
  secretKey: Buffer.from('canary-secret-key-of-32-bytes-66').toString('base64'),
  previousKey: Buffer.from('canary-previous-key-of-32-bytes7').toString('base64'),
};

forEachDialect('secrets', (on) => {
  test('are in no log, no metric, no answer and no database', async () => {
    await using place = await on.makePlace();
    const env = {
      ENTREPOT_ADMIN_PASSWORD: canaries.adminPassword,
      ENTREPOT_SECRET_KEY: canaries.secretKey,
      ENTREPOT_SECRET_KEYS_PREVIOUS: canaries.previousKey,
      ENTREPOT_ACCESS_LOG: 'true',
      ENTREPOT_LOG_LEVEL: 'debug',
      ...(on.kind === 'postgres'
        ? {
            ENTREPOT_DATABASE_URL:
              place.env['ENTREPOT_DATABASE_URL']?.replace('@', `:${canaries.databasePassword}@`) ?? '',
          }
        : {}),
    };
    await using registry = await startTestRegistry({ place, env });
    const id = await registry.registry.users.create({ name: 'anna', password: canaries.userPassword, admin: false });
    await registry.addProject('team');
    await registry.registry.projects.setMember('team', id, 2);
    const admin = registry.basic('admin', canaries.adminPassword);
    const anna = registry.basic('anna', canaries.userPassword);
    const answers: string[] = [];
    const keep = async (response: Response) => {
      answers.push(JSON.stringify([...response.headers]) + (await response.text()));
    };
    await registry.pushImage('team/app', 'v1', { as: anna });
    const token = (await registry.bearer(anna, 'repository:team/app:pull,push')).replace('Bearer ', '');
    for (const as of [
      admin,
      anna,
      `Bearer ${token}`,
      registry.basic('anna', canaries.wrongPassword),
      `Bearer ${token}x`,
    ]) {
      for (const [method, path] of [
        ['GET', '/v2/'],
        ['GET', '/v2/_catalog'],
        ['GET', '/v2/team/app/manifests/v1'],
        ['GET', '/v2/team/app/manifests/none'],
        ['DELETE', '/v2/team/app/manifests/none'],
        ['POST', '/v2/team/app/blobs/uploads/'],
        ['GET', '/service/token?scope=wrong'],
        ['DELETE', '/api/v2.0/projects/none'],
        ['GET', `/v2/team/app/blobs/${token.slice(0, 200)}`],
      ] as const) {
        if (path.includes('/service/token') && as !== admin) continue;
        await keep(await registry.fetch(path, { method, as }));
      }
    }
    const form = { grant_type: 'password', service: 'entrepot', username: 'anna', password: canaries.wrongPassword };
    await keep(await registry.fetch('/service/token', { method: 'POST', body: new URLSearchParams(form).toString() }));
    using broken = await openRawConnection(registry.url);
    broken.write(`GET /v2/ HTTP/1.1\r\nHost: x\r\nAuthorization: ${admin}\r\nContent-Length : 5\r\n\r\n`);
    await broken.closed(3000);
    await eventually(async () =>
      (await place.query("select id from audit where action = 'login'")).length >= 3 ? true : undefined,
    );
    const metrics = await (await registry.fetch('/metrics')).text();
    const ready = await (await registry.fetch('/readyz')).text();
    const everything = {
      logs: registry.logs(),
      metrics,
      ready,
      answers: answers.filter((text) => !text.includes('"access_token"')).join('\n'),
      broken: broken.received(),
      database: await dumpOf(place),
    };
    const secrets = [...Object.values(canaries), token, token.split('.')[2] ?? '', anna.slice(6), admin.slice(6)];
    for (const [where, text] of Object.entries(everything)) {
      for (const secret of secrets) assert.ok(!text.includes(secret), `${secret.slice(0, 24)} is in the ${where}`);
    }
    assert.ok(everything.logs.includes('/v2/_catalog'), 'the log was written');
    assert.ok(everything.database.includes('argon2id'), 'the database was read');
  });

  test('that sign tokens cannot be read out of a copy of the database', async () => {
    await using place = await on.makePlace();
    await using registry = await startTestRegistry({ place });
    await registry.bearer(registry.admin, 'repository:library/app:*');
    const found = /\\"d\\":\\"[\w-]{43}\\"/.test(await dumpOf(place));
    assert.equal(found, false, 'a private key lies in the database as it is');
    const rows = await place.query('select private_jwk from signing_key');
    assert.ok(rows.length > 0 && rows.every((row) => String(row['private_jwk']).startsWith('sealed:')));
  });
});

describe('the audit', () => {
  interface AuditRow {
    readonly action: string;
    readonly actor: string;
    readonly resource: string;
    readonly outcome: string;
    readonly address: string;
    readonly detail: string | null;
  }

  test('has one row for each change, with who, where and what', async () => {
    await using registry = await startTestRegistry({ env: { ENTREPOT_TRUSTED_PROXIES: '127.0.0.1/32' } });
    await registry.addUser('anna');
    const anna = registry.basic('anna');
    const headers = { 'content-type': 'application/json', 'x-forwarded-for': '203.0.113.9' };
    const send = (method: string, path: string, body?: string) =>
      registry.fetch(path, { method, as: anna, headers, ...(body === undefined ? {} : { body }) });
    await assertAnswer(
      await send('POST', '/api/v2.0/projects', '{"project_name":"own","metadata":{"public":"true"}}'),
      201,
    );
    const image = await registry.pushImage('own/app', 'v1', { as: anna });
    const spare = await registry.pushBlob('own/app', 'spare', anna);
    await assertAnswer(await send('GET', '/v2/own/app/manifests/v1'), 200);
    await assertAnswer(await send('DELETE', `/v2/own/app/blobs/${spare}`), 202);
    await assertAnswer(await send('DELETE', '/v2/own/app/manifests/v1'), 202);
    await assertAnswer(await send('DELETE', `/v2/own/app/manifests/${image.digest}`), 202);
    await assertAnswer(await send('DELETE', '/api/v2.0/projects/own'), 200);
    const rows = await eventually(async () => {
      const found = (await registry.query('select * from audit order by id')) as unknown as AuditRow[];
      return found.some((row) => row.action === 'pull-artifact') ? found : undefined;
    });
    const seen = rows
      .filter((row) => row.action !== 'login')
      .map((row) => `${row.action} ${row.resource} ${row.actor} ${row.outcome}`)
      .toSorted();
    assert.deepEqual(
      seen,
      [
        'create-project own anna success',
        'push-artifact own/app:v1 anna success',
        'pull-artifact own/app:v1 anna success',
        'delete-blob own/app anna success',
        'delete-artifact own/app:v1 anna success',
        'delete-artifact own/app anna success',
        'delete-project own anna success',
      ].toSorted(),
    );
    const created = rows.find((row) => row.action === 'create-project');
    assert.deepEqual(
      [created?.address, JSON.parse(created?.detail ?? '{}').after],
      ['203.0.113.9', { public: 'true' }],
    );
    assert.ok(rows.some((row) => row.action === 'login' && row.outcome === 'success'));
  });

  test('has a row for each refusal of a change', async () => {
    await using registry = await startTestRegistry();
    await registry.addProject('team');
    await registry.addUser('guest', { team: 3 });
    await registry.pushImage('team/app', 'v1');
    const guest = registry.basic('guest');
    for (const [method, path, status] of [
      ['DELETE', '/api/v2.0/projects/team', 403],
      ['DELETE', '/v2/team/app/manifests/v1', 403],
      ['PUT', '/v2/team/app/manifests/v1', 403],
    ] as const) {
      const before = await registry.query("select id from audit where outcome = 'failure'");
      const body = method === 'PUT' ? { body: '{}' } : {};
      await assertAnswer(await registry.fetch(path, { method, as: guest, ...body }), status);
      await eventually(async () => {
        const after = await registry.query("select id from audit where outcome = 'failure'");
        return after.length === before.length + 1 ? true : undefined;
      }, 1500).catch(() => assert.fail(`${method} ${path} was refused without a row`));
    }
  });

  test('has no row for a change that did not happen', async () => {
    await using registry = await startTestRegistry();
    const refused = [
      () => registry.putManifest('library/app', 'v1', 'no manifest'),
      () => registry.fetch('/v2/library/app/manifests/none', { method: 'DELETE', as: registry.admin }),
      () => registry.fetch('/api/v2.0/projects/none', { method: 'DELETE', as: registry.admin }),
    ];
    for (const ask of refused) assert.ok((await ask()).status >= 400);
    const rows = await registry.query("select * from audit where outcome = 'success' and action <> 'login'");
    assert.deepEqual(rows, []);
  });

  test('cannot be read or written by any route', async () => {
    await using registry = await startTestRegistry();
    for (const path of [
      '/api/v2.0/audit-logs',
      '/api/v2.0/audit',
      '/api/v2.0/projects/library/logs',
      '/api/v2.0/auditlog-exts',
    ]) {
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
        const response = await registry.fetch(path, { method, as: registry.admin });
        assert.ok(response.status === 404 || response.status === 405, `${method} ${path}: ${response.status}`);
      }
    }
  });
});

describe('what is open to everybody', () => {
  test('tells nothing of the inside when something is broken there', async () => {
    await using registry = await startTestRegistry();
    await registry.registry.db[Symbol.asyncDispose]();
    for (const path of ['/readyz', '/metrics', '/v2/library/app/manifests/v1', '/v2/library/app/tags/list']) {
      const response = await registry.fetch(path);
      const text = await response.text();
      assert.doesNotMatch(text, /at .*\.ts|node_modules|entrepot\.db|sqlite|driver|destroyed/i, path);
    }
  });

  test('still has the other figures when one cannot be had', async () => {
    await using registry = await startTestRegistry();
    await registry.registry.db[Symbol.asyncDispose]();
    const response = await registry.fetch('/metrics');
    assert.equal(response.status, 200);
    assert.match(await response.text(), /entrepot_process_uptime_seconds \d/);
  });

  test('is closed where metrics are for administrators', async () => {
    await using registry = await startTestRegistry({ env: { ENTREPOT_METRICS_PUBLIC: 'false' } });
    await registry.addUser('anna');
    const token = await registry.bearer(registry.admin, 'repository:library/app:*', 'registry:catalog:*');
    for (const as of [undefined, registry.basic('anna'), registry.basic('admin', 'wrong'), token, 'x']) {
      const response = await registry.fetch('/metrics', as === undefined ? {} : { as });
      assert.match(response.headers.get('www-authenticate') ?? '', /^Basic /);
      await assertAnswer(response, 401, 'UNAUTHORIZED');
    }
    assert.equal((await registry.fetch('/metrics', { as: registry.admin })).status, 200);
  });
});

const counted = await useTestRegistry();
test('metrics name routes, never what is in them', async () => {
  await counted.addProject('very-secret-name');
  await counted.pushImage('very-secret-name/hidden-app', 'hidden-tag');
  for (const path of [
    '/nowhere/very-secret-name',
    '/v2/very-secret-name/hidden-app/tags/list?last=hidden-tag',
    '/v2/UPPER',
  ]) {
    await (await counted.fetch(path, { as: counted.admin })).text();
  }
  await (
    await counted.fetch('/api/v2.0/projects?project_name=very-secret-name', { method: 'HEAD', as: counted.admin })
  ).text();
  await (await counted.fetch('/v2/', { method: 'PROPFIND' })).text();
  const text = await (await counted.fetch('/metrics')).text();
  assert.doesNotMatch(text, /secret|hidden|UPPER|PROPFIND/);
  assert.match(text, /route="\/v2\/\{name\}\/tags\/list"/);
  assert.match(text, /route="\/api/, 'the management API is counted too');
});
