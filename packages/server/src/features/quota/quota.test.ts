import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { forEachDialect, type Dialect } from '#testing/databases';
import { askManagement } from '#testing/management';
import { digestOf, imageManifest, startTestRegistry, type TestRegistry } from '#testing/test-registry';

interface Held {
  readonly hard: { readonly storage: number; readonly count: number };
  readonly used: { readonly storage: number; readonly count: number };
  readonly shared_size: number;
  readonly unique_size: number;
  readonly logical_size: number;
  readonly arriving_size: number;
  readonly blobs: number;
  readonly manifests: number;
  readonly artifacts: number;
}

const KiB = 1024;

/** A registry with a project of so many bytes. */
async function open(on: Dialect, limit: number) {
  await using stack = new AsyncDisposableStack();
  const place = stack.use(await on.makePlace());
  const registry = stack.use(await startTestRegistry({ place }));
  const made = await askManagement(registry, 'POST', '/projects', {
    as: registry.admin,
    body: { project_name: 'team', storage_limit: limit },
  });
  assert.equal(made.status, 201);
  const owned = stack.move();
  return { registry, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

const ask = (registry: TestRegistry, path: string, init: RequestInit = {}) =>
  registry.fetch(path, { as: registry.admin, ...init });

async function held(registry: TestRegistry): Promise<Held> {
  const response = await ask(registry, '/api/entrepot/v1/projects/team/usage');
  assert.equal(response.status, 200);
  return (await response.json()) as Held;
}

async function setLimit(registry: TestRegistry, storage: number): Promise<void> {
  const [row] = await registry.query(
    "select quota.id from quota join project on project.id = quota.project_id where project.name = 'team'",
  );
  const changed = await askManagement(registry, 'PUT', `/quotas/${Number(row?.['id'])}`, {
    as: registry.admin,
    body: { hard: { storage } },
  });
  assert.equal(changed.status, 200);
}

const push = (registry: TestRegistry, repository: string, bytes: Uint8Array) =>
  ask(registry, `/v2/${repository}/blobs/uploads/?digest=${digestOf(bytes)}`, {
    method: 'POST',
    body: Buffer.from(bytes),
  });

async function refusal(response: Response): Promise<string> {
  assert.equal(response.status, 403);
  const { errors } = (await response.json()) as { errors: { code: string; message: string }[] };
  assert.equal(errors[0]?.code, 'DENIED');
  return errors[0]?.message ?? '';
}

const countRows = async (registry: TestRegistry, table: string) =>
  Number((await registry.query(`select count(*) as found from ${table}`))[0]?.['found']);

const eventKinds = async (registry: TestRegistry) =>
  (await registry.query("select kind from outbox_event where kind like 'quota-%' order by id")).map((row) =>
    String(row['kind']),
  );

forEachDialect('the storage of a project', (on) => {
  test('counts what repositories share once, and manifests with it', async () => {
    await using opened = await open(on, -1);
    const { registry } = opened;
    const layer = randomBytes(5000);
    const config = '{"a":1}';
    const manifest = imageManifest(config, [], {
      layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: digestOf(layer), size: 5000 }],
    });
    for (const repository of ['team/one', 'team/two']) {
      await registry.pushBlob(repository, layer);
      await registry.pushBlob(repository, config);
      assert.equal((await registry.putManifest(repository, 'v1', manifest)).status, 201);
    }
    const size = 5000 + config.length + manifest.length;
    assert.deepEqual(await held(registry), {
      hard: { storage: -1, count: -1 },
      used: { storage: size, count: 2 },
      unique_size: size,
      logical_size: 2 * size,
      shared_size: 0,
      arriving_size: 0,
      blobs: 2,
      manifests: 1,
      artifacts: 2,
    });
    const gone = await ask(registry, `/v2/team/one/manifests/${digestOf(manifest)}`, { method: 'DELETE' });
    assert.equal(gone.status, 202);
    assert.equal((await held(registry)).unique_size, size, 'the other repository still has it');
  });

  test('is refused beyond the limit in the words of Harbor, and nothing of it stays', async () => {
    await using opened = await open(on, 10 * KiB);
    const { registry } = opened;
    assert.equal((await push(registry, 'team/app', randomBytes(6 * KiB))).status, 201);
    const large = randomBytes(5 * KiB);
    assert.equal(
      await refusal(await push(registry, 'team/app', large)),
      'adding 5.0 KiB of storage resource, which when updated to current usage of 6.0 KiB will exceed the configured upper limit of 10.0 KiB. Delete what is not needed, or have an administrator raise the limit on bytes.',
    );
    assert.equal((await ask(registry, `/v2/team/app/blobs/${digestOf(large)}`)).status, 404);
    assert.deepEqual(
      [await countRows(registry, 'upload'), await countRows(registry, 'blob')],
      [0, 1],
      'neither an upload nor a blob',
    );
    assert.equal((await held(registry)).unique_size, 6 * KiB);
    assert.equal((await push(registry, 'team/app', randomBytes(4 * KiB))).status, 201, 'what fits still comes in');
    const location = await ask(registry, '/v2/team/app/blobs/uploads/', { method: 'POST' });
    assert.match(await refusal(location), /current usage of 10\.0 KiB/, 'a full project opens no upload');
  });

  test('refuses a manifest and a mount as it refuses a blob', async () => {
    await using opened = await open(on, 3 * KiB);
    const { registry } = opened;
    const config = '{}';
    await registry.pushBlob('team/app', config);
    const manifest = imageManifest(config, [], { annotations: { long: 'x'.repeat(4 * KiB) } });
    await refusal(await registry.putManifest('team/app', 'v1', manifest));
    assert.equal((await ask(registry, '/v2/team/app/manifests/v1')).status, 404);
    assert.equal(await countRows(registry, 'manifest'), 0);
    assert.equal(await countRows(registry, 'tag'), 0);
    const elsewhere = await registry.pushBlob('library/base', randomBytes(4 * KiB));
    const mount = `/v2/team/app/blobs/uploads/?mount=${elsewhere}&from=library/base`;
    await refusal(await ask(registry, mount, { method: 'POST' }));
    assert.equal((await held(registry)).unique_size, config.length);
    await setLimit(registry, 8 * KiB);
    assert.equal((await ask(registry, mount, { method: 'POST' })).status, 201);
    assert.equal((await held(registry)).unique_size, config.length + 4 * KiB);
    await setLimit(registry, 1);
    const again = `/v2/team/other/blobs/uploads/?mount=${elsewhere}&from=library/base`;
    assert.equal((await ask(registry, again, { method: 'POST' })).status, 201, 'what is there takes no room');
  });

  test('refuses to copy an artifact for which there is no room, and copies no part of it', async () => {
    await using opened = await open(on, 3 * KiB);
    const { registry } = opened;
    const config = '{"copied":1}';
    const layer = 'x'.repeat(2 * KiB);
    for (const bytes of [config, layer]) await registry.pushBlob('library/app', bytes);
    const child = imageManifest(config, [layer]);
    assert.equal((await registry.putManifest('library/app', digestOf(child), child)).status, 201);
    const index = JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [
        { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: digestOf(child), size: child.length },
      ],
      annotations: { long: 'y'.repeat(KiB) },
    });
    const pushed = await ask(registry, '/v2/library/app/manifests/v1', {
      method: 'PUT',
      body: index,
      headers: { 'content-type': 'application/vnd.oci.image.index.v1+json' },
    });
    assert.equal(pushed.status, 201);
    const copy = () =>
      askManagement<{ errors: { code: string }[] }>(
        registry,
        'POST',
        '/projects/team/repositories/app/artifacts?from=library/app:v1',
        { as: registry.admin },
      );
    const refused = await copy();
    assert.deepEqual([refused.status, refused.json.errors[0]?.code], [403, 'DENIED']);
    const { unique_size, blobs, manifests } = await held(registry);
    assert.deepEqual([unique_size, blobs, manifests], [0, 0, 0]);
    await setLimit(registry, 8 * KiB);
    assert.equal((await copy()).status, 201);
    assert.equal((await held(registry)).unique_size, config.length + layer.length + child.length + index.length);
  });

  test('keeps room for uploads under way, and gives it back when they end', async () => {
    await using opened = await open(on, 10 * KiB);
    const { registry } = opened;
    const start = () => ask(registry, '/v2/team/app/blobs/uploads/', { method: 'POST' });
    const first = await registry.startUpload('team/app');
    const second = await registry.startUpload('team/app');
    const append = (to: string, bytes: number) => ask(registry, to, { method: 'PATCH', body: randomBytes(bytes) });
    assert.equal((await append(first, 6 * KiB)).status, 202);
    assert.equal((await append(second, 5 * KiB)).status, 202, 'an upload that fits alone is not cut off');
    assert.equal((await held(registry)).arriving_size, 11 * KiB);
    await refusal(await start());
    assert.equal((await ask(registry, second, { method: 'DELETE' })).status, 204);
    const third = await start();
    assert.equal(third.status, 202);
    await refusal(await append(first, 5 * KiB));
    assert.equal((await ask(registry, first)).status, 404, 'an upload that was refused is gone');
    assert.equal((await held(registry)).arriving_size, 0);
  });

  test('stops a stream of unknown length where the room ends', async () => {
    await using opened = await open(on, 10 * KiB);
    const { registry } = opened;
    const location = await registry.startUpload('team/app');
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, 2));
        sent += 4 * KiB;
        controller.enqueue(randomBytes(4 * KiB));
        if (sent >= 40 * KiB) controller.close();
      },
    });
    const response = await ask(registry, location, { method: 'PATCH', body, duplex: 'half' } as RequestInit);
    await refusal(response);
    assert.equal(await countRows(registry, 'upload'), 0);
  });

  test('lets exactly one of 50 pushes in when only one fits', async () => {
    await using opened = await open(on, 100 * KiB);
    const { registry } = opened;
    const statuses = await Promise.all(
      Array.from({ length: 50 }, async (_, at) => {
        const bytes = randomBytes(60 * KiB);
        const response = await push(registry, `team/app${at % 5}`, bytes);
        await response.arrayBuffer();
        return response.status;
      }),
    );
    assert.deepEqual(
      [statuses.filter((status) => status === 201).length, statuses.filter((status) => status === 403).length],
      [1, 49],
    );
    assert.equal((await held(registry)).unique_size, 60 * KiB);
    assert.equal(await countRows(registry, 'blob'), 1);
    assert.equal(await countRows(registry, 'upload'), 0);
  });

  test('lets 50 finishing uploads in as far as they fit, not one byte more', async () => {
    await using opened = await open(on, 55 * KiB);
    const { registry } = opened;
    const locations: [string, Buffer][] = [];
    for (let at = 0; at < 50; at += 1) locations.push([await registry.startUpload('team/app'), randomBytes(10 * KiB)]);
    const statuses = await Promise.all(
      locations.map(async ([location, bytes]) => {
        const response = await ask(registry, `${location}?digest=${digestOf(bytes)}`, { method: 'PUT', body: bytes });
        await response.arrayBuffer();
        return response.status;
      }),
    );
    assert.equal(statuses.filter((status) => status === 201).length, 5);
    assert.equal((await held(registry)).unique_size, 50 * KiB);
  });

  test('warns above 85 percent, and tells once that it is nearly full and once that it is full', async () => {
    await using opened = await open(on, 10 * KiB);
    const { registry } = opened;
    const below = await push(registry, 'team/app', randomBytes(8 * KiB));
    assert.equal(below.headers.get('warning'), null);
    const above = await push(registry, 'team/app', randomBytes(KiB));
    assert.equal(above.headers.get('warning'), '299 - "The project uses 9.0 KiB of its 10.0 KiB of storage, 90 %."');
    const config = '{}';
    const small = await push(registry, 'team/app', Buffer.from(config));
    assert.match(small.headers.get('warning') ?? '', /90 %/);
    const manifest = await registry.putManifest('team/app', 'v1', imageManifest(config, []));
    assert.match(manifest.headers.get('warning') ?? '', /^299 - "The project uses 9\.\d KiB of its 10\.0 KiB/);
    for (let round = 0; round < 3; round += 1) await refusal(await push(registry, 'team/app', randomBytes(2 * KiB)));
    assert.deepEqual(await eventKinds(registry), ['quota-warning', 'quota-exceeded']);
    const [row] = await registry.query("select payload from outbox_event where kind = 'quota-exceeded'");
    const { used, limit, operator, repository, projectName, message } = JSON.parse(String(row?.['payload'])) as Record<
      string,
      unknown
    >;
    assert.deepEqual([limit, operator, repository, projectName], [10 * KiB, 'admin', 'team/app', 'team']);
    assert.ok(Number(used) > 9 * KiB && String(message).startsWith('adding 2.0 KiB of storage resource'));
    await setLimit(registry, 9.5 * KiB);
    await refusal(await push(registry, 'team/app', randomBytes(2 * KiB)));
    assert.equal((await eventKinds(registry)).length, 3, 'another limit is another story');
  });

  test('is not limited while the settings say so', async () => {
    await using opened = await open(on, KiB);
    const { registry } = opened;
    const settings = (value: boolean) =>
      askManagement(registry, 'PUT', '/configurations', {
        as: registry.admin,
        body: { quota_per_project_enable: value },
      });
    assert.equal((await settings(false)).status, 200);
    assert.equal((await push(registry, 'team/app', randomBytes(2 * KiB))).status, 201);
    assert.equal((await settings(true)).status, 200);
    await refusal(await push(registry, 'team/app', randomBytes(1)));
  });
});
