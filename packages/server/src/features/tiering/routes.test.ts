import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startFakeS3 } from '#testing/fake-s3';
import { eventually } from '#testing/test-clock';
import { useTestRegistry } from '#testing/test-registry';

const fake = await startFakeS3({ restoreMs: 400 });
after(() => fake[Symbol.asyncDispose]());

const registry = await useTestRegistry({
  env: {
    ENTREPOT_BLOBS_COLD_KIND: 's3',
    ENTREPOT_BLOBS_COLD_S3_ENDPOINT: fake.endpoint,
    ENTREPOT_BLOBS_COLD_S3_BUCKET: fake.bucket,
    ENTREPOT_BLOBS_COLD_S3_ACCESS_KEY: fake.accessKeyId,
    ENTREPOT_BLOBS_COLD_S3_SECRET_KEY: fake.secretAccessKey,
    ENTREPOT_BLOBS_COLD_S3_STORAGE_CLASS: 'DEEP_ARCHIVE',
    ENTREPOT_TIERING_AFTER: '0s',
    ENTREPOT_TIERING_MIN_SIZE: '0',
    ENTREPOT_TIERING_RATE: '0',
    ENTREPOT_TIERING_INTERVAL: '0s',
    ENTREPOT_SCRUB_RATE: '0',
    ENTREPOT_BLOBS_CACHE_SIZE: '0',
  },
});
await registry.addProject('team');
await registry.addProject('near');
await registry.addUser('owner', { team: 1 });
await registry.addUser('guest', { team: 3 });

interface Storage {
  readonly tiers: { readonly tier: string; readonly blobs: number; readonly bytes: number }[];
  readonly policy?: { readonly min_size: number };
  readonly running?: object;
  readonly last?: { readonly moved: number };
}

const api = '/api/entrepot/v1';

async function ask(method: string, path: string, body?: object, as = registry.admin): Promise<Response> {
  return registry.fetch(`${api}${path}`, {
    method,
    as,
    ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
}

async function readStorage(): Promise<Storage> {
  const response = await ask('GET', '/storage');
  assert.equal(response.status, 200, await response.clone().text());
  return (await response.json()) as Storage;
}

async function tier(): Promise<Storage> {
  assert.equal((await ask('POST', '/storage/tiering')).status, 202);
  return eventually(async () => {
    const storage = await readStorage();
    return storage.running === undefined ? storage : undefined;
  }, 20_000);
}

const pull = (repository: string, digest: string, headers: Record<string, string> = {}) =>
  registry.fetch(`/v2/${repository}/blobs/${digest}`, { as: registry.admin, headers });

test('what goes to an archive is answered with when to come again, and is there when it was fetched', async () => {
  assert.equal((await ask('PUT', '/projects/near/tiering', { enabled: false })).status, 200);
  const near = await registry.pushBlob('near/app', 'stays near');
  const bytes = Buffer.alloc(3 * 1024 * 1024, crypto.randomUUID());
  const digest = await registry.pushBlob('team/app', bytes);
  const storage = await tier();
  assert.deepEqual(
    storage.tiers.map((each) => [each.tier, each.blobs, each.bytes]),
    [
      ['hot', 1, 10],
      ['cold', 1, bytes.length],
    ],
  );
  assert.equal(storage.last?.moved, 1);
  assert.equal((await pull('near/app', near)).status, 200);

  const head = await registry.fetch(`/v2/team/app/blobs/${digest}`, { method: 'HEAD', as: registry.admin });
  assert.deepEqual([head.status, head.headers.get('content-length')], [200, String(bytes.length)]);
  for (const headers of [{}, { range: 'bytes=0-99' }]) {
    const refused = await pull('team/app', digest, headers);
    assert.equal(refused.status, 503);
    assert.ok(Number(refused.headers.get('retry-after')) >= 60);
    assert.match(await refused.text(), /lies in an archive and is being fetched/);
  }
  assert.equal(fake.requests.filter(({ operation }) => operation === 'RestoreObject').length, 1);
  const part = await eventually(async () => {
    const answer = await pull('team/app', digest, { range: 'bytes=100-199' });
    return answer.status === 206 ? answer : undefined;
  });
  assert.ok(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(100, 200)));
  await eventually(async () => ((await readStorage()).tiers[1]?.blobs === 0 ? true : undefined));
  const whole = await pull('team/app', digest);
  assert.ok(Buffer.from(await whole.arrayBuffer()).equals(bytes), 'it is near again');
});

test('a scrub does not have an archive fetched, and sees what is missing from it', async () => {
  const digest = await registry.pushBlob('team/app', `archived ${crypto.randomUUID()}`);
  await tier();
  const before = fake.requests.filter(({ operation }) => operation === 'RestoreObject').length;
  const scrub = async () => {
    const { execution_id: id } = (await (await ask('POST', '/storage/scrub')).json()) as { execution_id: number };
    return eventually(async () => {
      const report = (await (await ask('GET', '/storage/scrub')).json()) as {
        running?: { execution_id: number };
        last?: { archived: number; damaged: number };
      };
      return report.running?.execution_id === id ? undefined : report.last;
    }, 20_000);
  };
  const first = await scrub();
  assert.ok(first.archived >= 1 && first.damaged === 0, JSON.stringify(first));
  assert.equal(fake.requests.filter(({ operation }) => operation === 'RestoreObject').length, before);
  const [row] = await registry.query(`select location from blob where digest = '${digest}'`);
  await registry.query(
    `update blob set location = 'cold:b/00000000-0000-4000-8000-000000000000' where digest = '${digest}'`,
  );
  assert.match(String(row?.['location']), /^cold:b\//);
  assert.equal((await scrub()).damaged, 1);
});

test('a project says for itself when its content goes, and only who may change it', async () => {
  const owner = registry.basic('owner');
  const rule = { enabled: true, after_seconds: 3600, min_size: 1024 };
  assert.equal((await ask('PUT', '/projects/team/tiering', rule, registry.basic('guest'))).status, 403);
  assert.equal((await ask('PUT', '/projects/team/tiering', rule, owner)).status, 200);
  assert.deepEqual(await (await ask('GET', '/projects/team/tiering', undefined, owner)).json(), {
    inherited: false,
    ...rule,
  });
  assert.equal((await ask('PUT', '/projects/team/tiering', { enabled: true, after_seconds: -1 }, owner)).status, 400);
  assert.equal((await ask('DELETE', '/projects/team/tiering', undefined, owner)).status, 200);
  assert.deepEqual(await (await ask('GET', '/projects/team/tiering', undefined, owner)).json(), { inherited: true });
  assert.equal((await ask('DELETE', '/projects/team/tiering', undefined, owner)).status, 404);
  assert.equal((await ask('POST', '/storage/tiering', undefined, owner)).status, 403);
  const metrics = await (await registry.fetch('/metrics', { as: registry.admin })).text();
  assert.match(metrics, /^entrepot_blobs_cold_bytes \d+$/m);
  assert.match(metrics, /^entrepot_tiering_cooled_blobs [1-9]/m);
});
