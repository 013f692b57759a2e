import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { UsageError } from '#src/failures/failures';
import { createTestContext } from '#testing/run-cli';
import { makeTemporaryFolder } from '#testing/temporary-folder';
import { readState } from './read-state.ts';

async function read(files: Readonly<Record<string, string>>) {
  await using folder = await makeTemporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(folder.path, name, '..'), { recursive: true });
    await writeFile(join(folder.path, name), text);
  }
  return await readState([folder.path], createTestContext().context);
}

async function faultsOf(files: Readonly<Record<string, string>>): Promise<string> {
  try {
    await read(files);
  } catch (error) {
    assert.ok(error instanceof UsageError, String(error));
    return error.message.replaceAll(/\S*\/(?=[^/\s]*:\d+)/g, '');
  }
  throw new Error('nothing was wrong with them');
}

test('files and folders make one state together, and several documents in a file do too', async () => {
  const state = await read({
    'a.yaml': 'projects: [{name: one}]\n---\nprojects: [{name: two}]\n---\n',
    'teams/b.yml': 'projects: [{name: three}]\nsettings: {read_only: false}\n',
    'c.json': '{"labels": [{"name": "approved"}]}',
    'notes.txt': 'not: read',
    '.hidden.yaml': 'not: read',
  });
  assert.deepEqual(
    state.projects?.map(({ name }) => name),
    ['one', 'two', 'three'],
  );
  assert.deepEqual([state.settings, state.labels?.[0]?.name], [{ read_only: false }, 'approved']);
  assert.equal(state.groups, undefined);
});

test('a name twice is told with both places', async () => {
  assert.equal(
    await faultsOf({ 'a.yaml': 'projects:\n  - name: team\n', 'b.yaml': 'labels: []\nprojects:\n  - name: team\n' }),
    'the project team is here and in '.replace(/^/, 'b.yaml:3: ') + 'a.yaml:2',
  );
  const twice = {
    'a.yaml': 'projects:\n- name: team\n  members:\n  - {user: anna, role: guest}\n  - {user: anna, role: admin}\n',
  };
  assert.equal(await faultsOf(twice), 'a.yaml:5: the member anna is here and in a.yaml:4');
  const settings = { 'a.yaml': 'settings: {read_only: true}', 'b.yaml': 'settings: {read_only: true}' };
  assert.match(await faultsOf(settings), /b\.yaml:1: the setting read_only is here and in a\.yaml:1/);
});

test('everything that is wrong is told at once, by line, and with what was probably meant', async () => {
  const text = [
    'projects:',
    '  - name: Team',
    '    pubic: true',
    '    quota: much',
    '    members: [{user: anna, group: x, role: guest}]',
    '    robots:',
    '      - name: ci',
    '        permissions: [pul, scan:craete]',
    '        days: 3',
    '        forever: true',
    '    webhooks: [{name: w, events: [PUSH], targets: [{address: ftp://x}]}]',
    'setings: {}',
    'settings: {read_onyl: true, token_expiration: soon}',
    'registries: [{name: hub, type: docker-hub}]',
  ].join('\n');
  const told = await faultsOf({ 'a.yaml': text });
  for (const line of [
    'a.yaml:12: setings: there is no such key; did you mean settings?',
    'a.yaml:13: settings.read_onyl: there is no such key; did you mean read_only?',
    'a.yaml:13: settings.token_expiration: Invalid input: expected number, received string',
    'a.yaml:14: registries[0]: url is missing',
    'a.yaml:2: projects[0].name: expected a project name',
    'a.yaml:3: projects[0].pubic: there is no such key; did you mean public?',
    'a.yaml:4: projects[0].quota: expected a size such as 10GiB, or unlimited, found "much"',
    'a.yaml:5: projects[0].members[0]: expected either user or group',
    'found "pul"; did you mean pull?',
    'found "scan:craete"; did you mean scan:create?',
    'a.yaml:7: projects[0].robots[0]: expected either days or forever',
    'a.yaml:11: projects[0].webhooks[0].events[0]',
    'a.yaml:11: projects[0].webhooks[0].targets[0].address: expected an address',
  ]) {
    assert.ok(told.includes(line), `${line}\nis not in\n${told}`);
  }
});

