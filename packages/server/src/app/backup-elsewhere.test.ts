import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { forEachDialect } from '#testing/databases';
import { startFakeS3 } from '#testing/fake-s3';
import { startTestRegistry } from '#testing/test-registry';
import { type BackupOutcome, listPlace, makeBackup, prunePlace, verifyPlace } from './backup.ts';
import { runDrill } from './drill.ts';
import { restoreRegistry } from './restore.ts';

const silent = { env: {}, keyFile: undefined, report: () => undefined, signal: undefined } as const;
const newest = { at: undefined, onStep: () => undefined } as const;

function done<Result>(outcome: BackupOutcome<Result>): Result {
  assert.equal(outcome.kind, 'done', outcome.kind === 'done' ? '' : outcome.message);
  return (outcome as { result: Result }).result;
}

async function makeFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'entrepot-backup-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

forEachDialect('a backup', (dialect) => {
  if (dialect.kind !== 'postgres') return;

  test('a registry on PostgreSQL comes back in another database, and passes its drill there', async () => {
    await using folder = await makeFolder();
    await using place = await dialect.makePlace();
    await using registry = await startTestRegistry({ place });
    const image = await registry.pushImage('library/app', 'one');
    await registry.addUser('anna');
    const from = join(folder.path, 'place');
    const made = done(
      await makeBackup({ ...silent, flags: { data: registry.data }, env: place.env, to: from, blobs: undefined }),
    );
    assert.deepEqual([made.database, made.blobs, made.missing], ['postgres', 2, []]);

    await using other = await dialect.makePlace({ empty: true });
    const data = join(folder.path, 'data');
    const env = { ...other.env, ENTREPOT_DATA: data };
    const request = { ...silent, ...newest, env, from, toData: undefined, flags: {} };
    const restored = done(await restoreRegistry(request));
    assert.deepEqual([restored.linked, restored.missing], [2, []]);
    // Audit rows of what was only read may be written after the backup.
    for (const table of ['tag', 'manifest', 'user_account']) {
      const count = `select count(*) as n from ${table}`;
      assert.deepEqual(await other.query(count), await place.query(count), table);
    }
    assert.ok((await other.query('select id from audit')).length > 0);
    const again = await restoreRegistry(request);
    assert.match((again as { message: string }).message, /has tables already: name an empty one/);

    const key = { ENTREPOT_SECRET_KEY: place.env['ENTREPOT_SECRET_KEY'] ?? '', ENTREPOT_DATA: data };
    const at = { ...other, env: { ...other.env, ...key }, [Symbol.asyncDispose]: async () => undefined };
    await using second = await startTestRegistry({ place: at });
    const pulled = await second.fetch('/v2/library/app/manifests/one', { as: second.admin });
    assert.equal(await pulled.text(), image.manifest);
    // Ids go on where they were.
    await second.pushImage('library/app', 'two', { fields: { annotations: { a: 'b' } } });

    const server = new URL(place.env['ENTREPOT_DATABASE_URL'] ?? '');
    server.searchParams.delete('options');
    const result = done(
      await runDrill({
        ...silent,
        ...newest,
        from,
        deep: true,
        flags: undefined,
        scratch: undefined,
        scratchDatabase: server.href,
      }),
    );
    assert.deepEqual(
      result.checks.flatMap(({ faults }) => faults),
      [],
    );
    const left = await place.query("select datname from pg_database where datname like 'entrepot_drill_%'");
    assert.deepEqual(left, []);
  });
});

test('a backup goes to S3 and comes back from there, encrypted or not', async () => {
  await using folder = await makeFolder();
  await using s3 = await startFakeS3({ bucket: 'backups' });
  await using registry = await startTestRegistry();
  await registry.pushImage('library/app', 'one');
  const keyFile = join(folder.path, 'key');
  await writeFile(keyFile, randomBytes(32).toString('base64'));
  // The SDK reads its keys from the environment of the process.
  process.env['AWS_ACCESS_KEY_ID'] = s3.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = s3.secretAccessKey;
  try {
    for (const key of [undefined, keyFile]) {
      const to = `s3://backups/${key === undefined ? 'plain' : 'hidden'}?endpoint=${s3.endpoint}&region=${s3.region}`;
      const sources = { ...silent, keyFile: key };
      done(await makeBackup({ ...sources, flags: { data: registry.data }, to, blobs: undefined }));
      const second = done(await makeBackup({ ...sources, flags: { data: registry.data }, to, blobs: undefined }));
      assert.equal(second.copied, 0);
      assert.equal(done(await listPlace({ ...sources, from: to })).backups.length, 2);
      assert.deepEqual(done(await verifyPlace({ ...sources, from: to })).faults, []);
      assert.equal(done(await prunePlace({ ...sources, from: to, keep: 1 })).snapshots, 1);
      const toData = join(folder.path, `data-${key === undefined}`);
      const made = done(await restoreRegistry({ ...sources, ...newest, from: to, toData, flags: {} }));
      assert.deepEqual([made.copied, made.missing], [2, []]);
      const drilled = await runDrill({
        ...sources,
        ...newest,
        from: to,
        deep: true,
        flags: undefined,
        scratch: folder.path,
        scratchDatabase: undefined,
      });
      assert.ok(done(drilled).passed);
    }
  } finally {
    delete process.env['AWS_ACCESS_KEY_ID'];
    delete process.env['AWS_SECRET_ACCESS_KEY'];
  }
});

