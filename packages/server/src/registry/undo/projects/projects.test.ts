import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeSqlitePlace, forEachDialect } from '#testing/databases';
import { askManagement, type Shown } from '#testing/management';
import { startTestRegistry, type TestRegistry } from '#testing/test-registry';
import { askOwn, lastDeletion, remove, restore, type ShownDeletion } from '#testing/undo-scene';
import { archivedTables, otherTables } from './tables.ts';

const deletedProject = async (registry: TestRegistry) =>
  (await askOwn<ShownDeletion[]>(registry, 'GET', '/deletions?q=kind%3Dproject')).json[0];

const restoreProject = (registry: TestRegistry, id: number | undefined, as = registry.admin) =>
  askOwn<{ project_id: number; left: string[] }>(registry, 'POST', `/deletions/${id}/restore`, { as });

test('everything a project has is kept, or known not to be', async () => {
  await using place = await makeSqlitePlace();
  await using db = await place.open();
  assert.equal(db.kind, 'sqlite');
  const known = new Set([...archivedTables.map(({ name }) => name), ...otherTables]);
  const tables = await place.query("select name from sqlite_master where type = 'table'");
  for (const { name } of tables) {
    const columns = await place.query(`pragma table_info(${name})`);
    const keys = await place.query(`pragma foreign_key_list(${name})`);
    const isOfProject =
      columns.some((column) => column['name'] === 'project_id') || keys.some((key) => key['table'] === 'project');
    const message = `${name} is about projects: say in tables.ts whether its rows come back with a deleted one`;
    if (isOfProject) assert.ok(known.has(String(name)), message);
  }
});

forEachDialect('a deleted project', (on) => {
  test('comes back as it was: settings, people, robots, rules and what it held', async () => {
    await using place = await on.makePlace();
    await using registry = await startTestRegistry({ place });
    const ask = <T = Shown>(method: string, path: string, body?: unknown, as = registry.admin) =>
      askManagement<T>(registry, method, path, { as, body });
    const id = await registry.addProject('team');
    await registry.addUser('dev', { team: 2 });
    const gone = await registry.addUser('gone', { team: 4 });
    const settings = { metadata: { auto_scan: 'true', public: 'true' } };
    assert.equal((await ask('PUT', '/projects/team', settings)).status, 200);
    const quotas = (await ask<readonly Shown[]>('GET', `/quotas?reference=project&reference_id=${id}`)).json;
    assert.equal((await ask('PUT', `/quotas/${quotas[0]?.id}`, { hard: { storage: 5_000_000 } })).status, 200);
    assert.equal((await ask('POST', '/labels', { name: 'mine', scope: 'p', project_id: id })).status, 201);
    const robot = await ask<{ name: string; secret: string }>('POST', '/robots', {
      name: 'builder',
      level: 'project',
      duration: -1,
      permissions: [
        {
          kind: 'project',
          namespace: 'team',
          access: [
            { resource: 'repository', action: 'pull' },
            { resource: 'repository', action: 'push' },
          ],
        },
      ],
    });
    assert.equal(robot.status, 201, robot.text);
    const webhook = {
      name: 'hook',
      enabled: true,
      event_types: ['PUSH_ARTIFACT'],
      targets: [{ type: 'http', address: 'https://hooks.example.com/x', auth_header: 'Bearer hush' }],
    };
    assert.equal((await ask('POST', '/projects/team/webhook/policies', webhook)).status, 201);
    const rule = {
      action: 'immutable',
      template: 'immutable_template',
      tag_selectors: [{ kind: 'doublestar', decoration: 'matches', pattern: 'v*' }],
      scope_selectors: { repository: [{ kind: 'doublestar', decoration: 'repoMatches', pattern: '**' }] },
    };
    const image = await registry.pushImage('team/app', 'live');
    assert.equal((await ask('POST', '/projects/team/immutabletagrules', rule)).status, 201);
    const paths = [
      '/projects/team',
      '/projects/team/members?sort=id',
      `/quotas?reference=project&reference_id=${id}`,
      `/labels?scope=p&project_id=${id}`,
      `/robots?q=Level%3Dproject%2CProjectID%3D${id}`,
      '/projects/team/webhook/policies',
      '/projects/team/immutabletagrules',
    ];
    await remove(registry, '/api/v2.0/projects/team/repositories/app');
    const before = await Promise.all(paths.map((path) => ask<unknown>('GET', path)));
    assert.deepEqual(
      before.map(({ status }) => status),
      paths.map(() => 200),
    );
    const robotSignsIn = async () => {
      const as = registry.basic(robot.json.name, robot.json.secret);
      return (await registry.fetch('/v2/', { as })).status;
    };

    await remove(registry, '/api/v2.0/projects/team');
    assert.equal((await ask('GET', '/projects/team')).status, 404);
    assert.equal(await robotSignsIn(), 401, 'its robots are gone with it');
    const deletion = await deletedProject(registry);
    assert.equal((await restoreProject(registry, deletion?.id, registry.basic('dev'))).status, 403);

    const restored = await restoreProject(registry, deletion?.id);
    assert.deepEqual([restored.status, restored.json], [200, { project_id: id, project_name: 'team', left: [] }]);
    const after = await Promise.all(paths.map((path) => ask<unknown>('GET', path)));
    const still = (text: string) => text.replaceAll(/"update_time":"[^"]*"/g, '').replaceAll(/"last_used[^,]*,/g, '');
    for (const [at, path] of paths.entries())
      assert.equal(still(after[at]?.text ?? ''), still(before[at]?.text ?? ''), path);
    assert.equal(await robotSignsIn(), 200);
    const inside = await lastDeletion(registry, 'team');
    assert.equal((await restore(registry, 'team', inside.id)).status, 200, 'what it held comes after it');
    const history = await askOwn<{ to: string }[]>(
      registry,
      'GET',
      '/projects/team/repositories/app/tags/live/history',
      { as: registry.basic('dev') },
    );
    assert.deepEqual(
      history.json.map(({ to }) => to),
      [image.digest, null, image.digest],
    );

    await remove(registry, '/api/v2.0/projects/team/repositories/app');
    await remove(registry, '/api/v2.0/projects/team');
    assert.equal((await ask('DELETE', `/users/${gone}`)).status, 200);
    const again = await restoreProject(registry, (await deletedProject(registry))?.id);
    assert.deepEqual(again.json.left.length, 1);
    assert.match(again.json.left[0] ?? '', new RegExp(`user ${gone}`));
  });

  test('comes back neither over another of its name nor twice, nor when it is purged', async () => {
    await using place = await on.makePlace();
    await using registry = await startTestRegistry({ place });
    await registry.addProject('team');
    await remove(registry, '/api/v2.0/projects/team');
    const id = (await deletedProject(registry))?.id;
    await registry.addProject('team');
    const taken = await restoreProject(registry, id);
    assert.equal(taken.status, 409);
    assert.match(taken.text, /delete that one first/);
    await remove(registry, '/api/v2.0/projects/team');
    const answers = await Promise.all([0, 1, 2].map(() => restoreProject(registry, id)));
    assert.deepEqual(
      answers.map(({ status }) => status).toSorted((one, other) => one - other),
      [200, 404, 404],
    );
    const other = (await deletedProject(registry))?.id;
    assert.ok(other !== undefined && other !== id);
    assert.equal((await askOwn(registry, 'DELETE', `/deletions/${other}`)).status, 200);
    assert.equal((await restoreProject(registry, other)).status, 404);
    assert.deepEqual(await registry.query('select 1 from deleted_project_row'), []);
  });
});
