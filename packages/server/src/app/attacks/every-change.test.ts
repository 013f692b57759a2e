import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allRecords } from '@entrepot/contract/all-records';
import { exportJWK, generateKeyPair } from 'jose';
import { type Particulars, rowOf, tellsSecret } from '#testing/audit-rows';
import { createBrowser } from '#testing/browser';
import { type DatabasePlace, forEachDialect } from '#testing/databases';
import { clientId, startOpenIdProvider } from '#testing/openid-provider';
import { startReceiver } from '#testing/receiver';
import { eventually } from '#testing/test-clock';
import { startTestRegistry, testPassword } from '#testing/test-registry';
import { immutableRuleBody, retentionBody } from '#testing/example-bodies';

// One run that makes every change there is, with secrets that are easily recognised: each is one row of the audit (C12
// 166), and no secret is anywhere but where it lies sealed or hashed (C12 161, C10 136).

const records = new Map(allRecords.map((record) => [record.operationId, record]));
const statesOf = (detail: Record<string, unknown>): Particulars =>
  'before' in detail ? ('after' in detail ? 'both' : 'before') : 'after' in detail ? 'after' : 'neither';

interface AuditRow {
  readonly action: string;
  readonly actor: string;
  readonly address: string;
  readonly resource: string;
  readonly detail: string | null;
}

async function dumpOf({ kind, query }: DatabasePlace): Promise<string> {
  const tables = await query(
    kind === 'sqlite'
      ? "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'"
      : 'select tablename as name from pg_tables where schemaname = current_schema()',
  );
  const rows: string[] = [];
  for (const { name } of tables) {
    for (const row of await query(`select * from ${String(name)}`)) {
      const text = JSON.stringify(row, (_key, value: unknown) =>
        value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
      );
      rows.push(`${String(name)} ${text}`);
    }
  }
  return rows.join('\n');
}

const given = {
  userPassword: 'Canary-user-password-1',
  changedPassword: 'Canary-changed-password-2',
  robotSecret: 'Canary-robot-secret-3',
  cliSecret: 'Canary-cli-secret-4',
  webhookHeader: 'Bearer canary-webhook-header-5',
  webhookSigning: 'canary-webhook-signing-6',
  registrySecret: 'canary-registry-secret-7',
  registrySecretNext: 'canary-registry-secret-8',
  ldapPassword: 'canary-ldap-password-9',
  oidcSecret: 'secret of the hub: +/%',
  wrongPassword: 'canary-wrong-password-10',
};

