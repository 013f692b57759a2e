import assert from 'node:assert/strict';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createDistributionStore } from '@entrepot/oci/testing/distribution-store';
import { startCli } from '#testing/run-child';
import { runCli } from '#testing/run-cli';
import { makeTemporaryFolder } from '#testing/temporary-folder';

/** The data folder of a registry that was started once. */
async function makeData(folder: string): Promise<string> {
  const data = join(folder, 'data');
  await using server = startCli(['serve', '--listen', '127.0.0.1:0', '--data', data, '--log-level', 'info']);
  await server.waitFor(/"address":"/);
  server.process.kill('SIGTERM');
  await server.ended;
  return data;
}

test('a store is imported by command, with a report and an exit code that say what came of it', async () => {
  await using folder = await makeTemporaryFolder();
  const data = await makeData(folder.path);
  const store = createDistributionStore(join(folder.path, 'old'));
  store.putImage('team/app', 'one', ['v1']);
  const broken = store.putImage('team/app', 'two', ['v2']);
  const verb = ['import', 'docker-registry', store.root, '--data', data];
  const dry = await runCli([...verb, '--dry-run']);
  assert.equal(dry.code, 0, dry.stderr);
  assert.match(dry.stdout, /nothing was written[^]*2 manifests and 2 tags to take/);
  rmSync(store.pathOf(broken.digest));
  const partly = await runCli(verb);
  assert.equal(partly.code, 7, partly.stderr);
  assert.match(partly.stdout, /1 repository: 1 manifest and 1 tag taken, 0 manifests there already/);
  assert.match(partly.stdout, /2 blobs \(.*\) linked[^]*projects made: team[^]*manifests\/s/);
  assert.match(partly.stderr, /left out: team\/app v2 \(manifest-missing\): /);
  assert.match(partly.stderr, /error: 2 left out: /);
  rmSync(join(store.v2, 'repositories/team/app/_manifests/tags/v2'), { recursive: true });
  rmSync(join(store.v2, 'repositories/team/app/_manifests/revisions/sha256', broken.digest.slice(7)), {
    recursive: true,
  });
  const whole = await runCli([...verb, '-o', 'json']);
  assert.equal(whole.code, 0, whole.stderr);
  const report = JSON.parse(whole.stdout) as { manifests: object; skipped: unknown[] };
  assert.deepEqual([report.manifests, report.skipped], [{ taken: 0, present: 1 }, []]);
  assert.equal((await runCli([...verb, '--link', '--copy'])).code, 2);
  const wrong = await runCli(['import', 'harbor', folder.path, '--data', data]);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /is no store of docker-registry/);
  const nowhere = await runCli(['import', 'docker-registry', store.root, '--data', join(folder.path, 'none')]);
  assert.equal(nowhere.code, 1);
  assert.match(nowhere.stderr, /There is no database/);
});

test('an import that is killed goes on, and every file it left is known', async () => {
  await using folder = await makeTemporaryFolder();
  const data = await makeData(folder.path);
  const store = createDistributionStore(join(folder.path, 'old'));
  const images = 300;
  for (let at = 0; at < images; at++) store.putImage(`team/app${at % 7}`, `${at}`, [`v${at}`]);
  const verb = ['import', 'docker-registry', store.root, '--data', data, '-o', 'json'];
  using db = new DatabaseSync(join(data, 'entrepot.db'), { timeout: 5000 });
  const countOf = (what: string) => Number(db.prepare(`select count(*) as n from ${what}`).get()?.['n']);
  {
    await using first = startCli(verb);
    while (countOf('manifest') === 0 && first.process.exitCode === null) await delay(2);
    first.process.kill('SIGKILL');
    await first.ended;
  }
  assert.ok(countOf('manifest') > 0);
  const files = () =>
    readdirSync(join(data, 'blobs', 'sha256'), { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  const known = new Set(
    db
      .prepare("select location from blob union all select location from trash where at > unixepoch('subsec') * 1000")
      .all()
      .map((row) => String(row['location']).split('/').at(-1)),
  );
  for (const { name } of files()) assert.ok(known.has(name), `${name} is in no table`);
  const again = await runCli(verb);
  assert.equal(again.code, 0, again.stderr);
  const { manifests } = JSON.parse(again.stdout) as { manifests: { taken: number; present: number } };
  assert.equal(manifests.taken + manifests.present, images);
  assert.ok(manifests.present > 0);
  assert.deepEqual([countOf('manifest'), countOf('tag'), countOf('blob')], [images, images, 2 * images]);
  const named = new Set(
    db
      .prepare('select location from blob')
      .all()
      .map((row) => String(row['location'])),
  );
  assert.equal(named.size, 2 * images);
  assert.ok(files().length - named.size <= countOf('trash'));
});
