import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import {
  appendFile,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { startTestRegistry, type TestRegistry, type TestRegistryOptions } from '#testing/test-registry';
import { type BackupOutcome, listPlace, makeBackup, prunePlace, verifyPlace } from './backup.ts';
import { runDrill } from './drill.ts';
import { restoreRegistry } from './restore.ts';

interface Scene extends AsyncDisposable {
  readonly registry: TestRegistry;
  readonly place: string;
  /** A new name for a folder. */
  folder(name: string): string;
}

async function makeScene(options: TestRegistryOptions = {}): Promise<Scene> {
  const folder = await mkdtemp(join(tmpdir(), 'entrepot-backup-'));
  const registry = await startTestRegistry(options);
  return {
    registry,
    place: join(folder, 'place'),
    folder: (name) => join(folder, name),
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const silent = { env: {}, keyFile: undefined, report: () => undefined, signal: undefined } as const;

function done<Result>(outcome: BackupOutcome<Result>): Result {
  assert.equal(outcome.kind, 'done', outcome.kind === 'done' ? '' : outcome.message);
  return (outcome as { result: Result }).result;
}

function refused(outcome: BackupOutcome<unknown>): string {
  assert.notEqual(outcome.kind, 'done');
  return (outcome as { message: string }).message;
}

const back = async ({ registry, place }: Scene, more: { to?: string; keyFile?: string } = {}) =>
  makeBackup({ ...silent, flags: { data: registry.data }, to: place, blobs: undefined, ...more });

const bring = (from: string, toData: string, more: { at?: number; keyFile?: string } = {}) =>
  restoreRegistry({ ...silent, from, toData, flags: {}, at: undefined, onStep: () => undefined, ...more });

const practise = (from: string, more: Partial<Parameters<typeof runDrill>[0]> = {}) =>
  runDrill({
    ...silent,
    from,
    at: undefined,
    deep: false,
    flags: undefined,
    scratch: undefined,
    scratchDatabase: undefined,
    onStep: () => undefined,
    ...more,
  });

/** Tags of a restored data folder, by repository. */
function tagsOf(data: string): string[] {
  using db = new DatabaseSync(join(data, 'entrepot.db'));
  const rows = db
    .prepare(
      'select repository.name, tag.name as tag from tag join repository on repository.id = repository_id order by 1, 2',
    )
    .all();
  return rows.map(({ name, tag }) => `${name}:${tag}`);
}

async function* filesBelow(folder: string): AsyncGenerator<string, void, void> {
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) yield join(entry.parentPath, entry.name);
  }
}

async function findFile(folder: string, pattern: RegExp): Promise<string> {
  for await (const path of filesBelow(folder)) if (pattern.test(path)) return path;
  throw new Error(`no file ${pattern} below ${folder}`);
}

/** Flips one bit in the middle of a file. */
async function flip(path: string): Promise<void> {
  const bytes = await readFile(path);
  const at = bytes.length >> 1;
  bytes[at] = (bytes[at] as number) ^ 4;
  await writeFile(path, bytes);
}

test('what was pushed is there after a restore, and each backup copies only what is new', async () => {
  await using scene = await makeScene();
  const { registry, place } = scene;
  await registry.pushImage('library/app', 'one');
  const first = done(await back(scene));
  assert.deepEqual([first.blobs, first.copied, first.missing.length], [2, 2, 0]);
  await registry.pushImage('library/app', 'two', { fields: { annotations: { a: 'b' } } });
  await registry.pushBlob('library/app', 'a layer of its own');
  const second = done(await back(scene));
  assert.equal(second.copied, second.blobs - first.blobs);

  const { backups } = done(await listPlace({ ...silent, from: place }));
  assert.deepEqual(
    backups.map(({ id }) => id),
    [first.id, second.id],
  );
  const verified = done(await verifyPlace({ ...silent, from: place }));
  assert.deepEqual([verified.snapshots, verified.blobs, verified.faults], [2, second.blobs, []]);

  const now = done(await bring(place, scene.folder('now')));
  assert.deepEqual([now.linked, now.copied, now.missing], [second.blobs, 0, []]);
  assert.deepEqual(tagsOf(scene.folder('now')), ['library/app:one', 'library/app:two']);
  const then = done(await bring(place, scene.folder('then'), { at: Date.parse(first.at) }));
  assert.equal(then.snapshot, first.id);
  assert.deepEqual(tagsOf(scene.folder('then')), ['library/app:one']);
  assert.match(
    refused(await bring(place, scene.folder('never'), { at: Date.parse(first.at) - 1 })),
    /no state to restore/,
  );
  assert.ok(!existsSync(scene.folder('never')), 'a refusal makes nothing');

  const result = done(await practise(place, { deep: true, flags: { data: registry.data } }));
  assert.deepEqual(
    result.checks.map(({ name, faults }) => [name, faults]),
    ['integrity', 'blobs', 'manifests', 'tags', 'quota', 'audit'].map((name) => [name, []]),
  );
  assert.ok(result.passed);
  assert.ok(existsSync(join(registry.data, 'last-drill.json')));
  assert.deepEqual(
    (await readdir(scene.folder('.'))).filter((name) => name.startsWith('entrepot-drill')),
    [],
  );
  const metrics = await (await registry.fetch('/metrics')).text();
  assert.match(metrics, /entrepot_backup_drill_passed 1\n/);
});

test('a restored registry serves what was pushed, and its key has to be put back', async () => {
  await using scene = await makeScene();
  const image = await scene.registry.pushImage('library/app', 'one');
  done(await back(scene));
  const data = scene.folder('restored');
  const made = done(await bring(scene.place, data));
  assert.equal(made.keyWanted, join(data, 'secret.key'));
  await writeFile(join(data, 'secret.key'), await readFile(join(scene.registry.data, 'secret.key')));
  const place = {
    kind: 'sqlite',
    open: () => Promise.reject(new Error('not asked for')),
    query: async () => [],
    env: { ENTREPOT_DATA: data },
    [Symbol.asyncDispose]: async () => undefined,
  } as const;
  await using restored = await startTestRegistry({ place });
  const manifest = await restored.fetch('/v2/library/app/manifests/one', { as: restored.admin });
  assert.equal(await manifest.text(), image.manifest);
  const layer = await restored.fetch(`/v2/library/app/blobs/${image.layer}`, { as: restored.admin });
  assert.equal(layer.status, 200);
});

test('a place with anything in it is not restored into, one with nothing but blobs is', async () => {
  await using scene = await makeScene();
  await scene.registry.pushImage('library/app', 'one');
  done(await back(scene));
  assert.match(refused(await bring(scene.place, scene.registry.data)), /is not empty: there is entrepot\.db/);
  done(await bring(scene.place, scene.folder('data')));
  await rm(join(scene.folder('data'), 'entrepot.db'));
  const again = done(await bring(scene.place, scene.folder('data')));
  assert.deepEqual([again.kept, again.linked, again.copied], [2, 0, 0]);
});

test('an encrypted backup comes back with its key and with no other', async () => {
  await using scene = await makeScene();
  const image = await scene.registry.pushImage('library/app', 'one');
  const keyFile = scene.folder('key');
  await writeFile(keyFile, randomBytes(32).toString('base64'));
  const other = scene.folder('other');
  await writeFile(other, randomBytes(32).toString('hex'));
  done(await back(scene, { keyFile }));
  for await (const path of filesBelow(scene.place)) {
    assert.ok(!(await readFile(path)).includes('library/app'), path);
  }
  assert.match(refused(await bring(scene.place, scene.folder('a'))), /are encrypted: name their key/);
  assert.match(refused(await bring(scene.place, scene.folder('a'), { keyFile: other })), /encrypted with another key/);
  assert.match(refused(await back(scene, { keyFile: other })), /encrypted with another key/);
  assert.match(refused(await back(scene)), /are encrypted/);
  const made = done(await bring(scene.place, scene.folder('b'), { keyFile }));
  assert.deepEqual([made.copied, made.missing], [2, []]);
  assert.deepEqual(tagsOf(scene.folder('b')), ['library/app:one']);
  assert.ok(done(await practise(scene.place, { keyFile, deep: true })).passed);
  await flip(await findFile(scene.place, new RegExp(`${image.layer.slice(7)}.sealed$`)));
  assert.match(done(await verifyPlace({ ...silent, from: scene.place, keyFile })).faults.join(), /damaged: piece 1/);
  const hurt = done(await bring(scene.place, scene.folder('c'), { keyFile }));
  assert.deepEqual(
    hurt.missing.map(({ digest }) => digest),
    [image.layer],
  );
});

test('a backup that was damaged, cut short or mixed up is refused with what is wrong', async () => {
  await using scene = await makeScene();
  await scene.registry.pushImage('library/app', 'one');
  const made = done(await back(scene));
  const database = join(scene.place, 'snapshots', made.id, 'database');
  const whole = await readFile(database);
  let tries = 0;
  const message = async () => {
    tries += 1;
    const target = scene.folder(`try-${tries}`);
    const told = refused(await bring(scene.place, target));
    assert.ok(!existsSync(join(target, 'entrepot.db')));
    return told;
  };
  await flip(database);
  assert.match(await message(), /database of the backup is damaged/);
  await writeFile(database, whole);
  await truncate(database, whole.length - 100);
  assert.match(await message(), /database of the backup is damaged: .*cut short/);
  await rm(database);
  assert.match(await message(), /database is missing/);
  await writeFile(database, await readFile(join(scene.place, 'snapshots', made.id, 'blobs')));
  assert.match(await message(), /database of the backup is damaged/);
  await writeFile(database, whole);
  await flip(join(scene.place, 'snapshots', made.id, 'snapshot.json'));
  assert.match(await message(), /snapshot\.json of the backup is damaged/);
  await writeFile(join(scene.place, 'entrepot-backup.json'), '{}');
  assert.match(await message(), /another version of Entrepot/);
  assert.match(refused(await bring(scene.folder('nowhere'), scene.folder('x'))), /There are no backups in/);
});

test('a blob that is damaged in the store is told, and everything else is backed up', async () => {
  await using scene = await makeScene();
  const image = await scene.registry.pushImage('library/app', 'one');
  await flip(await findFile(join(scene.registry.data, 'blobs'), new RegExp(image.layer.slice(7))));
  const made = done(await back(scene));
  assert.deepEqual(
    made.missing.map(({ digest }) => digest),
    [image.layer],
  );
  const result = done(await practise(scene.place));
  assert.equal(result.passed, false);
  assert.match(result.checks[1]?.faults.join() ?? '', new RegExp(`${image.layer}: It is not in the backup`));
});

test('one place holds the backups of one registry', async () => {
  await using scene = await makeScene();
  await using other = await makeScene();
  done(await back(scene));
  assert.match(refused(await back(other, { to: scene.place })), /backups of another registry/);
});

test('what only old backups needed is pruned, and what is left can be restored', async () => {
  await using scene = await makeScene();
  const gone = await scene.registry.pushBlob('library/app', 'soon gone');
  const kept = await scene.registry.pushImage('library/app', 'one');
  done(await back(scene));
  await scene.registry.query(
    `delete from repository_blob where blob_id = (select id from blob where digest = '${gone}') returning 1`,
  );
  await scene.registry.query(`delete from blob where digest = '${gone}' returning 1`);
  const second = done(await back(scene));
  const pruned = done(await prunePlace({ ...silent, from: scene.place, keep: 1 }));
  assert.deepEqual([pruned.snapshots, pruned.blobs, pruned.kept.map(({ id }) => id)], [1, 1, [second.id]]);
  await assert.rejects(stat(join(scene.place, 'blobs', 'sha256', gone.slice(7, 9), gone.slice(7))));
  assert.ok(existsSync(join(scene.place, 'blobs', 'sha256', kept.layer.slice(7, 9), kept.layer.slice(7))));
  assert.deepEqual(done(await verifyPlace({ ...silent, from: scene.place })).faults, []);
  assert.ok(done(await practise(scene.place, { deep: true })).passed);
});

/** What each check has to find. The triggers that would refuse or follow are out of the way. */
const planted: readonly { readonly check: string; readonly sql: readonly string[]; readonly found: RegExp }[] = [
  {
    check: 'integrity',
    sql: ['insert into manifest_blob (manifest_id, blob_id) values (4711, 4712)'],
    found: /1 rows of manifest_blob refer to rows of manifest/,
  },
  {
    check: 'blobs',
    sql: [
      "insert into blob (digest, size, location, created_at, touched_at) values ('sha256:" +
        `${'0'.repeat(64)}', 5, 'sha256/00/${'0'.repeat(64)}.0123456789abcdef', 1, 1)`,
    ],
    found: /sha256:0{64}: It is not in the backup/,
  },
  {
    check: 'manifests',
    sql: ['delete from manifest_blob where rowid = (select max(rowid) from manifest_blob)'],
    found: /library\/app@sha256:.* names the blob sha256:.*, which is not there/,
  },
  {
    check: 'manifests',
    sql: ['delete from repository_blob where rowid = (select max(rowid) from repository_blob)'],
    found: /which its repository does not hold/,
  },
  {
    check: 'manifests',
    sql: ["update manifest_content set content = cast('{}' as blob)"],
    found: /has the content of another manifest/,
  },
  { check: 'manifests', sql: ['delete from manifest_content'], found: /has no content/ },
  {
    check: 'manifests',
    sql: ['update blob set size = size + 1 where id = (select min(blob_id) from manifest_blob)'],
    found: /names \d+ bytes of the blob/,
  },
  { check: 'tags', sql: ['update tag set manifest_id = 4711'], found: /library\/app:one points at no manifest/ },
  {
    check: 'quota',
    sql: ['update quota set used = used + 1'],
    found: /project library counts \d+ bytes and holds \d+/,
  },
  {
    check: 'audit',
    sql: ["update audit set actor = 'nobody' where id = (select min(id) from audit)"],
    found: /rows \d+ to \d+/,
  },
];

test('a drill finds each violation that is planted', async (t) => {
  await using scene = await makeScene();
  await scene.registry.pushImage('library/app', 'one');
  await scene.registry.registry[Symbol.asyncDispose]();
  for (const [index, { check, sql, found }] of planted.entries()) {
    await t.test(`${check}: ${found.source.slice(0, 60)}`, async () => {
      const [data, place] = [scene.folder(`data-${index}`), scene.folder(`place-${index}`)];
      await mkdir(data);
      await copyFile(join(scene.registry.data, 'entrepot.db'), join(data, 'entrepot.db'));
      await symlink(join(scene.registry.data, 'blobs'), join(data, 'blobs'));
      using db = new DatabaseSync(join(data, 'entrepot.db'), { enableForeignKeyConstraints: false });
      for (const { name } of db.prepare("select name from sqlite_schema where type = 'trigger'").all()) {
        db.exec(`drop trigger "${name}"`);
      }
      for (const statement of sql) db.exec(statement);
      done(await makeBackup({ ...silent, flags: { data }, to: place, blobs: undefined }));
      const result = done(await practise(place));
      assert.equal(result.passed, false);
      const faults = result.checks.find(({ name }) => name === check)?.faults ?? [];
      assert.match(faults.join('\n'), found);
    });
  }
});

test('a drill that reads every byte finds what a look at sizes does not', async () => {
  await using scene = await makeScene();
  const image = await scene.registry.pushImage('library/app', 'one');
  done(await back(scene));
  await flip(await findFile(scene.place, new RegExp(`${image.layer.slice(7)}$`)));
  assert.equal(done(await practise(scene.place)).passed, true);
  const result = done(await practise(scene.place, { deep: true }));
  assert.match(result.checks[1]?.faults.join() ?? '', /The bytes of the blob .* are others/);
  await appendFile(await findFile(scene.place, new RegExp(`${image.config.slice(7)}$`)), 'more');
  assert.match(done(await practise(scene.place)).checks[1]?.faults.join() ?? '', /bytes instead of/);
});
