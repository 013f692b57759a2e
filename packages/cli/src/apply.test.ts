import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer, request as ask } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { randomImage } from '@entrepot/oci/testing/random-image';
import { startRegistryDouble } from '@entrepot/oci/testing/registry-double';
import { startCli } from '#testing/run-child';
import { as, password, type ServedRegistry, serveRegistry } from '#testing/served-registry';

/** The shape that documents about registries show: a project with roles of its own, made of short words. */
const devTeam = `
projects:
  - name: dev-team
    roles:
      - name: developer
        permissions:
          - pull
          - push
      - name: auditor
        permissions:
          - pull
    members:
      - { user: dana, role: developer }
      - { user: axel, role: auditor }
      - { user: boss, role: admin }
`;

const everything = `
settings:
  session_timeout: 45
  robot_token_duration: 14
labels:
  - { name: approved, color: "#00aa44", description: May go to production }
groups:
  - { name: auditors, members: [axel] }
roles:
  - { name: releaser, description: Moves tags, permissions: [pull, push, "tag:delete"] }
  - { name: overseer, level: system, permissions: ["audit-log:list"] }
members:
  - { user: dana, role: overseer }
projects:
  - name: open
    public: true
    members: [{ user: admin, role: admin }]
    cve_allowlist: [CVE-2025-0002, CVE-2025-0001]
  - name: team
    public: false
    quota: 20GiB
    artifact_quota: 500
    metadata: { auto_scan: true, severity: high }
    labels: [{ name: wip, color: "#cccccc" }]
    roles:
      - { name: builder, permissions: [push] }
    members:
      - { user: admin, role: admin }
      - { user: dana, role: builder }
      - { group: auditors, role: guest }
    repository_members:
      - { pattern: "app/**", user: axel, role: releaser }
    robots:
      - name: ci
        description: builds
        permissions: [pull, push]
        days: 90
        repositories: ["app/**"]
        from: [127.0.0.0/8]
      - { name: cluster, permissions: [pull], forever: true }
    workload_identities:
      - name: pipelines
        robot: ci
        issuer: https://issuer.example.com
        audience: entrepot
        conditions: [{ claim: repository, values: [example/app] }]
        single_use: true
    webhooks:
      - name: tell
        events: [PUSH_ARTIFACT, DELETE_ARTIFACT]
        targets: [{ address: "https://ci.example.com/hook", auth_header: "\${CI_AUTH}" }]
        repositories: "app/**"
        signing_secret: { fromFile: signing.txt }
    immutable_tags:
      - { tags: "v*", except: "*-dev" }
      - { tags: "**", repositories: "app/**", enabled: false }
    retention:
      schedule: 0 0 3 * * *
      rules:
        - { keep: "nDaysSinceLastPush=30 latestPushedK=10", except: "*-dev", untagged: true }
        - { keep: 'semanticVersions=3 versionRange=">=1.2 <2"', repositories: "app/**" }
        - { keep: always, tags: "release-*", enabled: false }
`;

async function makeUsers(registry: ServedRegistry, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await registry.must(['user', 'create', name, '--new-password-stdin'], { stdin: 'Password123' });
  }
}

async function keepFile(registry: ServedRegistry, name: string, text: string): Promise<string> {
  const path = join(registry.folder, name);
  await writeFile(path, text);
  return path;
}

/** All but sign-ins: what the commands sign in with is looked at anew every half minute. */
async function auditRows(registry: ServedRegistry): Promise<unknown[]> {
  const rows = JSON.parse(await registry.must(['audit', 'ls', '-n', '1000', '-o', 'json'])) as { operation: string }[];
  return rows.filter(({ operation }) => operation !== 'login');
}

