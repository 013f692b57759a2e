import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { RouteRecord } from '@entrepot/contract/route';
import { digestOf, useTestRegistry } from '#testing/test-registry';

// Every route × everybody × {own, foreign, missing}: what each gets. A route without a row here fails this file.

const registry = await useTestRegistry({ env: { ENTREPOT_AUTH_LOGIN_ATTEMPTS: '1000000' } });
const ids = { own: await registry.addProject('own'), foreign: await registry.addProject('foreign') };
await registry.addUser('owner', { own: 1 });
await registry.addUser('maintainer', { own: 4 });
await registry.addUser('developer', { own: 2 });
await registry.addUser('guest', { own: 3 });
await registry.addUser('limited', { own: 5 });
await registry.addUser('neighbour', { foreign: 4 });
await registry.addUser('stranger');
await registry.registry.users.setDisabled(await registry.addUser('disabled', { own: 1, foreign: 1 }), true);

const whereabouts = ['own', 'foreign', 'missing'] as const;
type Where = (typeof whereabouts)[number];

const config = '{}';
const digest = digestOf(config);
for (const project of ['own', 'foreign']) await registry.pushImage(`${project}/app`, 'v1');
for (const project of ['own', 'foreign']) await registry.pushBlob(`${project}/app`, config);

const scope = (actions: string) => whereabouts.map((where) => `repository:${where}/app:${actions}`);
const actors = {
  nobody: undefined,
  admin: registry.admin,
  owner: registry.basic('owner'),
  maintainer: registry.basic('maintainer'),
  developer: registry.basic('developer'),
  guest: registry.basic('guest'),
  limited: registry.basic('limited'),
  neighbour: registry.basic('neighbour'),
  stranger: registry.basic('stranger'),
  disabled: registry.basic('disabled'),
  // Of an account that may do both, and would like to everywhere.
  pullToken: await registry.bearer(registry.basic('maintainer'), ...scope('pull')),
  pushToken: await registry.bearer(registry.basic('maintainer'), ...scope('pull,push')),
  nobodysToken: await registry.bearer(undefined, ...scope('pull,push,delete')),
} as const;
type ActorName = keyof typeof actors;

type Verdict = 'yes' | 401 | 403 | 404;

const everybody = (verdict: Verdict): Record<ActorName, Verdict> =>
  Object.fromEntries(Object.keys(actors).map((name) => [name, verdict])) as Record<ActorName, Verdict>;

const outsiders = { nobody: 401, disabled: 401, nobodysToken: 401 } as const;
const tokens = { pullToken: 401, pushToken: 401 } as const;

/** In a project that is somebody else's, and in none: alike, but for those who may see all. */
const elsewhere = { ...everybody(404), ...outsiders, ...tokens };
const readAnd = (own: Partial<Record<ActorName, Verdict>>): Record<Where, Record<ActorName, Verdict>> => ({
  own: { ...everybody('yes'), ...outsiders, neighbour: 404, stranger: 404, ...own },
  foreign: { ...elsewhere, admin: 'yes', neighbour: 'yes' },
  missing: elsewhere,
});
const everywhere = (verdicts: Record<ActorName, Verdict>): Record<Where, Record<ActorName, Verdict>> => ({
  own: verdicts,
  foreign: verdicts,
  missing: verdicts,
});

/** What each may, by the permission of the route. */
const byPermission: Readonly<Record<string, Record<Where, Record<ActorName, Verdict>>>> = {
  'repository:pull': readAnd({}),
  'tag:list': readAnd({}),
  'repository:push': readAnd({ guest: 403, limited: 403, pullToken: 401 }),
  'artifact:delete': readAnd({ developer: 403, guest: 403, limited: 403, ...tokens }),
  'catalog:read': everywhere({ ...everybody('yes'), ...outsiders, ...tokens }),
  authenticated: everywhere({ ...everybody('yes'), nobody: 401, disabled: 401 }),
};

const managers = { nobody: 401, disabled: 401, pullToken: 403, pushToken: 403, nobodysToken: 403 } as const;
const notMine = { ...everybody(404), ...managers };

/** The management API names what it needs by operation: its handlers look at the project themselves. */
const byOperation: Readonly<Record<string, Record<Where, Record<ActorName, Verdict>>>> = {
  createProject: everywhere({ ...everybody('yes'), ...managers }),
  headProject: {
    own: { ...everybody('yes'), neighbour: 404, stranger: 404, ...managers },
    foreign: { ...notMine, admin: 'yes', neighbour: 'yes' },
    missing: notMine,
  },
  deleteProject: {
    own: { ...everybody(403), admin: 'yes', owner: 'yes', neighbour: 404, stranger: 404, ...managers },
    foreign: { ...notMine, admin: 'yes', neighbour: 403 },
    missing: notMine,
  },
};