forEachDialect('every change', (on) => {
  test('is one row of the audit, and tells no secret to anybody', async () => {
    await using stack = new AsyncDisposableStack();
    const place = stack.use(await on.makePlace());
    const remote = stack.use(await startReceiver((_request, response) => response.end('{}')));
    const env = {
      ENTREPOT_OUTBOUND_ALLOW: '127.0.0.0/8',
      ENTREPOT_OUTBOUND_PORTS: '1-65535',
      ENTREPOT_TRUSTED_PROXIES: '127.0.0.1/32',
      ENTREPOT_LOG_LEVEL: 'debug',
      ENTREPOT_ACCESS_LOG: 'true',
      ENTREPOT_BLOBS_COLD_KIND: 'filesystem',
    };
    const registry = stack.use(await startTestRegistry({ place, env }));
    const secrets = new Map<string, string>(Object.entries(given));
    const answers: string[] = [];
    const done = new Set<string>();

    /** Makes a change as an administrator, and looks at the row it left. */
    async function change<T = Record<string, unknown>>(
      operationId: string,
      params: Readonly<Record<string, string | number>> = {},
      body?: object,
      by: { readonly as?: string; readonly actor?: string } = {},
    ): Promise<{ readonly id: string; readonly json: T }> {
      const record = records.get(operationId);
      const { as = registry.admin, actor = 'admin' } = by;
      assert.ok(record, operationId);
      const query = params['?'] === undefined ? '' : `?${params['?']}`;
      const path = record.path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
        encodeURIComponent(String(params[name] ?? assert.fail(`${operationId} needs ${name}`))),
      );
      const response = await registry.fetch(`${path}${query}`, {
        method: record.method,
        as,
        headers: { 'x-forwarded-for': '203.0.113.9', ...(body && { 'content-type': 'application/json' }) },
        ...(body && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      assert.ok(response.status < 300, `${operationId}: ${response.status} ${text}`);
      if (!tellsSecret.has(operationId)) answers.push(`${operationId} ${text}`);
      done.add(operationId);
      const requestId = response.headers.get('x-request-id') ?? '';
      const rows = (await place.query(
        `select * from audit where request_id = '${requestId}' and action <> 'login'`,
      )) as unknown as AuditRow[];
      const wanted = rowOf[operationId];
      if (wanted === 'no change') assert.deepEqual(rows, [], operationId);
      else {
        const seen = rows.map((row) => [row.action, statesOf(JSON.parse(row.detail ?? '{}')), row.actor, row.address]);
        problems.push(
          ...(JSON.stringify(seen) === JSON.stringify([[...(wanted ?? []), actor, '203.0.113.9']])
            ? []
            : [`${operationId}: ${JSON.stringify(seen)}`]),
        );
        assert.ok(
          rows.every(({ resource }) => resource !== ''),
          `${operationId}: what was changed`,
        );
      }
      const id = response.headers.get('location')?.split('/').at(-1) ?? '';
      return { id, json: (text.startsWith('{') ? JSON.parse(text) : undefined) as T };
    }
    const problems: string[] = [];
    const read = async (path: string) => {
      const response = await registry.fetch(path, { as: registry.admin });
      const text = await response.text();
      assert.equal(response.status, 200, `${path} ${text}`);
      answers.push(`${path} ${text}`);
      return text;
    };

    await registry.addUser('bert');
    const [anna, team] = [
      await change(
        'createUser',
        {},
        {
          username: 'anna',
          password: given.userPassword,
          email: 'anna@x.example',
          realname: 'A',
        },
      ),
      { project_name_or_id: 'team', project_name: 'team' },
    ];
    const userId = { user_id: anna.id };
    await change('updateUserProfile', userId, { realname: 'Anna', email: 'anna@x.example' });
    await change('setUserSysAdmin', userId, { sysadmin_flag: true });
    await change('updateUserPassword', userId, { new_password: given.changedPassword });
    await registry.fetch('/v2/', { as: registry.basic('anna', given.wrongPassword) });
    await registry.fetch('/v2/', { as: registry.basic('anna', given.changedPassword) });

    await change('createProject', {}, { project_name: 'team', metadata: { public: 'false' } });
    await change('updateProject', team, { metadata: { public: 'true' } });
    await change('addProjectMetadatas', team, { auto_scan: 'true' });
    await change('updateProjectMetadata', { ...team, meta_name: 'auto_scan' }, { auto_scan: 'false' });
    await change('deleteProjectMetadata', { ...team, meta_name: 'auto_scan' });
    const member = await change('createProjectMember', team, { role_id: 2, member_user: { username: 'anna' } });
    await change('updateProjectMember', { ...team, mid: member.id }, { role_id: 3 });
    await change('deleteProjectMember', { ...team, mid: member.id });

    await registry.pushImage('team/app', 'v1');
    const { digest } = await registry.pushImage('team/app', 'v2');
    const app = { ...team, repository_name: 'app' };
    const v1 = { ...app, reference: 'v1' };
    await change('updateRepository', app, { description: 'canary' });
    await change('CopyArtifact', { ...team, repository_name: 'copy', '?': 'from=team/app:v1' });
    await change('createTag', v1, { name: 'more' });
    await change('deleteTag', { ...v1, tag_name: 'more' });
    const label = await change('CreateLabel', {}, { name: 'good', scope: 'g', color: '#FFFFFF' });
    await change('UpdateLabel', { label_id: label.id }, { name: 'better', scope: 'g' });
    await change('addLabel', v1, { id: Number(label.id) });
    await change('removeLabel', { ...v1, label_id: label.id });
    await change('DeleteLabel', { label_id: label.id });
    await change('deleteArtifact', { ...app, reference: digest });
    const quotas = JSON.parse(await read('/api/v2.0/quotas')) as { id: number; ref: { name: string } }[];
    const quota = quotas.find(({ ref }) => ref.name === 'team')?.id ?? 0;
    const purge = { schedule: { type: 'Weekly', cron: '' }, parameters: { audit_retention_hour: 720 } };
    await change('createPurgeSchedule', {}, purge);
    await change('updatePurgeSchedule', {}, purge);
    const collection = { schedule: { type: 'Weekly', cron: '' }, parameters: {} };
    await change('createGCSchedule', {}, collection);
    await change('updateGCSchedule', {}, collection);
    const [timed] = JSON.parse(await read('/api/entrepot/v1/schedules')) as { id: number }[];
    await change('updateJobSchedule', { schedule_id: timed?.id ?? 0 }, { time_zone: 'Europe/Paris' });
    const rule = await change('CreateImmuRule', team, immutableRuleBody('stays-*'));
    await change('UpdateImmuRule', { ...team, immutable_rule_id: rule.id }, immutableRuleBody('goes-*'));
    await change('DeleteImmuRule', { ...team, immutable_rule_id: rule.id });
    const shown = JSON.parse(await read('/api/v2.0/projects/team')) as { project_id: number };
    const kept = retentionBody(shown.project_id);
    const retention = { id: (await change('createRetention', {}, kept)).id };
    await change('updateRetention', retention, kept);
    await change('triggerRetentionExecution', retention, { dry_run: true });
    await change('simulateRetention', team, {});
    await change('deleteRetention', retention);
    await change('reportRunning', { ...team, cluster: 'one' }, { images: [] });
    await change('forgetRunning', { ...team, cluster: 'one' });
    await change('updateQuota', { id: quota }, { hard: { storage: 1_000_000_000 } });
    await change('recountProjectQuota', team);
    await change('startScrub');
    await change('startTiering');
    await change('putProjectTiering', team, { enabled: true, after_seconds: 60 });
    await change('deleteProjectTiering', team);

    const permissions = [{ kind: 'project', namespace: 'team', access: [{ resource: 'repository', action: 'pull' }] }];
    const robotBody = { name: 'puller', level: 'project', duration: -1, permissions };
    const robot = await change<{ id: number; secret: string; name: string }>('CreateRobot', {}, robotBody);
    const robotId = { robot_id: robot.json.id };
    secrets.set('a drawn robot secret', robot.json.secret);
    await change('UpdateRobot', robotId, { ...robotBody, name: robot.json.name, description: 'x' });
    await change('setRobotLimits', robotId, { addresses: ['10.0.0.0/8'] });
    const rotated = await change<{ secret: string }>('rotateRobot', robotId);
    secrets.set('a rotated robot secret', rotated.json.secret);
    await change('RefreshSec', robotId, { secret: given.robotSecret });
    await registry.fetch('/v2/', { as: registry.basic(robot.json.name, given.robotSecret) });

    const { publicKey } = await generateKeyPair('ES256');
    const identity = {
      name: 'main',
      robot_id: robot.json.id,
      issuer: 'https://pipelines.example',
      audience: 'hub',
      jwks: { keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256' }] },
      conditions: [{ claim: 'sub', values: ['a'] }],
    };
    const own = await change('createProjectWorkloadIdentity', team, identity);
    await change('updateProjectWorkloadIdentity', { ...team, workload_identity_id: own.id }, { description: 'x' });
    await change('deleteProjectWorkloadIdentity', { ...team, workload_identity_id: own.id });
    const systemRobot = await change<{ id: number }>('CreateRobot', {}, { ...robotBody, name: 'far', level: 'system' });
    const free = await change('createWorkloadIdentity', {}, { ...identity, robot_id: systemRobot.json.id });
    await change('updateWorkloadIdentity', { workload_identity_id: free.id }, { description: 'x' });
    await change('deleteWorkloadIdentity', { workload_identity_id: free.id });
    await change('DeleteRobot', robotId);
    const old = await change<{ id: number }>('CreateRobotV1', team, {
      name: 'old',
      access: [{ resource: 'repository', action: 'pull' }],
    });
    await change('UpdateRobotV1', { ...team, robot_id: old.json.id }, { disable: true });
    await change('DeleteRobotV1', { ...team, robot_id: old.json.id });

    const group = await change('createLocalGroup', {}, { name: 'crew' });
    await change('updateLocalGroup', { group_id: group.id }, { name: 'gang' });
    await change('addLocalGroupMember', { group_id: group.id }, { username: 'bert' });
    const bert = (await place.query("select id from user_account where name = 'bert'"))[0]?.['id'];
    await change('removeLocalGroupMember', { group_id: group.id, user_id: String(bert) });
    await change('deleteLocalGroup', { group_id: group.id });
    const dn = 'cn=crew,dc=example,dc=org';
    const external = await change('createUserGroup', {}, { group_name: 'crew', group_type: 1, ldap_group_dn: dn });
    await change('updateUserGroup', { group_id: external.id }, { group_name: 'staff' });
    await change('deleteUserGroup', { group_id: external.id });

    const role = await change('createRole', {}, { name: 'reader', level: 'system', permissions: ['project:list'] });
    await change('updateRole', { role_id: role.id }, { name: 'lister', permissions: ['project:list'] });
    const user = { user: { name: 'bert' } };
    const system = await change('addSystemMember', {}, { role_id: Number(role.id), ...user });
    await change('removeSystemMember', { member_id: system.id });
    await change('deleteRole', { role_id: role.id });
    const part = await change('addRepositoryMember', team, { role_id: 3, pattern: 'app', ...user });
    await change('updateRepositoryMember', { ...team, member_id: part.id }, { role_id: 2 });
    await change('removeRepositoryMember', { ...team, member_id: part.id });

    const credential = { type: 'basic', access_key: 'robot', access_secret: given.registrySecret };
    const registryBody = { name: 'far', url: remote.url, type: 'docker-registry', credential, insecure: false };
    await change('pingRegistry', {}, registryBody);
    const far = await change('createRegistry', {}, registryBody);
    await change('updateRegistry', { id: far.id }, { access_secret: given.registrySecretNext });
    await read(`/api/v2.0/registries/${far.id}`);
    await read('/api/v2.0/registries');
    await change('deleteRegistry', { id: far.id });

    const policy = {
      name: 'hook',
      enabled: true,
      event_types: ['PUSH_ARTIFACT'],
      targets: [{ type: 'http', address: `${remote.url}/hook`, auth_header: given.webhookHeader }],
    };
    const hook = await change('CreateWebhookPolicyOfProject', team, policy);
    const hookId = { ...team, webhook_policy_id: hook.id };
    await change('UpdateWebhookPolicyOfProject', hookId, { ...policy, description: 'x' });
    await change('updateWebhookOptions', hookId, { signing_secret: given.webhookSigning });
    const tested = await change<{ execution_ids: number[] }>('testWebhookPolicy', hookId, {});
    const inTeam = `/api/v2.0/projects/team/webhook/policies/${hook.id}`;
    const [delivery] = await eventually(async () => {
      const text = await read(`${inTeam}/executions/${tested.json.execution_ids[0]}/tasks`);
      const tasks = JSON.parse(text) as { id: number; status: string }[];
      return tasks[0]?.status === 'Success' ? tasks : undefined;
    }, 20_000);
    await change('redeliverWebhook', { ...team, delivery_id: delivery?.id ?? 0 });
    for (const path of [inTeam, `${inTeam}/executions`]) await read(path);
    await change('DeleteWebhookPolicyOfProject', hookId);
    await change('actionPendingJobs', { job_type: 'WEBHOOK' }, { action: 'resume' });
    await change('putSystemCVEAllowlist', {}, { items: [{ cve_id: 'CVE-2020-1' }] });

    const provider = stack.use(
      await startOpenIdProvider({ callback: `${registry.url}/c/oidc/callback`, afterLogout: `${registry.url}/` }),
    );
    provider.people.set('olga', { preferred_username: 'olga' });
    provider.signsIn = 'olga';
    await change('pingOIDC', {}, { url: provider.issuer, verify_cert: true });
    await change(
      'updateConfigurations',
      {},
      {
        ldap_url: 'ldap://127.0.0.1:1',
        ldap_search_password: given.ldapPassword,
        auth_mode: 'oidc_auth',
        oidc_name: 'Login',
        oidc_endpoint: provider.issuer,
        oidc_client_id: clientId,
        oidc_client_secret: given.oidcSecret,
        oidc_scope: 'openid,profile,offline_access',
        oidc_auto_onboard: true,
      },
    );
    await read('/api/v2.0/configurations');
    await read('/api/v2.0/internalconfig');
    const browser = createBrowser();
    const back = await browser.follow(`${registry.url}/c/oidc/login`, (at) => at.includes('/c/oidc/callback'));
    const jar = browser.cookies(registry.url);
    secrets.set('the step of a sign-in', jar.get('oidc_step') ?? assert.fail('a step'));
    const half = await dumpOf(place);
    for (const name of ['state', 'code']) {
      secrets.set(`the ${name} of a sign-in`, new URL(back.url).searchParams.get(name) ?? assert.fail(name));
    }
    await browser.follow(back.url, (at) => at === `${registry.url}/`);
    secrets.set('a session', jar.get('sid') ?? assert.fail('a session'));
    const current = await browser.open(`${registry.url}/api/v2.0/users/current`);
    const olga = (await current.json()) as { user_id: number; oidc_user_meta: { secret: string } };
    secrets.set('a drawn CLI secret', olga.oidc_user_meta.secret);
    secrets.set('a CSRF token', current.headers.get('x-harbor-csrf-token') ?? assert.fail('a token'));
    const asOlga = { as: registry.basic('olga', olga.oidc_user_meta.secret), actor: 'olga' };
    await change('setCliSecret', { user_id: olga.user_id }, { secret: given.cliSecret }, asOlga);
    await registry.fetch('/service/token', { as: registry.basic('olga', given.cliSecret) });
    const form = new URLSearchParams({ principal: 'bert', password: testPassword });
    for (const ends of ['all', 'one']) {
      const another = createBrowser();
      await another.open(`${registry.url}/c/login`, { method: 'POST', body: form });
      secrets.set(
        `a session of a form (${ends})`,
        another.cookies(registry.url).get('sid') ?? assert.fail('a session'),
      );
      const who = { as: registry.basic('bert'), actor: 'bert' };
      const list = await registry.fetch('/api/entrepot/v1/sessions/own', { as: who.as });
      const [session] = (await list.json()) as { id: string }[];
      if (ends === 'one') await change('deleteSession', { session_id: session?.id ?? '' }, undefined, who);
      else await change('deleteOwnSessions', {}, undefined, who);
    }
    await read('/api/v2.0/users');
    await read(`/api/v2.0/users/${olga.user_id}`);
    await read('/api/entrepot/v1/sessions');
    await change('deleteUser', userId);
    const lastDeletion = async () => {
      const [last] = JSON.parse(await read('/api/entrepot/v1/deletions?page_size=1')) as { id: number }[];
      return { ...team, deletion_id: last?.id ?? assert.fail('a deletion') };
    };
    for (const repository_name of ['app', 'live']) await registry.pushImage(`team/${repository_name}`, 'live');
    await registry.pushImage('team/live', 'live');
    await change('rollbackTag', { ...team, repository_name: 'live', tag_name: 'live' }, {});
    await change('pinRepository', app);
    await change('unpinRepository', app);
    await change('deleteRepository', { ...team, repository_name: 'copy' });
    await change('restoreDeletion', await lastDeletion());
    await change('deleteRepository', { ...team, repository_name: 'copy' });
    await change('purgeDeletion', await lastDeletion());
    await change('deleteRepository', { ...team, repository_name: 'live' });
    await change('deleteRepository', app);
    await change('deleteProject', team);
    await change('restoreProject', await lastDeletion());
    await change('deleteProject', team);
    await change('purgeDeletedProject', await lastDeletion());

    assert.deepEqual(problems, []);
    const notYet = new Set(registry.registry.notYet);
    const served = allRecords.filter(
      ({ operationId, method }) => method !== 'GET' && method !== 'HEAD' && !notYet.has(operationId),
    );
    const elsewhere = [
      'operateRetentionExecution',
      'importLdapUser',
      'pingLdap',
      'stopRunningJob',
      'stopPurge',
      'stopGC',
    ];
    const left = served.map(({ operationId }) => operationId).filter((id) => !done.has(id) && !elsewhere.includes(id));
    assert.deepEqual(left, [], 'these changes have no row in this test');
    assert.deepEqual(Object.keys(rowOf).toSorted(), served.map(({ operationId }) => operationId).toSorted());

    for (const format of ['ecs', 'csv']) {
      assert.match(await read(`/api/entrepot/v1/audit/export?format=${format}`), /delete.*project|project.*delete/);
    }
    await read('/api/v2.0/auditlog-exts?page_size=100');
    const everything = {
      logs: registry.logs(),
      metrics: await (await registry.fetch('/metrics')).text(),
      answers: answers.join('\n'),
      'the database on the way': half,
      database: await dumpOf(place),
    };
    assert.ok(everything.logs.includes('/api/v2.0/registries') && everything.database.includes('argon2id'));
    const found = [...secrets].flatMap(([what, secret]) =>
      Object.entries(everything).flatMap(([where, text]) => {
        const at = [
          secret,
          Buffer.from(secret).toString('base64'),
          encodeURIComponent(secret),
          JSON.stringify(secret).slice(1, -1),
        ]
          .map((form_) => text.indexOf(form_))
          .find((index) => index !== -1);
        return at === undefined ? [] : [`${what} is in the ${where}: ${text.slice(Math.max(0, at - 120), at + 20)}`];
      }),
    );
    assert.deepEqual(found, []);
  });
});
