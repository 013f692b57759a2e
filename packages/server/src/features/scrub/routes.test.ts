import assert from 'node:assert/strict';
import { readdir, readFile, truncate, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually } from '#testing/test-clock';
import { digestOf, useTestRegistry } from '#testing/test-registry';

const registry = await useTestRegistry({ env: { ENTREPOT_SCRUB_RATE: '0', ENTREPOT_BLOBS_CACHE_SIZE: '0' } });
await registry.addProject('team');
await registry.addUser('owner', { team: 1 });

interface Damage {
  readonly digest: string;
  readonly reason: string;
  readonly mended_by?: string;
  readonly repositories: string[];
  readonly artifacts: { repository: string; digest: string; tags: string[] }[];
}

async function fileOf(digest: string): Promise<string> {
  const hex = digest.replace('sha256:', '');
  const folder = join(registry.data, 'blobs/sha256', hex.slice(0, 2));
  const names = (await readdir(folder)).filter((name) => name.startsWith(hex));
  assert.equal(names.length, 1);
  return join(folder, names[0] ?? '');
}

const ask = (method: string, path: string, as = registry.admin) =>
  registry.fetch(`/api/entrepot/v1/storage/${path}`, { method, as });

async function listDamage(query = ''): Promise<Damage[]> {
  const response = await ask('GET', `damage${query}`);
  assert.equal(response.status, 200, await response.clone().text());
  return (await response.json()) as Damage[];
}

async function scrub() {
  const started = await ask('POST', 'scrub');
  assert.equal(started.status, 202, await started.clone().text());
  const { execution_id: id } = (await started.json()) as { execution_id: number };
  return eventually(async () => {
    const report = (await (await ask('GET', 'scrub')).json()) as {
      running?: { execution_id: number };
      last?: { damaged: number; repaired: number };
      damaged: number;
    };
    return report.running?.execution_id === id || report.last === undefined ? undefined : report;
  }, 20_000);
}

const pull = (repository: string, digest: string) =>
  registry.fetch(`/v2/${repository}/blobs/${digest}`, { as: registry.admin });

test('a scrub finds what is damaged, says who needs it, hides it, and it is whole again when it is pushed again', async () => {
  const image = await registry.pushImage('team/app', 'v1');
  await truncate(await fileOf(image.layer), 3);
  const report = await scrub();
  assert.deepEqual([report.last?.damaged, report.last?.repaired, report.damaged], [1, 0, 1]);
  const [damage] = await listDamage();
  assert.deepEqual(
    [damage?.digest, damage?.reason, damage?.repositories, damage?.artifacts],
    [image.layer, 'size', ['team/app'], [{ repository: 'team/app', digest: image.digest, tags: ['v1'] }]],
  );
  assert.equal((await pull('team/app', image.layer)).status, 404);
  assert.equal(
    (await registry.fetch(`/v2/team/app/blobs/${image.layer}`, { method: 'HEAD', as: registry.admin })).status,
    404,
  );
  assert.equal((await pull('team/app', image.config)).status, 200);
  assert.match(registry.logs(), /"level":"error"[^\n]*bytes of a blob are damaged/i);
  const metrics = await (await registry.fetch('/metrics', { as: registry.admin })).text();
  assert.match(metrics, /^entrepot_blob_corrupt_total 1$/m);
  const rows = await registry.query("select actor, outcome from audit where action = 'quarantine-content'");
  assert.deepEqual(
    rows.map((row) => row['actor']),
    ['entrepot:scrub'],
  );
});

test('a small blob with other bytes is never given out, and is found by whoever asks for it', async () => {
  const bytes = `small ${crypto.randomUUID()}`;
  const digest = await registry.pushBlob('team/app', bytes);
  const path = await fileOf(digest);
  await writeFile(path, bytes.replace('small', 'SMALL'));
  const first = await pull('team/app', digest);
  assert.equal(first.status, 500);
  await first.text();
  await eventually(async () => ((await pull('team/app', digest)).status === 404 ? true : undefined));
  assert.ok((await listDamage()).some((damage) => damage.digest === digest));
  assert.equal(await registry.pushBlob('team/app', bytes), digest);
  const healed = await pull('team/app', digest);
  assert.equal(await healed.text(), bytes);
  assert.ok(!(await listDamage()).some((damage) => damage.digest === digest));
  await scrub();
  assert.equal((await listDamage('?all=true')).find((damage) => damage.digest === digest)?.mended_by, 'pushed again');
});

test('a blob whose file is gone is found by whoever asks for it, whatever its size', async () => {
  const bytes = Buffer.alloc(3 * 1024 * 1024, crypto.randomUUID());
  const digest = await registry.pushBlob('team/app', bytes);
  const path = await fileOf(digest);
  const kept = await readFile(path);
  await unlink(path);
  const answer = await pull('team/app', digest);
  assert.equal(answer.status, 404);
  await eventually(async () => ((await listDamage()).some((damage) => damage.digest === digest) ? true : undefined));
  await writeFile(path, kept);
  await scrub();
  assert.equal((await listDamage('?all=true')).find((damage) => damage.digest === digest)?.mended_by, 'its own place');
  assert.equal(digestOf(Buffer.from(await (await pull('team/app', digest)).arrayBuffer())), digest);
});

test('a manifest whose bytes in the database were changed is not given out', async () => {
  const image = await registry.pushImage('team/other', 'v1');
  await registry.query(`update manifest_content set content = x'7b7d' where digest = '${image.digest}'`);
  const get = (reference: string) => registry.fetch(`/v2/team/other/manifests/${reference}`, { as: registry.admin });
  await scrub();
  assert.ok((await listDamage()).some((damage) => damage.digest === image.digest));
  const again = await registry.putManifest('team/other', 'v1', image.manifest);
  assert.equal(again.status, 201);
  assert.equal(await (await get('v1')).text(), image.manifest);
});

test('only who keeps the registry running may scrub and see the damage of all', async () => {
  const owner = registry.basic('owner');
  for (const [method, path] of [
    ['POST', 'scrub'],
    ['GET', 'scrub'],
    ['GET', 'damage'],
  ] as const) {
    assert.equal((await ask(method, path, owner)).status, 403);
  }
});
