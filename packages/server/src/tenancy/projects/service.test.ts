import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ErrorCode, RegistryError } from '#kernel/errors';
import { readListQuery } from '#kernel/list-query';
import { forEachDialect } from '#testing/databases';
import { startPeople } from '#testing/people';
import { addRepositoryRow } from '#testing/rows';

const failsWith = (code: ErrorCode) => (error: unknown) => error instanceof RegistryError && error.code === code;

forEachDialect('projects', (on) => {
  async function start() {
    const place = await on.open();
    return { place, ...(await startPeople(place)) };
  }

  test('are made whole: metadata, list of vulnerabilities, administrator and audit', async () => {
    const { place, projects, person, members, allowlists, audited } = await start();
    await using _ = place;
    const anna = await person('anna');
    const { id } = await projects.create(anna, {
      name: 'team',
      public: true,
      metadata: { auto_scan: 'true', severity: 'High', prevent_vul: '' },
      allowlist: { expiresAt: 5000, items: ['CVE-2024-3094'] },
    });
    assert.deepEqual(await projects.metadataOf(id), { public: 'true', auto_scan: 'true', severity: 'high' });
    const detail = await projects.get(id);
    assert.deepEqual([detail?.ownerName, detail?.ownerId, detail?.repositories], ['anna', anna.id, 0]);
    assert.deepEqual((await allowlists.find([id])).get(id)?.items, ['CVE-2024-3094']);
    assert.deepEqual(await members.rolesIn(anna.id, [id]), new Map([[id, [1]]]));
    assert.deepEqual(
      audited.map((entry) => [entry.action, entry.resource, entry.projectId]),
      [['create-project', 'team', id]],
    );
  });

  test('are not made with metadata that cannot be, nor with a limit where nothing is limited', async () => {
    const { place, projects, admin } = await start();
    await using _ = place;
    const make = (more: object) => projects.create(admin, { name: 'team', public: false, ...more });
    await assert.rejects(make({ metadata: { auto_scan: 'perhaps' } }), failsWith('body-invalid'));
    await assert.rejects(make({ metadata: { nonsense: 'x' } }), failsWith('body-invalid'));
    await assert.rejects(make({ storageLimit: 1000 }), failsWith('not-implemented'));
    assert.equal(await projects.find('team', true), undefined);
    await make({ storageLimit: -1 });
  });

  test('change what is named and keep the rest', async () => {
    const { place, projects, admin, audited, changed, allowlists } = await start();
    await using _ = place;
    const team = await projects.create(admin, { name: 'team', public: true, metadata: { auto_scan: 'true' } });
    changed.length = 0;
    await projects.update(admin, team, { metadata: { public: 'false', severity: 'low', auto_scan: '' } });
    assert.deepEqual(await projects.metadataOf(team.id), { public: 'false', auto_scan: 'true', severity: 'low' });
    assert.deepEqual(changed, ['team'], 'who is public is asked anew');
    assert.deepEqual(audited.at(-1)?.before, { public: 'true' });
    assert.deepEqual(audited.at(-1)?.after, { public: 'false', severity: 'low' });
    await projects.update(admin, team, { allowlist: { expiresAt: undefined, items: ['CVE-1'] } });
    await projects.update(admin, team, { allowlist: { expiresAt: undefined, items: [] } });
    assert.deepEqual((await allowlists.find([team.id])).get(team.id)?.items, []);
    assert.deepEqual(await projects.metadataOf(team.id), { public: 'false', auto_scan: 'true', severity: 'low' });
    await assert.rejects(projects.update(admin, team, { metadata: { retention_id: '9' } }), failsWith('body-invalid'));
    await assert.rejects(
      projects.update(admin, { ...team, id: team.id + 9 }, { metadata: { public: 'true' } }),
      failsWith('project-not-found'),
    );
  });

  test('set, change and lose one entry of metadata at a time', async () => {
    const { place, projects, admin, audited } = await start();
    await using _ = place;
    const team = await projects.create(admin, { name: 'team', public: true });
    const set = (name: string, value: string, isNew: boolean) =>
      projects.setMetadata(admin, team, { name, value, isNew });
    await set('auto_scan', 'true', true);
    await assert.rejects(set('auto_scan', 'false', true), failsWith('conflict'));
    await assert.rejects(set('public', 'true', true), failsWith('conflict'));
    await assert.rejects(set('nonsense', 'true', true), failsWith('body-invalid'));
    await set('auto_scan', 'false', false);
    await projects.removeMetadata(admin, team, 'auto_scan');
    await assert.rejects(projects.removeMetadata(admin, team, 'auto_scan'), failsWith('object-not-found'));
    await set('severity', 'high', false);
    await projects.removeMetadata(admin, team, 'severity');
    await projects.removeMetadata(admin, team, 'public');
    assert.deepEqual(await projects.metadataOf(team.id), { public: 'false' });
    assert.deepEqual(audited.map((entry) => [entry.action, entry.before, entry.after]).slice(1), [
      ['create-metadata', undefined, { auto_scan: 'true' }],
      ['update-metadata', { auto_scan: 'true' }, { auto_scan: 'false' }],
      ['delete-metadata', { auto_scan: 'false' }, undefined],
      ['update-metadata', undefined, { severity: 'high' }],
      ['delete-metadata', { severity: 'high' }, undefined],
      ['delete-metadata', { public: 'true' }, undefined],
    ]);
  });

  test('are listed to those who may see them, filtered, in order and by the page', async () => {
    const { place, projects, person, admin, access, members, transact } = await start();
    await using _ = place;
    const [anna, bert] = [await person('anna'), await person('bert')];
    const ids: Record<string, number> = {};
    for (const name of ['open', 'shut', 'team-a', 'team-b']) {
      const asker = name.startsWith('team') ? anna : admin;
      ids[name] = (await projects.create(asker, { name, public: name === 'open' })).id;
    }
    await transact((tx) =>
      members.put(tx, { projectId: ids['team-b'] ?? 0, entityType: 'u', entityId: bert.id, roleId: 3, at: 1 }),
    );
    access.forgetRoles();
    const names = async (asker: { actor: typeof anna.actor }, given: Parameters<typeof readListQuery>[0] = {}) => {
      const viewer = await access.viewerOf(asker.actor);
      const found = await projects.list(viewer, readListQuery(given), { conditions: [], withDetail: true });
      return [found.projects.map(({ name }) => name).join(' '), found.total];
    };
    assert.deepEqual(await names(admin), ['open shut team-a team-b', 4]);
    assert.deepEqual(await names(anna), ['open team-a team-b', 3]);
    assert.deepEqual(await names(bert), ['open team-b', 2]);
    assert.deepEqual(await names({ actor: { kind: 'anonymous' } }), ['open', 1]);
    assert.deepEqual(await names(anna, { q: 'name=~TEAM', sort: '-name' }), ['team-b team-a', 2]);
    assert.deepEqual(await names(bert, { q: 'name=shut' }), ['', 0], 'a filter shows nothing more');
    assert.deepEqual(await names(bert, { q: `project_id=${ids['shut']}` }), ['', 0]);
    assert.deepEqual(await names(admin, { q: 'owner=anna' }), ['team-a team-b', 2]);
    assert.deepEqual(await names(admin, { q: 'public=true' }), ['open', 1]);
    assert.deepEqual(await names(admin, { page: 2, page_size: 3 }), ['team-b', 4]);
    await assert.rejects(names(admin, { q: 'password=x' }), failsWith('query-invalid'));
    await assert.rejects(names(admin, { sort: 'deleted' }), failsWith('query-invalid'));
  });

  test('count the repositories that hold something', async () => {
    const { place, db, projects, admin } = await start();
    await using _ = place;
    const team = await projects.create(admin, { name: 'team', public: false });
    const full = await addRepositoryRow(db, team.id, 'team/full');
    await addRepositoryRow(db, team.id, 'team/empty');
    await place.query(`insert into manifest_content (digest, content) values ('sha256:aa', '7b7d')`);
    await place.query(
      `insert into manifest (repository_id, digest, media_type, size, pushed_at, pushed_by)
       values (${full}, 'sha256:aa', 't', 2, 1, 'x')`,
    );
    assert.equal((await projects.get(team.id))?.repositories, 1);
    assert.match((await projects.findObstacle(team)) ?? '', /still holds artifacts/);
    await assert.rejects(projects.delete(admin, team), failsWith('project-not-empty'));
  });

  test('take everything of their own along when they go, and give nothing to the next of the name', async () => {
    const { place, projects, admin, allowlists, members } = await start();
    await using _ = place;
    const make = () => projects.create(admin, { name: 'team', public: true, metadata: { auto_scan: 'true' } });
    const first = await make();
    await projects.update(admin, first, { allowlist: { expiresAt: undefined, items: ['CVE-1'] } });
    assert.equal(await projects.findObstacle(first), undefined);
    await projects.delete(admin, first);
    for (const table of ['project_metadata', 'cve_allowlist', 'member']) {
      assert.deepEqual(await place.query(`select * from ${table}`), [], table);
    }
    const second = await make();
    assert.notEqual(second.id, first.id);
    assert.deepEqual((await allowlists.find([first.id, second.id])).size, 0);
    assert.deepEqual((await members.countByRole(first.id)).size, 0);
  });
});
