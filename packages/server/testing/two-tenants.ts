import { immutableRuleBody, retentionBody, workloadBody } from '#testing/example-bodies';
import assert from 'node:assert/strict';
import { grantableInProject } from '@entrepot/contract/permissions';
import { eventually } from '#testing/test-clock';
import { digestOf, type TestRegistry, testPassword } from '#testing/test-registry';

/** What there is one of in each tenant, and what the registry has one of. */
export type ThingKind =
  | 'member'
  | 'robot'
  | 'label'
  | 'policy'
  | 'execution'
  | 'task'
  | 'repositoryMember'
  | 'workload'
  | 'session'
  | 'user'
  | 'quota'
  | 'repository'
  | 'reference'
  | 'tag'
  | 'deletion'
  | 'immutableRule'
  | 'retention'
  | 'retentionRun'
  | 'retentionTask'
  | 'cluster'
  | 'registry'
  | 'group'
  | 'groupMember'
  | 'role'
  | 'systemMember'
  | 'job';

export type Things = Readonly<Record<ThingKind, string>>;

export interface Tenant {
  readonly project: string;
  readonly projectId: number;
  /** Authorization of its project administrator, of a developer, and of a robot that may all that a robot may there. */
  readonly boss: string;
  readonly dev: string;
  readonly robot: string;
  readonly robotName: string;
  readonly robotSecret: string;
  /** The value of a Cookie header. */
  readonly cookie: string;
  /** Of an image, a label on it and an accessory of it. */
  readonly image: string;
  readonly things: Things;
}

/** Ids and names of the same form that nothing has. */
export const missingThings: Things = {
  member: '999999901',
  robot: '999999902',
  label: '999999903',
  policy: '999999904',
  execution: '999999905',
  task: '999999906',
  repositoryMember: '999999907',
  workload: '999999908',
  session: 'AAAAAAAAAAAAAAAAAAAAAA',
  user: '999999909',
  quota: '999999910',
  repository: 'not-there',
  reference: digestOf('nobody has this'),
  tag: 'no-such-tag',
  deletion: '999999923',
  immutableRule: '999999931',
  retention: '999999932',
  retentionRun: '999999933',
  retentionTask: '999999934',
  cluster: 'no-such-cluster',
  registry: '999999911',
  group: '999999912',
  groupMember: '999999913',
  role: '999999914',
  systemMember: '999999915',
  job: 'AAAAAAAAAAAAAAAAAAAAAB',
};

/** Which kind a parameter in a path is, by the segment before it and its name. */
export const kindByPlace: Readonly<Record<string, ThingKind>> = {
  'members/{mid}': 'member',
  'robots/{robot_id}': 'robot',
  'labels/{label_id}': 'label',
  'policies/{webhook_policy_id}': 'policy',
  'executions/{execution_id}': 'execution',
  'tasks/{task_id}': 'task',
  'deliveries/{delivery_id}': 'task',
  'repository-members/{member_id}': 'repositoryMember',
  'workload-identities/{workload_identity_id}': 'workload',
  'sessions/{session_id}': 'session',
  'users/{user_id}': 'user',
  'quotas/{id}': 'quota',
  'repositories/{repository_name}': 'repository',
  'artifacts/{reference}': 'reference',
  'tags/{tag_name}': 'tag',
  'deletions/{deletion_id}': 'deletion',
  'immutabletagrules/{immutable_rule_id}': 'immutableRule',
  'retentions/{id}': 'retention',
  'executions/{eid}': 'retentionRun',
  'tasks/{tid}': 'retentionTask',
  'running/{cluster}': 'cluster',
  'registries/{id}': 'registry',
  'groups/{group_id}': 'group',
  'usergroups/{group_id}': 'group',
  'members/{user_id}': 'groupMember',
  'roles/{role_id}': 'role',
  'system-members/{member_id}': 'systemMember',
  'jobs/{job_id}': 'job',
};

/** Parameters that are words of a list that everybody knows, or name what is everybody's. */
export const wordsByPlace: Readonly<Record<string, string>> = {
  'metadatas/{meta_name}': 'auto_scan',
  'additions/{addition}': 'build_history',
  'schedules/{job_type}': 'all',
  'queues/{job_type}': 'webhook',
  'pools/{pool_id}': 'all',
  'icons/{digest}': digestOf('no icon'),
  'purgeaudit/{purge_id}': '999999921',
  'schedules/{schedule_id}': '999999922',
  'gc/{gc_id}': '999999924',
};