test('blobs on S3 are referred to, and looked at where they lie', async () => {
  await using folder = await makeFolder();
  await using s3 = await startFakeS3();
  const env = {
    ENTREPOT_BLOBS_S3_ENDPOINT: s3.endpoint,
    ENTREPOT_BLOBS_S3_BUCKET: s3.bucket,
    ENTREPOT_BLOBS_S3_REGION: s3.region,
    ENTREPOT_BLOBS_S3_ACCESS_KEY: s3.accessKeyId,
    ENTREPOT_BLOBS_S3_SECRET_KEY: s3.secretAccessKey,
  };
  await using registry = await startTestRegistry({ env });
  await registry.pushImage('library/app', 'one');
  const from = join(folder.path, 'place');
  const flags = { data: registry.data };
  const made = done(await makeBackup({ ...silent, env, flags, to: from, blobs: undefined }));
  assert.deepEqual([made.blobsMode, made.blobs, made.copied], ['reference', 2, 0]);
  const request = { ...silent, ...newest, from, deep: true, scratch: undefined, scratchDatabase: undefined };
  assert.match(
    JSON.stringify(await runDrill({ ...request, flags: undefined })),
    /refers to blobs where the registry keeps/,
  );
  assert.ok(done(await runDrill({ ...request, env, flags })).passed);
  const restored = done(
    await restoreRegistry({
      ...silent,
      ...newest,
      env: { ...env, ENTREPOT_DATA: join(folder.path, 'to') },
      from,
      toData: undefined,
      flags: {},
    }),
  );
  assert.deepEqual([restored.kept, restored.copied, restored.missing], [2, 0, []]);

  // With their bytes, they can be brought to a registry on files.
  const whole = join(folder.path, 'whole');
  assert.equal(done(await makeBackup({ ...silent, env, flags, to: whole, blobs: 'copy' })).copied, 2);
  const files = done(
    await restoreRegistry({ ...silent, ...newest, from: whole, toData: join(folder.path, 'files'), flags: {} }),
  );
  assert.deepEqual([files.linked, files.missing], [2, []]);
});

const main = fileURLToPath(new URL('../../../cli/src/main.ts', import.meta.url));

test('a backup and a restore that are killed go on when they are called again', async () => {
  await using folder = await makeFolder();
  await using registry = await startTestRegistry();
  await registry.pushImage('library/app', 'one');
  for (let at = 0; at < 60; at += 1) await registry.pushBlob('library/app', randomBytes(20_000));
  const place = join(folder.path, 'place');
  const data = join(folder.path, 'data');

  /** Kills the command as soon as the sign is there; true when it was killed before its end. */
  async function killAt(args: readonly string[], sign: () => boolean): Promise<boolean> {
    const child = spawn(process.execPath, [main, ...args], { stdio: 'ignore' });
    const ended = once(child, 'exit');
    while (child.exitCode === null && !sign()) await sleep(1);
    child.kill('SIGKILL');
    const [, signal] = await ended;
    return signal === 'SIGKILL';
  }
  const isFilled = (path: string) => existsSync(path) && readdirSync(path, { recursive: true }).length > 40;
  const backup = ['backup', '--to', place, '--data', registry.data];
  assert.ok(await killAt(backup, () => isFilled(join(place, 'blobs'))));
  assert.equal(done(await listPlace({ ...silent, from: place })).backups.length, 0);
  const made = done(await makeBackup({ ...silent, flags: { data: registry.data }, to: place, blobs: undefined }));
  assert.ok(made.copied < made.blobs, `${made.copied} of ${made.blobs}`);
  assert.deepEqual(done(await verifyPlace({ ...silent, from: place })).faults, []);
  // What the killed one left behind beside the database goes with the next.
  const restore = ['restore', '--from', place, '--to-data', data];
  assert.ok(await killAt(restore, () => existsSync(join(data, 'restore.json'))));
  assert.ok(!existsSync(join(data, 'entrepot.db')));
  const request = { ...silent, ...newest, from: place, toData: data, flags: {} };
  const restored = done(await restoreRegistry(request));
  assert.deepEqual(restored.missing, []);
  assert.equal(restored.kept + restored.linked, made.blobs);
  assert.ok(!existsSync(join(data, 'restore.json')));
});