test('who may what in dev-team is what its file says, by pulls and pushes', async () => {
  await using registry = await serveRegistry();
  await using double = await startRegistryDouble();
  const { host, must, run } = registry;
  await makeUsers(registry, ['dana', 'axel', 'boss', 'stranger']);
  double.put('a/b', randomImage({ seed: 1 }), 'v1');
  const file = await keepFile(registry, 'dev-team.yaml', devTeam);

  const applied = await must(['apply', '-f', file, '--yes']);
  assert.match(applied, /\+ role developer of dev-team\n +permissions: \[pull, push\]/);
  assert.match(applied, /\+ member dana of dev-team\n +role: developer\n/);
  // Whoever made the project is not left in it when the file names another administrator.
  assert.match(applied, /- member admin of dev-team/);
  assert.equal(await must(['apply', '-f', file, '--yes']), 'Nothing to do.\n');
  assert.match(await must(['diff', '-f', file, '--exit-code']), /^No drift/);

  const from = `${double.host}/a/b:v1`;
  const image = `${host}/dev-team/app:v1`;
  const copy = (user: string, source: string, target: string) =>
    run(['copy', source, target], { env: { ...as(user, 'Password123') } });
  assert.equal((await copy('axel', from, image)).code, 4, 'an auditor may not push');
  assert.equal((await copy('stranger', from, image)).code, 4);
  const pushed = await copy('dana', from, image);
  assert.equal(pushed.code, 0, pushed.stderr);
  for (const [user, code] of [
    ['dana', 0],
    ['axel', 0],
    ['stranger', 4],
  ] as const) {
    const pulled = await copy(user, image, `oci:${join(registry.folder, user)}`);
    assert.equal(pulled.code === 0 ? 0 : 4, code, `${user}: ${pulled.stderr}`);
  }
  const removed = await run(['rm', image, '--yes'], { env: as('dana', 'Password123') });
  assert.notEqual(removed.code, 0, 'push does not remove');

  // Who administers the project sees and keeps its file, but for what belongs to the registry.
  const own = await run(['export', '--project', 'dev-team'], { env: as('boss', 'Password123') });
  assert.equal(own.code, 0, own.stderr);
  assert.match(own.stderr, /left out: every role of dev-team, which you may not list/);
  assert.match(own.stdout, /- user: dana\n {8}role: developer\n/);

  // Taken back in the file, taken back in the registry.
  await writeFile(file, devTeam.replace('          - push\n', ''));
  assert.match(await must(['apply', '-f', file, '--yes']), /permissions: \[pull, push\] → \[pull\]/);
  assert.equal((await copy('dana', from, `${host}/dev-team/app:v2`)).code, 4);
});

test('a dry run changes nothing and leaves no row in the audit', async () => {
  await using registry = await serveRegistry();
  await makeUsers(registry, ['dana', 'axel', 'boss']);
  const file = await keepFile(registry, 'dev-team.yaml', devTeam);
  const before = await auditRows(registry);
  const shown = await registry.must(['apply', '-f', file, '--dry-run', '--prune']);
  assert.match(shown, /\+ project dev-team\n[^]*6 to create, 1 to remove\. Nothing was changed\.\n$/);
  await registry.must(['diff', '-f', file]);
  assert.deepEqual(await auditRows(registry), before);
  assert.equal((await registry.run(['project', 'get', 'dev-team'])).code, 3);
  const unasked = await registry.run(['apply', '-f', file]);
  assert.deepEqual([unasked.code, /add --yes/.test(unasked.stderr)], [2, true]);
  assert.deepEqual(await auditRows(registry), before);
});

