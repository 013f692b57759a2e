import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { allRecords } from '@entrepot/contract/all-records';
import { type Permission, rolePermissions } from '@entrepot/contract/permissions';
import type { RouteRecord } from '@entrepot/contract/route';
import { dumpTables } from '#testing/dump-tables';
import { startReceiver } from '#testing/receiver';
import { useTestRegistry } from '#testing/test-registry';
import {
  kindByPlace,
  makeTenants,
  masked,
  missingThings,
  sampleBodies,
  sender,
  type Tenant,
  tenantEnv,
  type Things,
  wordsByPlace,
} from '#testing/two-tenants';

// Class C1: every served operation that names something by an id or a name × whose that is. What is another tenant's is
// answered as what does not exist, to the byte, and stays as it was. An operation whose parameter is in neither table of
// testing/two-tenants.ts fails here.

const receiver = await startReceiver();
after(() => receiver[Symbol.asyncDispose]());
const registry = await useTestRegistry({ env: tenantEnv });
const { a, b, stranger } = await makeTenants(registry, receiver.url);
const send = sender(registry);
const bodies = sampleBodies(a);
const mine = await makeRobotOfMine();
const before = await dumpTables(registry);

/** One that its maker may change. */
async function makeRobotOfMine(): Promise<string> {
  const made = await send('POST', '/api/v2.0/robots', {
    as: a.boss,
    body: { ...(bodies['CreateRobot'] as object), name: 'mine' },
  });
  return String(((await made.json()) as { id: number }).id);
}

const notYet = new Set(registry.registry.notYet);
const served = allRecords.filter(({ operationId }) => !notYet.has(operationId));

/** Where an operation's path has a parameter that is no project: `members/{mid}`. */
const placesOf = ({ path }: RouteRecord): string[] =>
  [...path.matchAll(/[^/]+\/\{\w+\}/g)].map(([place]) => place).filter((place) => !place.includes('{project_name'));

const namesThings = (record: RouteRecord) => placesOf(record).some((place) => place in kindByPlace);
const isInProject = ({ path }: RouteRecord) => path.includes('{project_name');

interface Question {
  readonly path: string;
  /** What of it must not tell one question from another. */
  readonly words: readonly string[];
}

/** The path with this project, and with the things of a place by turn. */
function question(record: RouteRecord, project: string, thingsAt: (index: number) => Things): Question {
  const words: string[] = [project];
  let index = 0;
  const path = record.path.replaceAll(/([^/]+)\/(\{\w+\})/g, (_, before: string, parameter: string) => {
    if (parameter.startsWith('{project_name')) return `${before}/${project}`;
    const place = `${before}/${parameter}`;
    const kind = kindByPlace[place];
    const word = kind === undefined ? (wordsByPlace[place] ?? '') : thingsAt(index)[kind];
    index += 1;
    if (kind !== undefined) words.push(word);
    return `${before}/${encodeURIComponent(word)}`;
  });
  return { path, words };
}

/** Operations whose parameter names what they make. */
const makesWhatItNames: ReadonlySet<string> = new Set(['CopyArtifact', 'reportRunning']);

const changing = new Set(['date', 'x-request-id', 'connection', 'keep-alive', 'content-length']);

async function ask(record: RouteRecord, { path, words }: Question, as: string | undefined): Promise<object> {
  const body = record.body === undefined ? {} : { body: bodies[record.operationId] };
  const query = record.operationId === 'CopyArtifact' ? `?from=pa/${a.things.repository}:${a.things.tag}` : '';
  const response = await send(record.method, path + query, { as, ...body });
  const headers = [...response.headers].filter(([name]) => !changing.has(name));
  return {
    status: response.status,
    body: masked(await response.text(), words),
    headers: headers.map(([name, value]) => `${name}: ${masked(value, words)}`),
  };
}

const statusOf = (answer: object) => (answer as { status: number }).status;

test('every parameter of every served operation is known here, and every body has a sample', () => {
  const unknown = served.flatMap((record) =>
    placesOf(record).filter((place) => !(place in kindByPlace) && !(place in wordsByPlace)),
  );
  assert.deepEqual(unknown, []);
  const without = served.filter(({ body, operationId }) => body !== undefined && !(operationId in bodies));
  assert.deepEqual(
    without.map(({ operationId }) => operationId),
    [],
  );
  for (const { operationId, body } of served) {
    if (body === undefined) continue;
    const read = body.safeParse(bodies[operationId]);
    assert.ok(read.success, `${operationId}: ${read.error?.message}`);
  }
});