const open = everywhere({ ...everybody('yes'), disabled: 'yes' });
const credentialsNeeded = everywhere({
  ...everybody('yes'),
  disabled: 401,
  pullToken: 401,
  pushToken: 401,
  nobodysToken: 401,
});

/** Paths that are answered raw, beside the distribution API. */
const fixed: Readonly<Record<string, { verdicts: Record<Where, Record<ActorName, Verdict>>; path: string }>> = {
  'GET /healthz': { verdicts: open, path: '/healthz' },
  'GET /readyz': { verdicts: open, path: '/readyz' },
  'GET /metrics': { verdicts: open, path: '/metrics' },
  'GET /api/docs': { verdicts: open, path: '/api/docs' },
  'GET /api/docs/openapi.json': { verdicts: open, path: '/api/docs/openapi.json' },
  'GET /api/docs/style.css': { verdicts: open, path: '/api/docs/style.css' },
  'GET /service/token': { verdicts: credentialsNeeded, path: '/service/token?service=entrepot' },
};

interface Asked {
  readonly path: (where: Where) => string;
  readonly body?: () => string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The answer that says the asker was let in, chosen so that nothing changes: status and code of the error, if one. */
  readonly letIn: readonly [number, string?];
}

const app = (where: Where) => `/v2/${where}/app`;
const upload = (where: Where) => `${app(where)}/blobs/uploads/${crypto.randomUUID()}`;

/** How each route of the distribution API is asked, by method and kind of path. */
const questions: Readonly<Record<string, Asked>> = {
  'GET base': { path: () => '/v2/', letIn: [200] },
  'HEAD base': { path: () => '/v2/', letIn: [200] },
  'GET catalog': { path: () => '/v2/_catalog', letIn: [200] },
  'GET extensions': { path: () => '/v2/_oci/ext/discover', letIn: [200] },
  'GET tags': { path: (where) => `${app(where)}/tags/list`, letIn: [200] },
  'GET referrers': { path: (where) => `${app(where)}/referrers/${digest}`, letIn: [200] },
  'GET manifest': { path: (where) => `${app(where)}/manifests/v1`, letIn: [200] },
  'HEAD manifest': { path: (where) => `${app(where)}/manifests/v1`, letIn: [200] },
  'PUT manifest': {
    path: (where) => `${app(where)}/manifests/v2`,
    body: () => 'none',
    letIn: [400, 'MANIFEST_INVALID'],
  },
  'DELETE manifest': { path: (where) => `${app(where)}/manifests/none`, letIn: [404, 'MANIFEST_UNKNOWN'] },
  'GET blob': { path: (where) => `${app(where)}/blobs/${digest}`, letIn: [200] },
  'HEAD blob': { path: (where) => `${app(where)}/blobs/${digest}`, letIn: [200] },
  'DELETE blob': { path: (where) => `${app(where)}/blobs/${digestOf('none')}`, letIn: [404, 'BLOB_UNKNOWN'] },
  'POST uploads': { path: (where) => `${app(where)}/blobs/uploads/`, letIn: [202] },
  'GET upload': { path: upload, letIn: [404, 'BLOB_UPLOAD_UNKNOWN'] },
  'PATCH upload': { path: upload, body: () => 'x', letIn: [404, 'BLOB_UPLOAD_UNKNOWN'] },
  'PUT upload': {
    path: (where) => `${upload(where)}?digest=${digest}`,
    body: () => config,
    letIn: [404, 'BLOB_UPLOAD_UNKNOWN'],
  },
  'DELETE upload': { path: upload, letIn: [404, 'BLOB_UPLOAD_UNKNOWN'] },
};

const json = { 'content-type': 'application/json' };

/** How each operation of the management API is asked; several ways to name the same thing are several questions. */
const managedQuestions: Readonly<Record<string, readonly Asked[]>> = {
  createProject: [
    {
      path: () => '/api/v2.0/projects',
      headers: json,
      body: () => JSON.stringify({ project_name: `made-${crypto.randomUUID()}` }),
      letIn: [201],
    },
  ],
  headProject: [{ path: (where) => `/api/v2.0/projects?project_name=${where}`, letIn: [200] }],
  deleteProject: [
    { path: (where) => `/api/v2.0/projects/${where}`, letIn: [412, 'PRECONDITION'] },
    {
      path: (where) => `/api/v2.0/projects/${where}`,
      headers: { 'x-is-resource-name': 'true' },
      letIn: [412, 'PRECONDITION'],
    },
    { path: (where) => `/api/v2.0/projects/${where === 'missing' ? 4711 : ids[where]}`, letIn: [412, 'PRECONDITION'] },
  ],
};