test('what is exported makes an empty registry the same, and the other way round', async () => {
  await using first = await serveRegistry();
  await using second = await serveRegistry();
  const env = {
    CI_AUTH: 'Bearer x',
    TEAM_WEBHOOK_TELL_TARGETS_AUTH_HEADER: 'Bearer x',
    TEAM_WEBHOOK_TELL_SIGNING_SECRET: 'something-long-enough',
  };
  for (const registry of [first, second]) {
    await makeUsers(registry, ['dana', 'axel']);
  }
  await keepFile(first, 'signing.txt', 'something-long-enough\n');
  const file = await keepFile(first, 'state.yaml', everything);
  const secretsOut = join(first.folder, 'robots.yaml');
  const applied = await first.must(['apply', '-f', file, '--yes', '--secrets-out', secretsOut], { env });
  assert.doesNotMatch(applied, /Keep these secrets/);
  const secrets = await readFile(secretsOut, 'utf8');
  assert.match(secrets, /^"robot\$team\+ci": "\S{32}"\n"robot\$team\+cluster": "\S{32}"\n$/);
  assert.equal((await stat(secretsOut)).mode & 0o777, 0o600);
  assert.equal(await first.must(['apply', '-f', file, '--yes', '--prune'], { env }), 'Nothing to do.\n');
  assert.match(await first.must(['diff', '-f', file, '--exit-code']), /^No drift/);

  const exported = await first.run(['export']);
  assert.equal(exported.code, 0, exported.stderr);
  assert.match(exported.stderr, /set TEAM_WEBHOOK_TELL_SIGNING_SECRET, TEAM_WEBHOOK_TELL_TARGETS_AUTH_HEADER\n/);
  assert.doesNotMatch(exported.stdout, /Bearer|something-long/);
  for (const line of [
    'quota: 20GiB',
    'artifact_quota: 500',
    'forever: true',
    'role: builder',
    'pattern: app/**',
    'session_timeout: 45',
    'CVE-2025-0001',
    'role: overseer',
    'claim: repository',
  ]) {
    assert.ok(exported.stdout.includes(line), `${line}\nis not in\n${exported.stdout}`);
  }
  const moved = await keepFile(second, 'moved.yaml', exported.stdout);
  const shown = await second.must(['apply', '-f', moved, '--yes', '--prune', '-o', 'json'], { env });
  const { changes, secrets: drawn } = JSON.parse(shown) as {
    changes: { outcome: string }[];
    secrets: { name: string; secret: string }[];
  };
  assert.ok(changes.every(({ outcome }) => outcome === 'done'));
  assert.deepEqual(
    drawn.map(({ name }) => name),
    ['robot$team+ci', 'robot$team+cluster'],
  );
  assert.equal((await second.run(['export'])).stdout, exported.stdout);
  assert.equal(await second.must(['apply', '-f', moved, '--yes', '--prune'], { env }), 'Nothing to do.\n');
  // And back: the first registry is what the second one exports.
  const back = await keepFile(first, 'back.json', await second.must(['export', '-o', 'json']));
  assert.equal(await first.must(['apply', '-f', back, '--yes', '--prune'], { env }), 'Nothing to do.\n');
  const one = await first.must(['export', '--project', 'open']);
  assert.match(one, /^projects:\n {2}- name: open\n {4}public: true\n/);
});

test('drift is shown when somebody changed things by hand, and prune takes it back', async () => {
  await using registry = await serveRegistry();
  const { must, run } = registry;
  await makeUsers(registry, ['dana', 'axel', 'boss', 'eve']);
  const file = await keepFile(registry, 'dev-team.yaml', devTeam.replace('roles:', 'robots: []\n    roles:'));
  await must(['apply', '-f', file, '--yes']);
  await must(['project', 'create', 'elsewhere']);
  await must(['member', 'add', 'dev-team', '--user', 'eve', '--role', 'maintainer']);
  await must(['member', 'set', 'dev-team', 'axel', 'guest']);
  await must(['robot', 'create', 'backdoor', '--project', 'dev-team']);

  const drift = await run(['diff', '-f', file, '--exit-code']);
  assert.equal(drift.code, 1);
  assert.match(drift.stdout, /~ member axel of dev-team\n +role: guest → auditor\n/);
  assert.match(drift.stdout, /- member eve of dev-team\n/);
  assert.match(drift.stdout, /- robot backdoor of dev-team\n/);
  const { differences } = JSON.parse(await must(['diff', '-f', file, '-o', 'json'])) as {
    differences: { action: string; kind: string; name: string }[];
  };
  assert.deepEqual(
    differences.map(({ action, kind, name }) => `${action} ${kind} ${name}`),
    ['change member axel', 'remove robot backdoor', 'remove member eve'],
  );

  // Without --prune, what the files do not speak of stays.
  await must(['apply', '-f', file, '--yes']);
  assert.match(await must(['member', 'ls', 'dev-team']), /^eve /m);
  await must(['apply', '-f', file, '--yes', '--prune']);
  assert.doesNotMatch(await must(['member', 'ls', 'dev-team']), /^eve /m);
  assert.match(await must(['diff', '-f', file, '--exit-code']), /^No drift/);
  assert.match(await must(['project', 'get', 'elsewhere']), /elsewhere/);
});

