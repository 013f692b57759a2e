import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBlobRecords } from '#registry/blobs';
import { forEachDialect } from '#testing/databases';
import { addProjectRow, addRepositoryRow, aDigest } from '#testing/rows';
import { askManagement } from '#testing/management';
import { eventually } from '#testing/test-clock';
import { digestOf, imageManifest, startTestRegistry, type TestRegistry } from '#testing/test-registry';
import type { BlobLocation } from '#platform/blobs';
import { createFolding } from './folding.ts';
import { createQuotaReadModel } from './read-model.ts';
import { createQuotaStore } from './store.ts';
import type { Amounts } from './types.ts';

/** Numbers that come again with the same seed (mulberry32). */
function createRandom(seed: number) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return <T>(choices: readonly T[]): T => choices[Math.floor(next() * choices.length)] as T;
}

const projects = ['north', 'south'];
const repositories = projects.flatMap((project) => ['a', 'b'].map((name) => `${project}/${name}`));
const configs = ['{"n":1}', '{"n":2}'];
const layers = ['one'.repeat(300), 'two'.repeat(500)];
/** In no manifest. */
const loose = 'three'.repeat(400);
const tags = ['v1', 'v2'];

/** Everything that gives a project content or takes it away, done to what is there or not; each answers its statuses. */
function createSteps(registry: TestRegistry, choose: ReturnType<typeof createRandom>) {
  const as = registry.admin;
  const statusOf = async (path: string, init: RequestInit) => {
    const response = await registry.fetch(path, { as, ...init });
    await response.arrayBuffer();
    return response.status;
  };
  const pushBlob = (repository: string, bytes: string) =>
    statusOf(`/v2/${repository}/blobs/uploads/?digest=${digestOf(bytes)}`, { method: 'POST', body: bytes });
  const manage = async (method: string, path: string, body?: unknown) =>
    (await askManagement(registry, method, path, { as, body })).status;

  async function pushImage(repository: string, tag: string, config: string, layer: string): Promise<number[]> {
    const statuses = [await pushBlob(repository, config), await pushBlob(repository, layer)];
    const pushed = await registry.putManifest(repository, tag, imageManifest(config, [layer]));
    await pushed.arrayBuffer();
    return [...statuses, pushed.status];
  }
  const anyImage = () => pushImage(choose(repositories), choose(tags), choose(configs), choose(layers));
  const path = (repository: string) => `/projects/${repository.replace('/', '/repositories/')}`;

  return {
    pushImage: anyImage,
    pushAnother: anyImage,
    pushBlob: async () => [await pushBlob(choose(repositories), choose([...layers, loose]))],
    async mount() {
      const [from, to, bytes] = [choose(repositories), choose(repositories), choose([...layers, loose])];
      const query = `mount=${digestOf(bytes)}&from=${from}`;
      return [await pushBlob(from, bytes), await statusOf(`/v2/${to}/blobs/uploads/?${query}`, { method: 'POST' })];
    },
    async copy() {
      const [from, to, tag] = [choose(repositories), choose(repositories), choose(tags)];
      const pushed = await pushImage(from, tag, choose(configs), choose(layers));
      return [...pushed, await manage('POST', `${path(to)}/artifacts?from=${from}:${tag}`)];
    },
    async deleteManifest() {
      const [repository, config, layer] = [choose(repositories), choose(configs), choose(layers)];
      const pushed = choose([true, false]) ? await pushImage(repository, choose(tags), config, layer) : [];
      const reference = digestOf(imageManifest(config, [layer]));
      return [...pushed, await statusOf(`/v2/${repository}/manifests/${reference}`, { method: 'DELETE' })];
    },
    deleteTag: async () => [
      await statusOf(`/v2/${choose(repositories)}/manifests/${choose(tags)}`, { method: 'DELETE' }),
    ],
    async deleteBlob() {
      const [repository, bytes] = [choose(repositories), choose([...layers, loose, loose])];
      const pushed = await pushBlob(repository, bytes);
      return [pushed, await statusOf(`/v2/${repository}/blobs/${digestOf(bytes)}`, { method: 'DELETE' })];
    },
    deleteArtifact: async () => [await manage('DELETE', `${path(choose(repositories))}/artifacts/${choose(tags)}`)],
    async deleteRepository() {
      const repository = choose(repositories);
      const pushed = choose([true, false]) ? await pushImage(repository, 'v1', choose(configs), choose(layers)) : [];
      return [...pushed, await manage('DELETE', path(repository))];
    },
    /** What was deleted just now, or before. */
    async restore() {
      const repository = choose(repositories);
      const [project] = repository.split('/');
      const statuses = await pushImage(repository, 'v1', choose(configs), choose(layers));
      statuses.push(await manage('DELETE', path(repository)));
      const from = `/api/entrepot/v1/projects/${project}/deletions`;
      const listed = await registry.fetch(from, { as });
      const deletions = (await listed.json()) as { id: number }[];
      const { id } = choose(deletions) ?? { id: 0 };
      return [...statuses, await statusOf(`${from}/${id}/restore`, { method: 'POST' })];
    },
    async collect() {
      const body = { schedule: { type: 'Manual' }, parameters: { delete_untagged: choose([true, false]) } };
      const asked = await registry.fetch('/api/v2.0/system/gc/schedule', {
        method: 'POST',
        as,
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      });
      const run = asked.headers.get('location');
      if (asked.status !== 201 || run === null) return [asked.status];
      await eventually(async () => {
        const { job_status: status } = (await (await registry.fetch(run, { as })).json()) as { job_status: string };
        return ['Success', 'Error'].includes(status) ? status : undefined;
      });
      return [asked.status];
    },
    async deleteProject() {
      const project = choose(projects);
      const statuses: number[] = [];
      for (const one of repositories.filter((name) => name.startsWith(project))) {
        statuses.push(await manage('DELETE', path(one)));
      }
      statuses.push(await manage('DELETE', `/projects/${project}`));
      return [...statuses, await manage('POST', '/projects', { project_name: project })];
    },
  };
}