describe('in a project that is not one’s own', () => {
  for (const record of served.filter(isInProject)) {
    test(`${record.operationId} is answered as where there is no project`, async () => {
      for (const as of [a.boss, a.robot, stranger]) {
        const questions = [
          question(record, b.project, () => b.things),
          question(record, b.project, () => a.things),
          question(record, 'pz', () => missingThings),
        ];
        if (record.path.includes('{project_name_or_id}')) {
          questions.push(question(record, String(b.projectId), () => b.things));
          questions.push(question(record, '999999920', () => missingThings));
        }
        const [first, ...rest] = await Promise.all(questions.map((one) => ask(record, one, as)));
        assert.ok(first);
        assert.equal(statusOf(first), record.at === 'project' ? 404 : 403, JSON.stringify(first));
        for (const answer of rest) assert.deepEqual(answer, first);
      }
    });
  }
});

const bossMay = new Set<Permission>(rolePermissions.projectAdmin);

describe('in one’s own project', () => {
  for (const record of served.filter(
    (one) => isInProject(one) && namesThings(one) && !makesWhatItNames.has(one.operationId),
  )) {
    test(`${record.operationId} finds nothing of another’s`, async () => {
      const places = placesOf(record);
      for (const as of [a.boss, a.robot]) {
        for (let from = 0; from < places.length; from++) {
          const mixed = (other: Things) => question(record, a.project, (at) => (at < from ? a.things : other));
          const foreign = await ask(record, mixed(b.things), as);
          const missing = await ask(record, mixed(missingThings), as);
          if (places.slice(from).every((place) => place in wordsByPlace)) continue;
          assert.deepEqual(foreign, missing, `from the ${from + 1}. parameter`);
          const may = as === a.boss && bossMay.has(record.permission as Permission);
          assert.ok(statusOf(foreign) === 404 || (!may && statusOf(foreign) === 403), JSON.stringify(foreign));
        }
      }
    });
    if (record.method === 'GET') {
      test(`${record.operationId} finds one’s own`, async () => {
        const answer = await ask(
          record,
          question(record, a.project, () => a.things),
          a.boss,
        );
        assert.equal(
          statusOf(answer),
          bossMay.has(record.permission as Permission) ? 200 : 403,
          JSON.stringify(answer),
        );
      });
    }
  }
});

describe('beside the projects', () => {
  for (const record of served.filter((one) => !isInProject(one) && namesThings(one))) {
    test(`${record.operationId} does not tell what there is`, async () => {
      for (const as of [a.boss, a.dev, a.robot, stranger, undefined]) {
        const foreign = await ask(
          record,
          question(record, '', () => b.things),
          as,
        );
        const missing = await ask(
          record,
          question(record, '', () => missingThings),
          as,
        );
        assert.deepEqual(foreign, missing);
        const wanted = as === undefined ? [401] : [403, 404];
        assert.ok(wanted.includes(statusOf(foreign)), JSON.stringify(foreign));
      }
    });
  }
});

test('nothing was changed by any of that', async () => {
  assert.deepEqual(await dumpTables(registry), before);
});

/** What is of a tenant in a dump, as far as its rows say so. */
const ofTenant = (dump: Awaited<ReturnType<typeof dumpTables>>, tenant: Tenant) =>
  Object.fromEntries(
    Object.entries(dump).map(([table, rows]) => [
      table,
      rows.filter((row) => {
        const { project_id: inProject, name } = JSON.parse(row) as { project_id?: number; name?: string };
        return inProject === tenant.projectId || (table === 'project' && name === tenant.project);
      }),
    ]),
  );