test('neither the last administrator goes nor a project that holds something', async () => {
  await using registry = await serveRegistry();
  await using double = await startRegistryDouble();
  const { must, host } = registry;
  await makeUsers(registry, ['dana']);
  double.put('a/b', randomImage({ seed: 2 }), 'v1');
  await must(['project', 'create', 'full']);
  await must(['project', 'create', 'empty']);
  await must(['project', 'create', 'team']);
  await must(['copy', `${double.host}/a/b:v1`, `${host}/full/app:v1`]);
  const file = await keepFile(
    registry,
    'state.yaml',
    `projects:
  - { name: full, absent: true }
  - { name: empty, absent: true }
  - { name: never, absent: true }
  - { name: team, members: [{ user: dana, role: developer }] }
`,
  );
  const told = await must(['apply', '-f', file, '--yes']);
  assert.match(told, /= project empty stays: projects are removed with --prune only/);
  const pruned = await must(['apply', '-f', file, '--yes', '--prune']);
  assert.match(pruned, /= project full stays: it holds 1 repositories/);
  assert.match(pruned, /- project empty\n/);
  assert.match(pruned, /= member admin of team stays: the files name no administrator/);
  assert.match(await must(['project', 'ls']), /full/);
  assert.doesNotMatch(await must(['project', 'ls']), /empty/);
  assert.match(await must(['member', 'ls', 'team']), /admin/);
});

test('what fails is told, the rest is done, and the exit code is that of a partial failure', async () => {
  await using registry = await serveRegistry();
  const { run, must } = registry;
  await makeUsers(registry, ['dana']);
  const file = await keepFile(
    registry,
    'state.yaml',
    `projects:
  - name: team
    members: [{ user: nobody, role: guest }, { user: dana, role: developer }, { user: admin, role: admin }]
    labels: [{ name: fine }]
`,
  );
  const ran = await run(['apply', '-f', file, '--yes', '-o', 'json']);
  assert.equal(ran.code, 7, ran.stderr);
  const { changes } = JSON.parse(ran.stdout) as { changes: { name: string; outcome: string; error?: string }[] };
  assert.deepEqual(
    changes.map(({ name, outcome }) => `${name} ${outcome}`),
    ['team done', 'nobody failed', 'dana done', 'fine done'],
  );
  assert.ok(changes[1]?.error !== undefined);
  assert.match(await must(['member', 'ls', 'team']), /dana/);
  // A project that cannot be made leaves the rest of it untried.
  const guest = { env: as('dana', 'Password123') };
  await must([
    'apply',
    '-f',
    await keepFile(registry, 's.yaml', 'settings: {project_creation_restriction: adminonly}'),
    '--yes',
  ]);
  const refused = await keepFile(registry, 'r.yaml', 'projects: [{name: hers, labels: [{name: x}]}]');
  const untried = await run(['apply', '-f', refused, '--yes'], guest);
  assert.equal(untried.code, 4, untried.stderr);
  assert.match(untried.stderr, /not tried: label x of hers/);
});