test('secrets stand in variables and files, never in the file itself', async () => {
  const registry = (secret: string) => ({
    'a.yaml': `registries: [{name: hub, type: docker-hub, url: "https://hub.docker.com", access_secret: ${secret}}]`,
  });
  assert.match(await faultsOf(registry('hunter2')), /a secret is never written into the file/);
  assert.doesNotMatch(await faultsOf(registry('hunter2')), /hunter2/);
  const byVariable = await read(registry('"${HUB}"'));
  assert.deepEqual(byVariable.registries?.[0]?.access_secret, { variable: 'HUB' });
  const byFile = await read(registry('{fromFile: hub.txt}'));
  assert.ok('fromFile' in (byFile.registries?.[0]?.access_secret ?? {}));
  assert.match(await faultsOf({ 'a.yaml': 'settings: {ldap_search_password: x}' }), /never written into the file/);
});

test('anchors, aliases and merges work, and a few lines cannot become gigabytes', async () => {
  const state = await read({
    'a.yaml':
      'projects:\n- &base {name: one, public: true, labels: &l [{name: x}]}\n- {<<: *base, name: two}\n- {name: three, labels: *l}\n',
  });
  assert.deepEqual(
    state.projects?.map((project) => [project.name, project.public, project.labels?.length]),
    [
      ['one', true, 1],
      ['two', true, 1],
      ['three', undefined, 1],
    ],
  );
  const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]'];
  for (let level = 1; level < 12; level++) {
    const [from, to] = [level - 1, level].map((at) => String.fromCharCode(97 + at));
    bomb.push(`${to}: &${to} [${Array.from({ length: 9 }, () => `*${from}`).join(',')}]`);
  }
  const began = performance.now();
  assert.match(
    await faultsOf({ 'a.yaml': `${bomb.join('\n')}\nprojects: *l\n` }),
    /a\.yaml:1: .*[Ee]xcessive alias count/,
  );
  assert.ok(performance.now() - began < 2000);
});

test('what is no YAML, is too large, or says a key twice, is told by file and line', async () => {
  assert.match(await faultsOf({ 'a.yaml': 'projects:\n  - name: [' }), /a\.yaml:2: /);
  assert.match(await faultsOf({ 'a.yaml': 'labels: []\nlabels: []' }), /a\.yaml:2: .*unique/);
  assert.match(await faultsOf({ 'a.yaml': 'just text' }), /a\.yaml:1: expected a mapping, found "just text"/);
  assert.match(await faultsOf({ 'a.yaml': `# ${'x'.repeat(4 * 1024 * 1024)}` }), /larger than 4 MiB/);
});

test("a member's role is that of the project before any other", async () => {
  const state = await read({
    'a.yaml': [
      'roles: [{name: releaser, permissions: [pull]}]',
      'projects:',
      '- name: team',
      '  roles: [{name: developer, permissions: [pull, push]}]',
      '  members: [{user: a, role: developer}, {user: b, role: maintainer}, {user: c, role: releaser}]',
      '- {name: other, members: [{user: a, role: developer}]}',
    ].join('\n'),
  });
  const roles = state.projects?.map(({ members }) => members?.map(({ role }) => role));
  assert.deepEqual(roles, [['team developer', 'maintainer', 'releaser'], ['developer']]);
  assert.match(
    await faultsOf({ 'a.yaml': 'roles: [{name: developer, permissions: [pull]}]' }),
    /the role developer is there already; in a project it may be called that/,
  );
});

test('every file that the guide shows is one that apply takes', async () => {
  const guide = await readFile(join(import.meta.dirname, '../../../../docs/guides/configuration-as-code.md'), 'utf8');
  const shown = [...guide.matchAll(/```yaml\n([^]*?)```/g)].map(([, text = '']) => text);
  assert.equal(shown.length, 2);
  const states = await Promise.all(shown.map((text) => read({ 'guide.yaml': text })));
  assert.deepEqual(
    states.map(({ projects }) => projects?.map(({ name }) => name)),
    [['dev-team'], ['team', 'old-team']],
  );
});
