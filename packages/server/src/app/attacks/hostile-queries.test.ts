import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { allRecords } from '@entrepot/contract/all-records';
import type { RouteRecord } from '@entrepot/contract/route';
import { forEachDialect } from '#testing/databases';
import { startReceiver } from '#testing/receiver';
import { startTestRegistry, type TestRegistry } from '#testing/test-registry';
import { kindByPlace, makeTenants, type Tenant, tenantEnv, wordsByPlace } from '#testing/two-tenants';

// Class C7 for every served operation with a query: each of its parameters × hostile words, each list × conditions and
// orders, on columns that are offered and on those that are nobody's. What comes back is a refusal or a bounded list.

const receiver = await startReceiver();
after(() => receiver[Symbol.asyncDispose]());

const hostileWords = [
  "' or '1'='1",
  "'; drop table tag; --",
  '(select password from user_account)',
  '$1',
  '%',
  '\\',
  '\0',
  '\ud800',
  '../../etc/passwd',
  'x'.repeat(300),
  '-1',
  '0',
  '1e9',
  '99999999999999999999999999',
  '9223372036854775808',
  'NaN',
  'true',
  '*',
  '__proto__',
];

/** What a condition may be about, as far as anybody could guess: columns of every table, and of answers. */
const columns = [
  'id',
  'name',
  'username',
  'email',
  'realname',
  'project_id',
  'repository_id',
  'repository_name',
  'owner_id',
  'creation_time',
  'update_time',
  'op_time',
  'time',
  'push_time',
  'pull_time',
  'operation',
  'resource',
  'resource_type',
  'digest',
  'media_type',
  'type',
  'tags',
  'labels',
  'size',
  'status',
  'public',
  'level',
  'enabled',
  'disabled',
  'expires_at',
  'description',
  'url',
  'policy_id',
  'trigger',
  'artifact_id',
  'robot_id',
  'issuer',
  'sysadmin_flag',
  'user_id',
];

const secretColumns = [
  'password',
  'salt',
  'secret',
  'hash',
  'secret_hash',
  'previous_hash',
  'token',
  'token_hash',
  'access_secret',
  'credential',
  'private_jwk',
  'sealed',
  'cli_secret',
  'refresh_token',
  'provider_token',
  'auth_header',
  'signing_secret',
  'generation',
  'jwks',
  'rowid',
  'ctid',
  'user_account.password',
  'robot.secret_hash',
  'constructor',
  '__proto__',
  'toString',
];

const conditionsOn = (field: string) => [
  `${field}=1`,
  `${field}=' or 1=1 --`,
  `${field}=99999999999999999999999`,
  `${field}=-9223372036854775809`,
  `${field}=1e400`,
  `${field}=2026-13-45`,
  `${field}=~%`,
  `${field}=~'; drop table tag; --`,
  `${field}=~\\`,
  `${field}=[1~2]`,
  `${field}=[2026-99-99~x]`,
  `${field}=[~]`,
  `${field}={1 2 x}`,
  `${field}=(1 'x' "y")`,
  `${field}=\\~x`,
  `${field}=a\0b`,
  `${field}=~a\0b`,
  `${field}=[a\0b~c]`,
  `${field}=\ud800`,
];

const malformed = [
  '=',
  '=x',
  'x',
  ',',
  ',,,',
  'a=b,a=c',
  'id=',
  'id=[',
  'id={',
  'id=(',
  'a==b',
  '%',
  '%zz',
  'id=[1~2~3]',
];
const orders = [
  ';select',
  '-id,(select 1)',
  'id;drop table tag',
  '-',
  '--id',
  'id desc',
  'id,id,id,id,id,id',
  '1',
  '\0',
];

/** What asking goes out of the house for, or is no question. */
const isQuestion = ({ method, operationId }: RouteRecord) =>
  (method === 'GET' || method === 'HEAD') && operationId !== 'getRegistryInfo';

function pathIn(record: RouteRecord, { project, things }: Tenant): string {
  return record.path.replaceAll(/([^/]+)\/(\{\w+\})/g, (_, before: string, parameter: string) => {
    if (parameter.startsWith('{project_name')) return `${before}/${project}`;
    const kind = kindByPlace[`${before}/${parameter}`];
    return `${before}/${kind === undefined ? wordsByPlace[`${before}/${parameter}`] : things[kind]}`;
  });
}

/** So many requests at a time. */
async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (const item of rest) await work(item);
    }),
  );
}

async function ask(registry: TestRegistry, record: RouteRecord, path: string, query: readonly (readonly string[])[]) {
  const encoded = query.map(
    ([name = '', value = '']) => `${encodeURIComponent(name)}=${encodeURIComponent(value.toWellFormed())}`,
  );
  const response = await registry.fetch(`${path}?${encoded.join('&')}`, { method: record.method, as: registry.admin });
  const text = await response.text();
  const what = `${record.method} ${path}?${encoded.join('&').slice(0, 200)}: ${response.status} ${text.slice(0, 300)}`;
  return { status: response.status, text, what };
}