test('another registry is applied with its secret, which is sent again only when that is asked for', async () => {
  await using registry = await serveRegistry({ ENTREPOT_OUTBOUND_ALLOW: '127.0.0.0/8' });
  await using double = await startRegistryDouble();
  const { must, run } = registry;
  const state = `registries:
  - { name: spoke, type: docker-registry, url: "http://${double.host}", access_key: bot, access_secret: "\${SPOKE}" }
`;
  const stdin = { stdin: state, env: { SPOKE: 'hunter2' } };
  const unset = await run(['apply', '-f', '-', '--yes'], { stdin: state });
  assert.deepEqual([unset.code, /the variable SPOKE is not set/.test(unset.stderr)], [2, true]);
  const applied = await must(['apply', '-f', '-', '--yes'], stdin);
  assert.match(applied, /\+ registry spoke\n[^]*access_secret: \(secret\)\n/);
  assert.equal(await must(['apply', '-f', '-', '--yes'], stdin), 'Nothing to do.\n');
  assert.match(
    await must(['apply', '-f', '-', '--yes', '--send-secrets'], stdin),
    /~ registry spoke\n +access_secret: \(secret\) → \(secret\)\n/,
  );
  const other = await run(['apply', '-f', '-', '--yes'], {
    ...stdin,
    stdin: state.replace('docker-registry', 'harbor'),
  });
  assert.deepEqual([other.code, /the type of a registry cannot be changed/.test(other.stderr)], [2, true]);
  const exported = await run(['export']);
  assert.match(exported.stdout, /access_secret: \$\{REGISTRY_SPOKE_ACCESS_SECRET\}/);
  for (const text of [applied, exported.stdout, exported.stderr, await must(['audit', 'ls', '-o', 'json'])]) {
    assert.doesNotMatch(text, /hunter2/);
  }
});

test('what an older registry cannot do is told and left out, and the rest is done', async () => {
  await using registry = await serveRegistry();
  // Before it, a registry that knows neither quotas nor workload identities nor roles in repositories.
  const older = createServer((request, response) => {
    if (/quota|usage|workload-identities|repository-members/.test(request.url ?? '')) {
      response.writeHead(501, { 'content-type': 'application/json' });
      response.end('{"errors":[{"code":"NOT_IMPLEMENTED","message":"not there yet"}]}');
      return;
    }
    const { method, headers, url } = request;
    const asked = ask(`http://${registry.host}${url}`, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    request.pipe(asked);
  }).listen(0, '127.0.0.1');
  await once(older, 'listening');
  const env = { ENTREPOT_HOST: `127.0.0.1:${(older.address() as AddressInfo).port}` };
  try {
    await makeUsers(registry, ['dana']);
    const file = await keepFile(
      registry,
      'state.yaml',
      `projects:
  - name: team
    quota: 1GiB
    labels: [{ name: fine }]
    members: [{ user: dana, role: admin }]
`,
    );
    const applied = await registry.must(['apply', '-f', file, '--yes'], { env });
    assert.match(applied, /! this registry has no quotas yet: they are left out\n/);
    assert.match(await registry.must(['label', 'ls', '--project', 'team']), /fine/);
    await writeFile(file, 'projects: [{name: team, repository_members: [{pattern: "a/**", user: dana, role: guest}]}]');
    const told = await registry.must(['apply', '-f', file, '--yes'], { env });
    assert.match(told, /! this registry has no repository members yet: those of team are left out\nNothing to do\.\n/);
    assert.match(
      await registry.must(['export', '--project', 'team'], { env }),
      /name: team\n {4}public: false\n {4}labels/,
    );
  } finally {
    older.closeAllConnections();
    older.close();
  }
});

test('an interruption stops between two things, says what was not tried, and the next time does the rest', async () => {
  await using registry = await serveRegistry();
  const labels = Array.from({ length: 300 }, (_, at) => `{ name: l${at} }`).join(', ');
  const file = await keepFile(registry, 'state.yaml', `projects: [{ name: team, labels: [${labels}] }]`);
  const env = { HOME: registry.folder, ENTREPOT_HOST: registry.host, ...as('admin', password) };
  await using child = startCli(['apply', '-f', file, '--yes'], { env });
  await new Promise<void>((resolve) => {
    child.process.stderr?.on('data', () => /created label l9/.test(child.stderr()) && resolve());
  });
  child.process.kill('SIGINT');
  assert.equal(await child.ended, 130);
  assert.match(child.stderr(), /not tried: label l/);
  assert.match(child.stdout(), /\n\d+ of 301 done\.\n$/);
  assert.match(await registry.must(['apply', '-f', file, '--yes']), /\+ label l299 of team\n(\d+) of \1 done\.\n$/);
  assert.equal(await registry.must(['apply', '-f', file, '--yes']), 'Nothing to do.\n');
});