describe('a body or a query that names what is another’s', () => {
  const artifact = `/api/v2.0/projects/pa/repositories/${a.things.repository}/artifacts/${a.image}`;
  const access = [{ resource: 'repository', action: 'pull' }];
  const inProject = (namespace: string, name = 'reaching') => ({
    name,
    level: 'project',
    duration: 1,
    permissions: [{ kind: 'project', namespace, access }],
  });
  const extra = '/api/entrepot/v1/projects/pa';
  const robotName = (tenant: string) => encodeURIComponent(`robot$${tenant}+all`);
  const policy = (more: object) => ({
    name: 'reaching',
    enabled: true,
    event_types: ['PUSH_ARTIFACT'],
    targets: [{ type: 'http', address: receiver.url }],
    ...more,
  });
  type Asked = readonly [method: string, path: string, body?: unknown];
  const cases: readonly (readonly [string, (other: Things, project: string, projectId: number) => Asked])[] = [
    ['a label', (other) => ['POST', `${artifact}/labels`, { id: Number(other.label) }]],
    ['a project for a label', (_, __, id) => ['POST', '/api/v2.0/labels', { name: 'x', scope: 'p', project_id: id }]],
    ['the labels of a project', (_, __, id) => ['GET', `/api/v2.0/labels?scope=p&project_id=${id}`]],
    ['a project for a robot', (_, project) => ['POST', '/api/v2.0/robots', inProject(project)]],
    [
      'a project for one’s robot',
      (_, project) => ['PUT', `/api/v2.0/robots/${mine}`, inProject(project, 'robot$pa+mine')],
    ],
    ['the robots of a project', (_, __, id) => ['GET', `/api/v2.0/robots?q=Level=project,ProjectID=${id}`]],
    [
      'a project in the access of a robot',
      (_, __, id) => [
        'POST',
        '/api/v2.0/projects/pa/robots',
        { name: 'reach', access: [{ resource: `/project/${id}/repository`, action: 'pull' }] },
      ],
    ],
    [
      'an image to copy',
      (other, project) => [
        'POST',
        `/api/v2.0/projects/pa/repositories/copied/artifacts?from=${project}/${other.repository}@${other.reference}`,
      ],
    ],
    [
      'an image to copy by its tag',
      (other, project) => [
        'POST',
        `/api/v2.0/projects/pa/repositories/copied/artifacts?from=${project}/${other.repository}:${other.tag}`,
      ],
    ],
    [
      'a robot for a workload',
      (other) => [
        'POST',
        `${extra}/workload-identities`,
        { ...(sampleBodies(a)['createProjectWorkloadIdentity'] as object), robot_id: Number(other.robot) },
      ],
    ],
    [
      'a robot for one’s workload',
      (other) => ['PATCH', `${extra}/workload-identities/${a.things.workload}`, { robot_id: Number(other.robot) }],
    ],
    ['the deliveries of a webhook', (other) => ['GET', `/api/v2.0/projects/pa/webhook/jobs?policy_id=${other.policy}`]],
    [
      'a robot to explain',
      (_, project) => ['GET', `${extra}/permissions/explain?permission=repository:pull&robot=${robotName(project)}`],
    ],
    [
      'a repository to explain',
      (other) => ['GET', `${extra}/permissions/explain?permission=repository:pull&repository=${other.repository}`],
    ],
    [
      'the permissions in a project',
      (_, __, id) => ['GET', `/api/v2.0/users/current/permissions?scope=/project/${id}`],
    ],
    ['the artifacts of a label', (other) => ['GET', `${artifact.replace(/\/sha256.*/, '')}?q=labels=(${other.label})`]],
    ['a project to search', (_, project) => ['GET', `/api/v2.0/search?q=${project}`]],
    ['a project among repositories', (_, __, id) => ['GET', `/api/v2.0/repositories?q=project_id=${id}`]],
    ['a project in a log', (_, project) => ['GET', `/api/v2.0/audit-logs?q=resource=~${project}`]],
    ['a project in an audit', (_, project) => ['GET', `/api/entrepot/v1/audit?q=resource=~${project}`]],
    ['a project by its owner', (_, project) => ['GET', `/api/v2.0/projects?name=${project}`]],
    [
      'a project for a retention policy',
      (_, __, id) => ['POST', '/api/v2.0/retentions', { rules: [], scope: { level: 'project', ref: id } }],
    ],
    ['a quota', (_, __, id) => ['GET', `/api/v2.0/quotas?reference=project&reference_id=${id}`]],
  ];

  for (const [what, make] of cases) {
    test(`(${what}) is answered as for what does not exist`, async () => {
      const rows = ofTenant(await dumpTables(registry), b);
      for (const as of [a.boss, a.robot]) {
        const answer = async (other: Things, project: string, projectId: number) => {
          const [method, path, body] = make(other, project, projectId);
          const response = await send(method, path, { as, body });
          const words = [project, String(projectId), ...Object.values(other), ...Object.values(a.things), mine];
          const text = masked(await response.text(), words);
          assert.ok(response.status < 500, text);
          return { status: response.status, text, total: response.headers.get('x-total-count') };
        };
        const foreign = await answer(b.things, b.project, b.projectId);
        const missing = await answer(missingThings, 'pz', 999_999_920);
        assert.deepEqual(foreign, missing);
        assert.ok(foreign.status >= 400 || foreign.text.length < 700, foreign.text);
        if (!make(b.things, b.project, b.projectId)[0].startsWith('G')) assert.ok(foreign.status >= 400, foreign.text);
      }
      assert.deepEqual(ofTenant(await dumpTables(registry), b), rows);
    });
  }

  test('(the project of a webhook) is not where the webhook goes', async () => {
    const rows = ofTenant(await dumpTables(registry), b);
    for (const more of [{ project_id: b.projectId }, { id: Number(b.things.policy), project_id: b.projectId }]) {
      const made = await send('POST', '/api/v2.0/projects/pa/webhook/policies', { as: a.boss, body: policy(more) });
      assert.ok([201, 400, 409].includes(made.status), await made.text());
      const path = `/api/v2.0/projects/pa/webhook/policies/${a.things.policy}`;
      const changed = await send('PUT', path, { as: a.boss, body: policy({ ...more, name: 'hook-pa' }) });
      assert.ok([200, 400, 409].includes(changed.status), await changed.text());
    }
    assert.deepEqual(ofTenant(await dumpTables(registry), b), rows);
  });
});