forEachDialect('of every served operation with a query', (on) => {
  const stack = new AsyncDisposableStack();
  after(() => stack.disposeAsync());
  let scene: Promise<{ registry: TestRegistry; tenant: Tenant; asked: RouteRecord[] }> | undefined;
  const open = () =>
    (scene ??= (async () => {
      const place = stack.use(await on.makePlace());
      const registry = stack.use(await startTestRegistry({ place, env: tenantEnv }));
      const { a: tenant } = await makeTenants(registry, receiver.url);
      const notYet = new Set(registry.registry.notYet);
      const asked = allRecords.filter(
        (record) => !notYet.has(record.operationId) && isQuestion(record) && record.query !== undefined,
      );
      return { registry, tenant, asked };
    })());
  const lists = (asked: readonly RouteRecord[], parameter: string) =>
    asked.filter(({ query }) => parameter in (query?.shape ?? {}));

  test('no parameter is taken for more than a word', async () => {
    const { registry, tenant, asked } = await open();
    assert.ok(asked.length > 40);
    const questions = asked.flatMap((record) =>
      Object.keys(record.query?.shape ?? {}).flatMap((name) => hostileWords.map((word) => ({ record, name, word }))),
    );
    await eachOf(questions, async ({ record, name, word }) => {
      const { status, text, what } = await ask(registry, record, pathIn(record, tenant), [[name, word]]);
      assert.ok([200, 400, 404, 412].includes(status), what);
      assert.doesNotMatch(text, /argon2|sqlite|syntax error|relation "/i, what);
      if (status === 200 && text.startsWith('[')) assert.ok((JSON.parse(text) as unknown[]).length <= 1000, what);
    });
  });

  test('pages have a size, and an end', async () => {
    const { registry, tenant, asked } = await open();
    const questions = lists(asked, 'page_size').flatMap((record) =>
      ['101', '1000', '1e9', '2147483647', '-2', '1.5', '0x10', ' ', '10 '].map((size) => ({ record, size })),
    );
    await eachOf(questions, async ({ record, size }) => {
      const path = pathIn(record, tenant);
      const { status, what } = await ask(registry, record, path, [['page_size', size]]);
      assert.equal(status, 400, what);
      for (const page of ['2147483647', '1000000']) {
        const far = await ask(registry, record, path, [
          ['page', page],
          ['page_size', '100'],
        ]);
        assert.ok(far.status === 200 || far.status === 400 || far.status === 404, far.what);
        const entries: unknown = far.status === 200 ? JSON.parse(far.text) : [];
        if (Array.isArray(entries)) assert.equal(entries.length, 0, far.what);
      }
    });
  });

  test('a filter or an order is on what is offered, and with values as values', async () => {
    const { registry, tenant, asked } = await open();
    const filtered = lists(asked, 'q').filter(({ operationId }) => operationId !== 'search');
    assert.ok(filtered.length > 15);
    const pairs = filtered.flatMap((record) => columns.map((field) => ({ record, field })));
    let offered = 0;
    await eachOf(pairs, async ({ record, field }) => {
      const path = pathIn(record, tenant);
      const probe = await ask(registry, record, path, [['q', `${field}=x`]]);
      if (probe.status !== 200 && /there is no/.test(probe.text)) return;
      offered += 1;
      for (const q of conditionsOn(field)) {
        const { status, what } = await ask(registry, record, path, [['q', q]]);
        assert.ok(status === 200 || status === 400, what);
      }
      for (const sort of [field, `-${field}`, `${field},-${field}`]) {
        const { status, what } = await ask(registry, record, path, [['sort', sort]]);
        assert.ok(status === 200 || status === 400, what);
      }
    });
    assert.ok(offered > 40, `${offered} columns of lists are offered`);
    const odd = filtered.flatMap((record) => [
      ...malformed.map((q) => ({ record, query: ['q', q] })),
      ...orders.map((sort) => ({ record, query: ['sort', sort] })),
    ]);
    await eachOf(odd, async ({ record, query }) => {
      const { status, what } = await ask(registry, record, pathIn(record, tenant), [query]);
      assert.ok(status === 200 || status === 400, what);
    });
  });

  test('what is secret, or nobody’s to know, is no column of a filter or an order', async () => {
    const { registry, tenant, asked } = await open();
    const questions = lists(asked, 'q')
      .filter(({ operationId }) => operationId !== 'search')
      .flatMap((record) => secretColumns.map((column) => ({ record, column })));
    await eachOf(questions, async ({ record, column }) => {
      const path = pathIn(record, tenant);
      for (const q of [`${column}=x`, `${column}=~$argon2`, `${column}=[a~z]`, `${column}={a b}`]) {
        const { status, what } = await ask(registry, record, path, [['q', q]]);
        assert.equal(status, 400, what);
      }
      for (const sort of [column, `-${column}`]) {
        const { status, what } = await ask(registry, record, path, [['sort', sort]]);
        assert.equal(status, 400, what);
      }
    });
  });

  test('nothing went wrong in the server, and nothing was dropped', async () => {
    const { registry } = await open();
    assert.equal((await registry.query('select name from tag')).length, 4);
    assert.doesNotMatch(registry.logs(), /"level":"error"/);
  });
});