async function outcomeOf(method: string, asked: Asked, where: Where, as: string | undefined): Promise<number | string> {
  const response = await registry.fetch(asked.path(where), {
    method,
    ...(as === undefined ? {} : { as }),
    ...(asked.body === undefined ? {} : { body: asked.body() }),
    ...(asked.headers === undefined ? {} : { headers: asked.headers }),
  });
  const text = await response.text();
  const { status } = response;
  const isError = status >= 400 && method !== 'HEAD' && text !== '';
  const code = isError ? (JSON.parse(text) as { errors: { code: string }[] }).errors[0]?.code : undefined;
  if (status === asked.letIn[0] && code === asked.letIn[1]) return 'yes';
  const told = `${status} ${code ?? ''} ${text.slice(0, 120)}`;
  if (status === 401) return response.headers.has('www-authenticate') ? 401 : `${told} without a challenge`;
  if (status === 403) return code === undefined || code === 'DENIED' || code === 'FORBIDDEN' ? 403 : told;
  if (status === 404) return code === undefined || code === 'NAME_UNKNOWN' || code === 'NOT_FOUND' ? 404 : told;
  return told;
}

async function assertRow(method: string, asked: Asked, row: Record<Where, Record<ActorName, Verdict>>): Promise<void> {
  const wrong: string[] = [];
  for (const where of whereabouts) {
    for (const [name, as] of Object.entries(actors)) {
      const wanted = row[where][name as ActorName];
      const outcome = await outcomeOf(method, asked, where, as);
      if (outcome !== wanted) wrong.push(`${name} at ${where}: ${outcome}, not ${wanted}`);
    }
  }
  assert.deepEqual(wrong, []);
}

for (const route of registry.registry.distributionRoutes) {
  test(`${route.method} ${route.template} gives each what the table says`, async () => {
    const asked = questions[`${route.method} ${route.kind}`];
    const row = byPermission[route.permission];
    assert.ok(asked !== undefined, 'the table does not know how this route is asked');
    assert.ok(row !== undefined, `the table does not know who may ${route.permission}`);
    await assertRow(route.method, asked, row);
  });
}

/** Every record of the contract, whichever file it is in. */
async function listRecords(): Promise<RouteRecord[]> {
  const folder = fileURLToPath(new URL('.', import.meta.resolve('@entrepot/contract/route')));
  const files = (await readdir(folder, { recursive: true })).filter((path) => /(?<!\.test)\.ts$/.test(path));
  const modules = await Promise.all(
    files.map((path) => import(`@entrepot/contract/${path.replace(/\.ts$/, '')}`) as Promise<Record<string, unknown>>),
  );
  return modules.flatMap((exported) =>
    Object.values(exported).filter(
      (value): value is RouteRecord => typeof value === 'object' && value !== null && 'operationId' in value,
    ),
  );
}

// Whom the record of an operation refuses, each of them, is asked in refusals.test.ts. Here are those whose handlers look
// at the project themselves, and more ways to name one.
const records = (await listRecords()).filter(({ operationId }) => operationId in byOperation);
for (const record of records) {
  test(`${record.operationId} gives each what the table says`, async () => {
    const asked = managedQuestions[record.operationId];
    const row = byOperation[record.operationId];
    assert.ok(asked !== undefined, 'the table does not know how this operation is asked');
    assert.ok(row !== undefined, 'the table does not know who may do this');
    for (const question of asked) await assertRow(record.method, question, row);
  });
}

for (const [name, { verdicts, path }] of Object.entries(fixed)) {
  test(`${name} gives each what the table says`, () =>
    assertRow(name.split(' ')[0] ?? 'GET', { path: () => path, letIn: [200] }, verdicts));
}

test('the table has no row for what is not there', () => {
  const routes = registry.registry.distributionRoutes.map(({ method, kind }) => `${method} ${kind}`);
  assert.deepEqual(Object.keys(questions).toSorted(), routes.toSorted());
  const permissions = new Set(registry.registry.distributionRoutes.map((route) => route.permission as string));
  assert.deepEqual(Object.keys(byPermission).toSorted(), [...permissions].toSorted());
  const operations = records.map(({ operationId }) => operationId).toSorted();
  assert.deepEqual(Object.keys(byOperation).toSorted(), operations);
  assert.deepEqual(Object.keys(managedQuestions).toSorted(), operations);
});

test('every other method on these paths is refused', async () => {
  const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'];
  const known = new Set(registry.registry.distributionRoutes.map(({ method, kind }) => `${method} ${kind}`));
  for (const [name, asked] of Object.entries(questions)) {
    const kind = name.split(' ')[1] ?? '';
    for (const method of methods.filter((verb) => verb !== 'TRACE' && !known.has(`${verb} ${kind}`))) {
      const response = await registry.fetch(asked.path('own'), { method, as: registry.admin });
      await response.text();
      assert.equal(response.status, 405, `${method} ${asked.path('own')}`);
    }
  }
});

test('after all this nothing was changed', async () => {
  const tags = await registry.query('select name from tag');
  assert.deepEqual(new Set(tags.map((row) => row['name'])), new Set(['v1']));
  assert.equal((await registry.query("select id from project where name in ('own', 'foreign')")).length, 2);
});