export type Send = (
  method: string,
  path: string,
  sent?: { as?: string | undefined; body?: unknown },
) => Promise<Response>;

/** Asks with a body of JSON. */
export function sender(registry: TestRegistry): Send {
  return (method, path, { as, body } = {}) =>
    registry.fetch(path, {
      method,
      ...(as === undefined ? {} : { as }),
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
}

/** A text without words of the question that it repeats. Whole words only: an id may be a single digit. */
export function masked(text: string, words: readonly string[]): string {
  const asked = words.filter((word) => word !== '').toSorted((one, other) => other.length - one.length);
  return asked.reduce(
    (rest, word) => rest.replaceAll(new RegExp(`(?<![\\w-])${RegExp.escape(word)}(?![\\w-])`, 'g'), '…'),
    text,
  );
}

/** Signs in with the form; answers with the cookie. */
export async function signInByForm(registry: TestRegistry, name: string): Promise<string> {
  const body = new URLSearchParams({ principal: name, password: testPassword });
  const response = await registry.fetch('/c/login', { method: 'POST', body });
  assert.equal(response.status, 200, await response.text());
  return (response.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '';
}

/** What a registry is started with for tenants: webhooks reach the test, and sign-ins are not counted. */
export const tenantEnv = { ENTREPOT_OUTBOUND_ALLOW: '127.0.0.1', ENTREPOT_AUTH_LOGIN_ATTEMPTS: '1000000' };

/** Two projects, `pa` and `pb`, with one of everything in each, and one of what the registry has. Webhooks go to `target`. */
export async function makeTenants(
  registry: TestRegistry,
  target: string,
): Promise<{ a: Tenant; b: Tenant; stranger: string }> {
  const send = sender(registry);
  const { admin } = registry;
  const made = async (method: string, path: string, body: unknown, as = admin) => {
    const response = await send(method, path, { as, body });
    const text = await response.text();
    assert.ok(response.status < 300, `${method} ${path}: ${response.status} ${text}`);
    return { id: (response.headers.get('location') ?? '').split('/').at(-1) ?? '', text };
  };
  const read = async <T>(path: string, as = admin) => {
    const response = await send('GET', path, { as });
    assert.equal(response.status, 200, `${path}: ${await response.clone().text()}`);
    return (await response.json()) as T;
  };
  const one = async (sql: string) => String((await registry.query(sql))[0]?.['id']);

  const owner = await registry.addUser('owner-of-nothing');
  const endpoint = { name: 'upstream', type: 'docker-registry', url: target, insecure: true };
  await registry.addUser('stranger');
  const shared = {
    registry: (await made('POST', '/api/v2.0/registries', endpoint)).id,
    group: (await made('POST', '/api/entrepot/v1/groups', { name: 'crew' })).id,
    role: (
      await made('POST', '/api/entrepot/v1/roles', {
        name: 'watcher',
        level: 'system',
        permissions: ['project:list'],
      })
    ).id,
    groupMember: String(owner),
  };
  await made('POST', `/api/entrepot/v1/groups/${shared.group}/members`, { user_id: owner });
  await made('POST', '/api/entrepot/v1/system-members', {
    role_id: Number(shared.role),
    user: { id: owner },
  });
  const systemMember = await one('select id from system_member');

  /** Rules that keep everything, and a run of them that changed nothing. */
  async function makeTagRules(project: string, projectId: number, boss: string) {
    const rule = immutableRuleBody(`stays-${project}`);
    const immutableRule = (await made('POST', `/api/v2.0/projects/${project}/immutabletagrules`, rule, boss)).id;
    const cluster = `cluster-${project}`;
    await made('PUT', `/api/entrepot/v1/projects/${project}/running/${cluster}`, { images: [] }, boss);
    const retention = (await made('POST', '/api/v2.0/retentions', retentionBody(projectId), boss)).id;
    const runs = `/api/v2.0/retentions/${retention}/executions`;
    const retentionRun = (await made('POST', runs, { dry_run: true }, boss)).id;
    const retentionTask = await eventually(async () => {
      const [task] = await read<{ id: number; status: string }[]>(`${runs}/${retentionRun}/tasks`, boss);
      return task?.status === 'Success' ? String(task.id) : undefined;
    }, 20_000);
    return { immutableRule, retention, retentionRun, retentionTask, cluster };
  }

  async function makeTenant(project: string): Promise<Tenant> {
    const projectId = await registry.addProject(project);
    const bossId = await registry.addUser(`boss-${project}`, { [project]: 1 });
    await registry.addUser(`dev-${project}`, { [project]: 2 });
    await registry.addUser(`guest-${project}`, { [project]: 3 });
    const boss = registry.basic(`boss-${project}`);
    const inProject = `/api/v2.0/projects/${project}`;
    const repository = `app-${project}`;
    const tag = `tag-${project}`;
    const image = await registry.pushImage(`${project}/${repository}`, tag, { as: boss });
    const subject = {
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      digest: image.digest,
      size: Buffer.byteLength(image.manifest),
    };
    await registry.pushImage(`${project}/${repository}`, `signed-${project}`, { as: boss, fields: { subject } });
    const gone = await registry.pushImage(`${project}/${repository}`, `gone-${project}`, { as: boss });
    await made('DELETE', `${inProject}/repositories/${repository}/artifacts/${gone.digest}`, undefined, boss);
    const label = { name: `label-${project}`, scope: 'p', project_id: projectId };
    const labelId = (await made('POST', '/api/v2.0/labels', label, boss)).id;
    const onImage = `${inProject}/repositories/${repository}/artifacts/${image.digest}`;
    await made('POST', `${onImage}/labels`, { id: Number(labelId) }, boss);
    const access = grantableInProject.map((text) => {
      const [resource, action] = text.split(':');
      return { resource, action };
    });
    const robotBody = {
      name: 'all',
      level: 'project',
      duration: -1,
      permissions: [{ kind: 'project', namespace: project, access }],
    };
    // An administrator of the registry makes it: a project's own lacks what he would give.
    const robot = JSON.parse((await made('POST', '/api/v2.0/robots', robotBody)).text) as {
      id: number;
      name: string;
      secret: string;
    };
    const policyBody = {
      name: `hook-${project}`,
      enabled: true,
      event_types: ['PUSH_ARTIFACT'],
      targets: [{ type: 'http', address: target }],
    };
    const policy = (await made('POST', `${inProject}/webhook/policies`, policyBody, boss)).id;
    const hooks = `/api/entrepot/v1/projects/${project}/webhook/policies/${policy}`;
    const tested = JSON.parse((await made('POST', `${hooks}/test`, {}, boss)).text) as { execution_ids: number[] };
    const execution = String(tested.execution_ids[0]);
    const tasks = `${inProject}/webhook/policies/${policy}/executions/${execution}/tasks`;
    const task = await eventually(async () => {
      const [found] = await read<{ id: number; status: string }[]>(tasks, boss);
      return found?.status === 'Success' ? String(found.id) : undefined;
    }, 20_000);
    const kept = await makeTagRules(project, projectId, boss);
    const members = `/api/entrepot/v1/projects/${project}/repository-members`;
    await made('POST', members, { role_id: 3, pattern: 'app/**', user: { name: 'owner-of-nothing' } }, boss);
    const workloads = `/api/entrepot/v1/projects/${project}/workload-identities`;
    const workload = JSON.parse(
      (await made('POST', workloads, workloadBody(robot.id, `builder-${project}`), admin)).text,
    ) as { id: number };
    const cookie = await signInByForm(registry, `boss-${project}`);
    return {
      project,
      projectId,
      boss,
      dev: registry.basic(`dev-${project}`),
      robot: registry.basic(robot.name, robot.secret),
      robotName: robot.name,
      robotSecret: robot.secret,
      cookie,
      image: image.digest,
      things: {
        ...shared,
        ...kept,
        systemMember,
        member: await one(`select id from member where project_id = ${projectId} and role_id = 3`),
        robot: String(robot.id),
        label: labelId,
        policy,
        execution,
        task,
        repositoryMember: await one(`select id from repository_member where project_id = ${projectId}`),
        workload: String(workload.id),
        session: await one(`select id from session where user_id = ${bossId}`),
        user: String(bossId),
        quota: await one(`select project_id as id from quota where project_id = ${projectId}`),
        repository,
        reference: image.digest,
        tag,
        deletion: await one(`select id from deletion where project_id = ${projectId}`),
        job: await one(`select id from task where id = '${task}'`),
      },
    };
  }
  const a = await makeTenant('pa');
  const b = await makeTenant('pb');
  return { a, b, stranger: registry.basic('stranger') };
}

/** A body for each operation that takes one, which its schema accepts. */
export function sampleBodies(own: Tenant): Readonly<Record<string, unknown>> {
  const id = (kind: ThingKind) => Number(own.things[kind]);
  const robot = {
    level: 'project',
    duration: 30,
    permissions: [{ kind: 'project', namespace: own.project, access: [{ resource: 'repository', action: 'pull' }] }],
  };
  const policy = {
    name: 'changed',
    enabled: false,
    event_types: ['PUSH_ARTIFACT'],
    targets: [{ type: 'http', address: 'https://hooks.example.com/x' }],
  };
  const whom = { role_id: 3, user: { name: 'stranger' } };
  const group = { group_name: 'changed', group_type: 2 };
  const endpoint = { name: 'changed', url: 'https://hub.example.com', type: 'docker-registry' };
  return {
    createProject: { project_name: 'grabbed', metadata: { public: 'false' } },
    updateProject: { metadata: { auto_scan: 'false' } },
    addProjectMetadatas: { auto_scan: 'true' },
    updateProjectMetadata: { auto_scan: 'true' },
    createProjectMember: { role_id: 3, member_user: { username: 'stranger' } },
    updateProjectMember: { role_id: 3 },
    createUser: { username: 'eve', password: testPassword, email: 'eve@example.com', realname: 'Eve' },
    updateUserProfile: { realname: 'Changed', email: 'changed@example.com', comment: '' },
    setUserSysAdmin: { sysadmin_flag: true },
    updateUserPassword: { old_password: 'not the one', new_password: 'Another-Password9' },
    setCliSecret: { secret: 'Chosen-secret-1' },
    createUserGroup: group,
    updateUserGroup: { group_name: 'changed' },
    CreateRobot: { name: 'made', ...robot },
    UpdateRobot: robot,
    RefreshSec: { secret: '' },
    CreateRobotV1: { name: 'made', access: [{ resource: `/project/${own.projectId}/repository`, action: 'pull' }] },
    UpdateRobotV1: { disable: false },
    updateRepository: { description: 'changed' },
    createTag: { name: 'another' },
    rollbackTag: {},
    addLabel: { id: id('label') },
    CreateLabel: { name: 'made', scope: 'p', project_id: own.projectId },
    UpdateLabel: { name: 'changed' },
    updateQuota: { hard: { storage: 1, count: 1 } },
    createPurgeSchedule: { schedule: { type: 'Manual' }, parameters: { audit_retention_hour: 0 } },
    updatePurgeSchedule: { schedule: { type: 'None' } },
    updateJobSchedule: { time_zone: 'UTC' },
    putProjectTiering: { enabled: true },
    CreateImmuRule: immutableRuleBody('changed-*'),
    UpdateImmuRule: immutableRuleBody('changed-*'),
    createRetention: retentionBody(own.projectId),
    updateRetention: { rules: [] },
    triggerRetentionExecution: { dry_run: true },
    operateRetentionExecution: { action: 'stop' },
    simulateRetention: {},
    reportRunning: { images: ['app:v1'] },
    createGCSchedule: { schedule: { type: 'None' } },
    updateGCSchedule: { schedule: { type: 'None' } },
    updateConfigurations: { self_registration: true },
    pingLdap: { ldap_url: 'ldap://192.0.2.1', ldap_search_dn: 'cn=x', ldap_search_password: 'x' },
    importLdapUser: { ldap_uid_list: ['eve'] },
    pingOIDC: { url: 'https://192.0.2.1', verify_cert: true },
    createRegistry: endpoint,
    pingRegistry: { id: id('registry') },
    updateRegistry: { name: 'changed' },
    CreateWebhookPolicyOfProject: policy,
    UpdateWebhookPolicyOfProject: policy,
    actionPendingJobs: { action: 'pause' },
    putSystemCVEAllowlist: { items: [{ cve_id: 'CVE-2024-0001' }] },
    setRobotLimits: { addresses: ['192.0.2.0/24'] },
    rotateRobot: { overlap_seconds: 0 },
    createLocalGroup: { name: 'changed' },
    updateLocalGroup: { name: 'changed' },
    addLocalGroupMember: { username: 'stranger' },
    createRole: { name: 'wide', level: 'system', permissions: ['user:update'] },
    updateRole: { name: 'wide', permissions: ['user:update'] },
    addSystemMember: { ...whom, role_id: id('role') },
    addRepositoryMember: { ...whom, pattern: '**' },
    updateRepositoryMember: { role_id: 1 },
    updateWebhookOptions: { repositories: 'x/**' },
    testWebhookPolicy: { event_type: 'PUSH_ARTIFACT' },
    createWorkloadIdentity: workloadBody(id('robot'), 'changed'),
    updateWorkloadIdentity: { disabled: true },
    createProjectWorkloadIdentity: workloadBody(id('robot'), 'changed'),
    updateProjectWorkloadIdentity: { disabled: true },
  };
}
