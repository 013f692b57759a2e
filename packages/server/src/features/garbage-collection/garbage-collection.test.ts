import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { forEachDialect } from '#testing/databases';
import { eventually } from '#testing/test-clock';
import { digestOf, imageManifest, startTestRegistry, type TestRegistry } from '#testing/test-registry';

interface Run {
  readonly id: number;
  readonly job_status: string;
  readonly job_parameters: string;
}

const json = { 'content-type': 'application/json' };

function ask(registry: TestRegistry, method: string, path: string, body?: unknown, as = registry.admin) {
  return registry.fetch(`/api/v2.0${path}`, {
    method,
    as,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: json }),
  });
}

/** Asks for a collection as clients of Harbor do, and waits for its end. */
async function collect(registry: TestRegistry, parameters: object = {}) {
  const asked = await ask(registry, 'POST', '/system/gc/schedule', { schedule: { type: 'Manual' }, parameters });
  assert.equal(asked.status, 201, await asked.clone().text());
  const where = asked.headers.get('location') ?? '';
  const run = await eventually(async () => {
    const found = (await (await registry.fetch(where, { as: registry.admin })).json()) as Run;
    return ['Success', 'Error', 'Stopped'].includes(found.job_status) ? found : undefined;
  }, 20_000);
  const log = await (await registry.fetch(`${where}/log`, { as: registry.admin })).text();
  assert.equal(run.job_status, 'Success', log);
  return { log, figures: JSON.parse(run.job_parameters) as Record<string, number> };
}

/** Until what was done before is older than a grace of a second. */
const graceOver = () => new Promise((resolve) => setTimeout(resolve, 1100));

const head = async (registry: TestRegistry, repository: string, digest: string) =>
  (await registry.fetch(`/v2/${repository}/blobs/${digest}`, { method: 'HEAD', as: registry.admin })).status;

const remove = (registry: TestRegistry, path: string) =>
  registry.fetch(`/v2/${path}`, { method: 'DELETE', as: registry.admin });

async function filesOf(registry: TestRegistry): Promise<string[]> {
  const found = await readdir(join(registry.data, 'blobs', 'sha256'), { recursive: true });
  return found.filter((name) => name.includes('.')).map((name) => name.split('/')[1]?.split('.')[0] ?? '');
}

const hexOf = (digest: string) => digest.slice('sha256:'.length);

