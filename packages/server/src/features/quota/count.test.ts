import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { forEachDialect, type Dialect } from '#testing/databases';
import { askManagement } from '#testing/management';
import { eventually } from '#testing/test-clock';
import { digestOf, imageManifest, startTestRegistry, type TestRegistry } from '#testing/test-registry';

interface Held {
  readonly hard: { readonly storage: number; readonly count: number };
  readonly used: { readonly storage: number; readonly count: number };
  readonly unique_size: number;
  readonly logical_size: number;
  readonly shared_size: number;
  readonly arriving_size: number;
}

const KiB = 1024;
const indexType = 'application/vnd.oci.image.index.v1+json';
const config = '{"counted":1}';

/** A registry with a project of limits. */
async function open(on: Dialect, hard: { readonly storage?: number; readonly count?: number }) {
  await using stack = new AsyncDisposableStack();
  const place = stack.use(await on.makePlace());
  const registry = stack.use(await startTestRegistry({ place }));
  await registry.addProject('team');
  await registry.addProject('other');
  await setLimits(registry, hard);
  const owned = stack.move();
  return { registry, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

const ask = (registry: TestRegistry, path: string, init: RequestInit = {}) =>
  registry.fetch(path, { as: registry.admin, ...init });

async function setLimits(registry: TestRegistry, hard: { readonly storage?: number; readonly count?: number }) {
  const [row] = await registry.query(
    "select quota.id from quota join project on project.id = quota.project_id where project.name = 'team'",
  );
  const path = `/quotas/${Number(row?.['id'])}`;
  assert.equal((await askManagement(registry, 'PUT', path, { as: registry.admin, body: { hard } })).status, 200);
}

async function held(registry: TestRegistry, project = 'team'): Promise<Held> {
  const response = await ask(registry, `/api/entrepot/v1/projects/${project}/usage`);
  assert.equal(response.status, 200);
  return (await response.json()) as Held;
}

async function assertRecounts(registry: TestRegistry): Promise<void> {
  const response = await ask(registry, '/api/entrepot/v1/projects/team/quota/recount', { method: 'POST' });
  const { difference } = (await response.json()) as { difference: object };
  assert.deepEqual(difference, { storage: 0, count: 0 });
}

async function refusal(response: Response): Promise<string> {
  const text = await response.text();
  assert.equal(response.status, 403, text);
  const { errors } = JSON.parse(text) as { errors: { code: string; message: string }[] };
  assert.equal(errors[0]?.code, 'DENIED');
  return errors[0]?.message ?? '';
}

/** Another image each time, of the one config that is there. */
const another = (nonce: string) => imageManifest(config, [], { annotations: { nonce } });

const put = (registry: TestRegistry, reference: string, manifest: string, type?: string) =>
  ask(registry, `/v2/team/app/manifests/${reference}`, {
    method: 'PUT',
    body: manifest,
    headers: { 'content-type': type ?? 'application/vnd.oci.image.manifest.v1+json' },
  });

const indexOf = (...children: string[]) =>
  JSON.stringify({
    schemaVersion: 2,
    mediaType: indexType,
    manifests: children.map((child) => ({
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      digest: digestOf(child),
      size: child.length,
    })),
  });

forEachDialect('the number of artifacts of a project', (on) => {
  test('is limited in the words of Harbor, and nothing of the one too many stays', async () => {
    await using opened = await open(on, { count: 2 });
    const { registry } = opened;
    await registry.pushBlob('team/app', config);
    const [one, two, three] = [another('1'), another('2'), another('3')];
    const first = await put(registry, 'v1', one);
    assert.equal(first.headers.get('warning'), null);
    const second = await put(registry, 'v2', two);
    assert.equal(second.headers.get('warning'), '299 - "The project uses 2 of its 2 artifacts, 100 %."');
    assert.equal(
      await refusal(await put(registry, 'v3', three)),
      'adding 1 of count resource, which when updated to current usage of 2 will exceed the configured upper limit of 2. Delete artifacts that are not needed, or have an administrator raise the limit on their number.',
    );
    await refusal(await put(registry, digestOf(three), three));
    assert.equal((await ask(registry, `/v2/team/app/manifests/${digestOf(three)}`)).status, 404);
    assert.equal((await put(registry, 'v1', one)).status, 201, 'what is there is no more than before');
    assert.equal((await put(registry, 'again', one)).status, 201, 'a tag is no artifact');
    const signature = imageManifest(config, [], {
      subject: { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: digestOf(one), size: one.length },
    });
    assert.equal((await put(registry, digestOf(signature), signature)).status, 201, 'what is attached belongs to it');
    assert.deepEqual((await held(registry)).used.count, 2);
    assert.equal((await ask(registry, `/v2/team/app/manifests/${digestOf(two)}`, { method: 'DELETE' })).status, 202);
    assert.equal((await put(registry, 'v3', three)).status, 201);
    await refusal(await put(registry, 'v2', two));
    await setLimits(registry, { count: -1 });
    assert.equal((await put(registry, 'v2', two)).status, 201);
    assert.equal((await held(registry)).used.count, 3);
    const kinds = await registry.query("select kind from outbox_event where kind like 'quota-%' order by id");
    assert.deepEqual(
      kinds.map((row) => row['kind']),
      ['quota-warning', 'quota-exceeded'],
    );
    await assertRecounts(registry);
  });

  test('counts an index as one: its parts are its own from its push on, until they get a tag', async () => {
    await using opened = await open(on, { count: 2 });
    const { registry } = opened;
    await registry.pushBlob('team/app', config);
    const parts = [another('amd64'), another('arm64')];
    for (const part of parts) assert.equal((await put(registry, digestOf(part), part)).status, 201);
    assert.equal((await held(registry)).used.count, 2, 'nobody knows yet what they are parts of');
    assert.equal((await put(registry, 'v1', indexOf(...parts), indexType)).status, 201);
    assert.equal((await held(registry)).used.count, 1);
    await setLimits(registry, { count: 1 });
    const tag = () =>
      askManagement(registry, 'POST', `/projects/team/repositories/app/artifacts/${digestOf(parts[0] ?? '')}/tags`, {
        as: registry.admin,
        body: { name: 'alone' },
      });
    assert.equal((await tag()).status, 403);
    assert.equal((await ask(registry, '/v2/team/app/manifests/alone')).status, 404);
    await setLimits(registry, { count: 2 });
    assert.equal((await tag()).status, 201);
    assert.equal((await held(registry)).used.count, 2);
    assert.equal((await ask(registry, '/v2/team/app/manifests/v1', { method: 'DELETE' })).status, 202);
    assert.equal((await held(registry)).used.count, 2, 'without its tag it is an artifact still');
    await assertRecounts(registry);
  });

  test('lets exactly as many of 40 pushes at once in as there is room for', async () => {
    await using opened = await open(on, { count: 7 });
    const { registry } = opened;
    await registry.pushBlob('team/app', config);
    const statuses = await Promise.all(
      Array.from({ length: 40 }, async (_, at) => {
        const response = await put(registry, `v${at}`, another(String(at)));
        await response.arrayBuffer();
        return response.status;
      }),
    );
    assert.deepEqual(
      [statuses.filter((status) => status === 201).length, statuses.filter((status) => status === 403).length],
      [7, 33],
      statuses.join(' '),
    );
    assert.equal((await held(registry)).used.count, 7);
    await assertRecounts(registry);
  });

  test('refuses a copy for which there is no room before it has copied a part of it', async () => {
    await using opened = await open(on, { count: 1 });
    const { registry } = opened;
    await registry.pushImage('team/app', 'v1');
    await registry.pushImage('other/app', 'v2');
    const copy = () =>
      askManagement(registry, 'POST', '/projects/team/repositories/copied/artifacts?from=other/app:v2', {
        as: registry.admin,
      });
    const before = (await held(registry)).used;
    assert.equal((await copy()).status, 403);
    assert.deepEqual((await held(registry)).used, before);
    await setLimits(registry, { count: 2 });
    assert.equal((await copy()).status, 201);
    const after = await held(registry);
    assert.equal(after.used.count, 2);
    assert.ok(after.shared_size > 0 && after.shared_size < after.unique_size, 'what both projects hold is told');
    assert.equal((await held(registry, 'other')).shared_size, (await held(registry, 'other')).unique_size);
  });
});

forEachDialect('the room of a deleted image', (on) => {
  test('is free at once, and is asked for again when its layers are needed again', async () => {
    await using opened = await open(on, { storage: 10 * KiB });
    const { registry } = opened;
    const layers = [randomBytes(7 * KiB), randomBytes(6 * KiB)] as const;
    const push = (bytes: Buffer) =>
      ask(registry, `/v2/team/app/blobs/uploads/?digest=${digestOf(bytes)}`, { method: 'POST', body: bytes });
    const manifests = layers.map((layer) =>
      imageManifest(config, [], {
        layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: digestOf(layer), size: layer.length }],
      }),
    ) as [string, string];
    await registry.pushBlob('team/app', config);
    assert.equal((await push(layers[0])).status, 201);
    assert.equal((await put(registry, 'v1', manifests[0])).status, 201);
    await refusal(await push(layers[1]));
    const remove = (manifest: string) =>
      ask(registry, `/v2/team/app/manifests/${digestOf(manifest)}`, { method: 'DELETE' });
    assert.equal((await remove(manifests[0])).status, 202);
    assert.equal((await held(registry)).unique_size, 0, 'nothing needs what the image needed');
    await assertRecounts(registry);
    assert.equal((await push(layers[1])).status, 201);
    await registry.pushBlob('team/app', config);
    assert.equal((await put(registry, 'v2', manifests[1])).status, 201);
    const full = (await held(registry)).unique_size;

    const there = await ask(registry, `/v2/team/app/blobs/${digestOf(layers[0])}`, { method: 'HEAD' });
    assert.equal(there.status, 200, 'the layer is still there, so that a client does not send it again');
    const message = await refusal(await put(registry, 'v1', manifests[0]));
    assert.match(message, /^adding 7\.\d KiB of storage resource, which when updated to current usage of 6\.\d KiB/);
    assert.equal((await held(registry)).unique_size, full, 'and nothing of it counts');
    await assertRecounts(registry);
    assert.equal((await remove(manifests[1])).status, 202);
    assert.equal((await put(registry, 'v1', manifests[0])).status, 201, 'a push of the manifest alone');
    assert.equal((await held(registry)).unique_size, 7 * KiB + config.length + manifests[0].length);
    await assertRecounts(registry);
  });
});