async function recount(registry: TestRegistry, project: string) {
  const init = { method: 'POST', as: registry.admin };
  const response = await registry.fetch(`/api/entrepot/v1/projects/${project}/quota/recount`, init);
  assert.equal(response.status, 200);
  return (await response.json()) as Readonly<Record<'counted' | 'found' | 'difference', Amounts>>;
}

const none: Amounts = { storage: 0, count: 0 };

forEachDialect('the running figure', (on) => {
  for (const [seed, together, rounds] of [
    [1, 1, 60],
    [2, 5, 20],
  ] as const) {
    test(`is what is there after everything that is done, ${together} at a time`, async () => {
      await using place = await on.makePlace();
      // What nobody needs can be collected after a second, and what was deleted be had back for an hour.
      const env = { ENTREPOT_GC_GRACE: '1s', ENTREPOT_UNDO_WINDOW: '1h', ENTREPOT_GC_INTERVAL: '0s' };
      await using registry = await startTestRegistry({ place, env });
      for (const project of projects) await registry.addProject(project);
      const choose = createRandom(seed);
      const steps = createSteps(registry, choose);
      const names = Object.keys(steps) as (keyof typeof steps)[];
      const seen = new Map<string, Set<number>>();
      let most = 0;
      for (let round = 0; round < rounds; round += 1) {
        let doing = Array.from({ length: together }, () => choose(names));
        // Each comes up, in whatever order chance wants beside.
        if (round % 3 === 0) doing[0] = names[(round / 3) % names.length] as (typeof names)[number];
        // A project goes for itself: a push into one that is just deleted has nowhere to go.
        if (doing.includes('deleteProject')) doing = ['deleteProject'];
        const done = await Promise.all(doing.map((name) => steps[name]()));
        for (const [at, statuses] of done.entries()) {
          const name = doing[at] as string;
          seen.set(name, new Set([...(seen.get(name) ?? []), statuses.at(-1) ?? 0]));
          assert.ok(
            Math.max(...statuses) < 500,
            `${name} was answered with ${statuses.join(', ')}: ${registry.logs()}`,
          );
        }
        for (const project of projects) {
          const { counted, found, difference } = await recount(registry, project);
          const seen = `counted ${JSON.stringify(counted)}, found ${JSON.stringify(found)}`;
          assert.deepEqual(difference, none, `${project} after ${doing.join(', ')}: ${seen}`);
          most = Math.max(most, found.storage);
        }
      }
      assert.ok(most > 1500, 'the projects held something');
      const happened = [...seen].filter(([, statuses]) => [...statuses].some((status) => status < 300));
      // Side by side it is left to chance who comes first.
      if (together === 1) assert.deepEqual(new Set(happened.map(([name]) => name)), new Set(names), 'each was done');
      const rest = await registry.query(
        'select count(*) as rest from quota_ledger where project_id not in (select id from project)',
      );
      assert.equal(Number(rest[0]?.['rest']), 0);
    });
  }

  test('loses nothing when one repository lets a blob go while others take it', async () => {
    await using place = await on.open();
    const { db } = place;
    const records = createBlobRecords(db);
    const readModel = createQuotaReadModel(db);
    const projectId = await addProjectRow(db, 'team');
    const ids = await Promise.all(
      Array.from({ length: 4 }, (_, at) => addRepositoryRow(db, projectId, `team/app${at}`)),
    );
    const digest = aDigest('layer');
    const blob = await db.transact((tx) =>
      records.insert(tx, { digest, size: 77, location: 'l' as BlobLocation, at: 1 }),
    );
    for (let round = 0; round < 40; round += 1) {
      await Promise.all(
        ids.map((id, at) =>
          db.transact(async (tx) => {
            if ((round + at) % 2 === 0) await records.link(tx, id, blob.id, 1);
            else await records.unlink(tx, id, digest);
          }),
        ),
      );
      const found = await readModel.recount(projectId);
      const there = { storage: 77, count: 0 };
      assert.deepEqual(found, { counted: there, found: there }, `round ${round}`);
    }
  });

  test('is the same before and after it is folded, also while content comes', async () => {
    await using place = await on.open();
    const { db } = place;
    const records = createBlobRecords(db);
    const store = createQuotaStore(db);
    const projectId = await addProjectRow(db, 'team');
    const repositoryId = await addRepositoryRow(db, projectId, 'team/app');
    const add = (at: number) =>
      db.transact(async (tx) => {
        const made = await records.insert(tx, {
          digest: aDigest(`layer ${at}`),
          size: 10,
          location: `l${at}` as BlobLocation,
          at: 1,
        });
        await records.link(tx, repositoryId, made.id, 1);
      });
    await using folding = createFolding({
      store,
      transact: db.transact,
      onError: assert.ifError,
      everyMs: 0,
    });
    let low = 0;
    for (let round = 0; round < 10; round += 1) {
      const adding = Promise.all(Array.from({ length: 5 }, (_, at) => add(round * 5 + at)));
      await folding.foldAll();
      const seen = (await store.measure(projectId))?.used.storage ?? 0;
      assert.ok(seen >= low && seen <= (round + 1) * 50, `${seen} in round ${round}`);
      await adding;
      low = (round + 1) * 50;
      assert.equal((await store.measure(projectId))?.used.storage, low);
    }
    await folding.foldAll();
    assert.deepEqual(await store.measure(projectId), {
      hard: { storage: -1, count: -1 },
      used: { storage: 500, count: 0 },
      pending: 0,
      warned: false,
      exceeded: false,
    });
  });

  test('is mended, and the difference said, should it ever differ', async () => {
    await using place = await on.makePlace();
    await using registry = await startTestRegistry({ place });
    await registry.addProject('team');
    const pushed = await registry.pushImage('team/app', 'v1');
    await registry.pushImage('team/app', 'v2');
    const { found, difference } = await recount(registry, 'team');
    assert.deepEqual(difference, none);
    const team = "(select id from project where name = 'team')";
    await registry.query(`update quota set used = used + 1000, used_count = used_count + 3 where project_id = ${team}`);
    await registry.query(
      `delete from project_blob where project_id = ${team} and blob_id = (select id from blob where digest = '${pushed.layer}')`,
    );
    await registry.query(
      `insert into project_manifest (project_id, digest, size) select id, 'gone', 5 from project where name = 'team'`,
    );
    const broken = await recount(registry, 'team');
    assert.deepEqual(broken.found, found);
    assert.equal(broken.difference.count, -3);
    assert.notEqual(broken.difference.storage, 0);
    assert.deepEqual(await recount(registry, 'team'), { counted: found, found, difference: none });
    await askManagement(registry, 'DELETE', '/projects/team/repositories/app', { as: registry.admin });
    const { found: left, difference: rest } = await recount(registry, 'team');
    assert.deepEqual([left.count, rest], [0, none]);
  });
});