forEachDialect('the collection', (on) => {
  describe('with a grace of a second', { concurrency: false }, () => {
    const opened = (async () => {
      const place = await on.makePlace();
      const registry = await startTestRegistry({ place, env: { ENTREPOT_GC_GRACE: '1s', ENTREPOT_GC_INTERVAL: '0s' } });
      await registry.addProject('team');
      await registry.addProject('other');
      return { registry, place };
    })();
    after(async () => {
      const { registry, place } = await opened;
      await registry[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
    });

    test('takes what a deleted image alone needed, in all its stages, and nothing else', async () => {
      const { registry } = await opened;
      const kept = await registry.pushImage('team/kept', 'v1');
      const shared = 'a layer that both share';
      await registry.pushBlob('team/gone', shared);
      await registry.pushBlob('team/stays', shared);
      await registry.pushBlob('team/gone', 'config of gone');
      await registry.pushBlob('team/gone', 'layer of gone');
      await registry.pushBlob('team/stays', 'config of stays');
      const stays = imageManifest('config of stays', [shared]);
      const gone = imageManifest('config of gone', [shared, 'layer of gone']);
      await registry.putManifest('team/stays', 'v1', stays);
      await registry.putManifest('team/gone', 'v1', gone);
      assert.equal((await remove(registry, `team/gone/manifests/${digestOf(gone)}`)).status, 202);
      // Unlinked and condemned; removed; given back: each waits for its time.
      for (let round = 0; round < 4; round += 1) {
        await graceOver();
        await collect(registry);
      }
      assert.equal(await head(registry, 'team/gone', digestOf('layer of gone')), 404);
      assert.equal(await head(registry, 'team/gone', digestOf(shared)), 404);
      assert.equal(await head(registry, 'team/stays', digestOf(shared)), 200);
      const files = await filesOf(registry);
      assert.ok(!files.includes(hexOf(digestOf('layer of gone'))), 'its bytes are gone');
      assert.ok(!files.includes(hexOf(digestOf('config of gone'))));
      for (const digest of [shared, 'config of stays'].map(digestOf)) assert.ok(files.includes(hexOf(digest)));
      const pulled = await registry.fetch(`/v2/team/kept/blobs/${kept.layer}`, { as: registry.admin });
      assert.equal(pulled.status, 200);
      assert.equal(digestOf(Buffer.from(await pulled.arrayBuffer())), kept.layer);
      assert.deepEqual(await registry.query('select id from trash'), []);
    });

    test('takes uploads that no manifest ever needed', async () => {
      const { registry } = await opened;
      const digest = await registry.pushBlob('team/half', 'never used');
      await collect(registry);
      assert.equal(await head(registry, 'team/half', digest), 200, 'within the grace it stays');
      await graceOver();
      await collect(registry);
      assert.equal(await head(registry, 'team/half', digest), 404);
    });

    test('lets whoever relies on a condemned blob save it', async () => {
      const { registry } = await opened;
      const digest = await registry.pushBlob('team/saved', 'to be saved');
      await graceOver();
      await collect(registry);
      const [row] = await registry.query(`select condemned_at from blob where digest = '${digest}'`);
      assert.ok(row !== undefined && row['condemned_at'] !== null, 'it is condemned');
      assert.equal(await registry.pushBlob('other/app', 'to be saved'), digest);
      await registry.pushBlob('other/app', 'config');
      await registry.putManifest('other/app', 'v1', imageManifest('config', ['to be saved']));
      await graceOver();
      await collect(registry);
      await graceOver();
      await collect(registry);
      const pulled = await registry.fetch(`/v2/other/app/blobs/${digest}`, { as: registry.admin });
      assert.equal(await pulled.text(), 'to be saved');
    });

    test('spares a blob that a client asked for and relies on', async () => {
      const { registry } = await opened;
      const digest = await registry.pushBlob('team/asked', 'asked for');
      await registry.pushBlob('team/asked', 'its config');
      for (let round = 0; round < 3; round += 1) {
        await new Promise((resolve) => setTimeout(resolve, 600));
        for (const each of [digest, digestOf('its config')])
          assert.equal(await head(registry, 'team/asked', each), 200);
        await collect(registry);
      }
      const pushed = await registry.putManifest('team/asked', 'v1', imageManifest('its config', ['asked for']));
      assert.equal(pushed.status, 201);
    });

    test('leaves artifacts without a tag alone unless told, and then keeps what an index or a subject holds', async () => {
      const { registry } = await opened;
      const put = async (repository: string, name: string, reference: string | undefined, fields: object = {}) => {
        await registry.pushBlob(repository, `${name} config`);
        const manifest = imageManifest(`${name} config`, [], fields);
        const made = await registry.putManifest(repository, reference ?? digestOf(manifest), manifest);
        assert.equal(made.status, 201, await made.text());
        return { digest: digestOf(manifest), size: Buffer.byteLength(manifest) };
      };
      const child = await put('team/multi', 'child', undefined);
      const alone = await put('team/multi', 'alone', undefined);
      const old = await put('team/multi', 'old', 'latest');
      await put('team/multi', 'new', 'latest');
      const subject = { mediaType: 'application/vnd.oci.image.manifest.v1+json', ...child };
      const signature = await put('team/multi', 'signature', undefined, { artifactType: 'application/x', subject });
      const pinned = await put('team/pinned', 'pinned', undefined);
      await registry.query("update repository set pinned = 1 where name = 'team/pinned'");
      const index = JSON.stringify({
        schemaVersion: 2,
        mediaType: 'application/vnd.oci.image.index.v1+json',
        manifests: [subject],
      });
      const made = await registry.fetch('/v2/team/multi/manifests/all', {
        method: 'PUT',
        as: registry.admin,
        body: index,
        headers: { 'content-type': 'application/vnd.oci.image.index.v1+json' },
      });
      assert.equal(made.status, 201, await made.text());
      await graceOver();
      const there = async (repository: string, digest: string) =>
        (await registry.fetch(`/v2/${repository}/manifests/${digest}`, { method: 'HEAD', as: registry.admin })).status;
      await collect(registry);
      assert.equal(await there('team/multi', alone.digest), 200);
      const dry = await collect(registry, { delete_untagged: true, dry_run: true });
      assert.match(dry.log, new RegExp(`Would delete team/multi@${alone.digest}`));
      assert.equal(await there('team/multi', alone.digest), 200, 'a dry run changes nothing');
      const { log, figures } = await collect(registry, { delete_untagged: true });
      assert.match(log, new RegExp(`Deleted team/multi@${old.digest}`));
      assert.equal(figures['purged_manifests'], 2);
      assert.deepEqual(
        [
          await there('team/multi', alone.digest),
          await there('team/multi', old.digest),
          await there('team/multi', child.digest),
          await there('team/multi', signature.digest),
          await there('team/pinned', pinned.digest),
        ],
        [404, 404, 200, 200, 200],
      );
    });
  });
});

describe('Harbor’s operations on collections', () => {
  const opened = startTestRegistry({ env: { ENTREPOT_GC_INTERVAL: '0s' } });
  after(async () => (await opened)[Symbol.asyncDispose]());

  test('show runs with their logs, set a schedule and take it away', async () => {
    const registry = await opened;
    await collect(registry, { dry_run: true });
    const list = await ask(registry, 'GET', '/system/gc?page=1&page_size=5');
    assert.equal(list.headers.get('x-total-count'), '1');
    assert.deepEqual(await (await ask(registry, 'GET', '/system/gc/schedule')).json(), {});
    const daily = { schedule: { type: 'Custom', cron: '0 30 2 * * *' }, parameters: { delete_untagged: true } };
    assert.equal((await ask(registry, 'POST', '/system/gc/schedule', daily)).status, 201);
    const schedule = (await (await ask(registry, 'GET', '/system/gc/schedule')).json()) as {
      schedule: { cron: string; type: string; next_scheduled_time: string };
    };
    assert.equal(schedule.schedule.cron, '0 30 2 * * *');
    assert.match(schedule.schedule.next_scheduled_time, /T02:30:00/);
    const wrong = { schedule: { type: 'Custom', cron: 'every day' } };
    assert.equal((await ask(registry, 'PUT', '/system/gc/schedule', wrong)).status, 400);
    assert.equal((await ask(registry, 'PUT', '/system/gc/schedule', { schedule: { type: 'None' } })).status, 200);
    assert.deepEqual(await (await ask(registry, 'GET', '/system/gc/schedule')).json(), {});
    assert.equal((await ask(registry, 'GET', '/system/gc/99999')).status, 404);
    assert.equal((await ask(registry, 'GET', '/system/gc/99999/log')).status, 404);
    assert.equal((await ask(registry, 'PUT', '/system/gc/99999')).status, 404);
  });
});

test('a registry collects by itself what is due', async () => {
  await using registry = await startTestRegistry({
    env: { ENTREPOT_GC_GRACE: '1s', ENTREPOT_GC_INTERVAL: '300ms' },
  });
  const digest = await registry.pushBlob('library/x', 'left behind');
  await eventually(async () => ((await filesOf(registry)).includes(hexOf(digest)) ? undefined : true), 15_000);
  assert.deepEqual(await registry.query('select id from blob'), []);
});