forEachDialect('uploads of every kind at once', (on) => {
  test('take no more than there is, and what fails gives its room back', async () => {
    await using opened = await open(on, { storage: 64 * KiB });
    const { registry } = opened;
    const bytes = () => randomBytes(4 * KiB);
    const drained = async (sent: Promise<Response>) => {
      const response = await sent;
      await response.arrayBuffer();
      return response.status;
    };
    const mountable: string[] = [];
    for (let at = 0; at < 8; at += 1) mountable.push(await registry.pushBlob('other/base', bytes()));
    const kinds = {
      whole: async () => {
        const body = bytes();
        return drained(ask(registry, `/v2/team/a/blobs/uploads/?digest=${digestOf(body)}`, { method: 'POST', body }));
      },
      chunked: async () => {
        const body = bytes();
        const opening = await ask(registry, '/v2/team/b/blobs/uploads/', { method: 'POST' });
        await opening.arrayBuffer();
        const location = opening.headers.get('location');
        if (opening.status !== 202 || location === null) return opening.status;
        // Without a length.
        const stream = new ReadableStream<Uint8Array>({
          start(controller) {
            for (let from = 0; from < body.length; from += KiB) controller.enqueue(body.subarray(from, from + KiB));
            controller.close();
          },
        });
        const init = { method: 'PATCH', body: stream, duplex: 'half' } as RequestInit;
        const status = await drained(ask(registry, location, init));
        if (status !== 202) return status;
        return drained(ask(registry, `${location}?digest=${digestOf(body)}`, { method: 'PUT' }));
      },
      mounted: async (at: number) =>
        drained(
          ask(registry, `/v2/team/c/blobs/uploads/?mount=${mountable[at % 8]}&from=other/base`, { method: 'POST' }),
        ),
      aborted: async () => {
        const opening = await ask(registry, '/v2/team/d/blobs/uploads/', { method: 'POST' });
        await opening.arrayBuffer();
        const location = opening.headers.get('location');
        if (opening.status !== 202 || location === null) return opening.status;
        const leaving = new AbortController();
        const stream = new ReadableStream<Uint8Array>({
          async pull(controller) {
            if (leaving.signal.aborted) return controller.error(leaving.signal.reason);
            controller.enqueue(randomBytes(KiB));
            await sleep(5);
            leaving.abort();
          },
        });
        const init = { method: 'PATCH', body: stream, duplex: 'half', signal: leaving.signal } as RequestInit;
        await assert.rejects(ask(registry, location, init));
        // The registry hears a moment later that nobody sends any more.
        return eventually(async () => {
          const status = await drained(ask(registry, location, { method: 'DELETE' }));
          return status === 409 ? undefined : status;
        });
      },
    };
    const names = Object.keys(kinds) as (keyof typeof kinds)[];
    const done = await Promise.all(
      Array.from({ length: 48 }, async (_, at) => {
        const name = names[at % names.length] as (typeof names)[number];
        return { name, status: await kinds[name](at >> 2) };
      }),
    );
    for (const { name, status } of done) assert.ok([201, 204, 403, 404].includes(status), `${name} got ${status}`);
    const after = await held(registry);
    assert.ok(after.unique_size <= 64 * KiB, `${after.unique_size} of ${64 * KiB}`);
    assert.ok(after.unique_size >= 40 * KiB, 'and most of it was used');
    await assertRecounts(registry);
    // Who was cut off may come back for a while; when that is over nothing of it counts.
    const left = await registry.query('select id from upload');
    assert.deepEqual([after.arriving_size, left.length], [0, 0]);
  });
});
