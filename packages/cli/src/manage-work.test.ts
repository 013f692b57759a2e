import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { serveRegistry } from '#testing/served-registry';

test('what a project holds is shown, and limited in bytes and in artifacts', async () => {
  await using registry = await serveRegistry();
  const { must, run } = registry;
  await must(['project', 'create', 'team']);
  await must(['quota', 'set', 'team', '10MiB', '--artifacts', '3']);
  const shown = await must(['quota', 'show', 'team']);
  assert.match(shown, /Unique: +0 B of 10\.0 MiB\n/);
  assert.match(shown, /Artifacts: +0 of 3\n/);
  await must(['quota', 'set', 'team', 'unlimited']);
  const { hard } = JSON.parse(await must(['quota', 'show', 'team', '-o', 'json'])) as { hard: object };
  assert.deepEqual(hard, { storage: -1, count: 3 });
  assert.match(await must(['quota', 'ls']), /team +0 B +unlimited +0 +3\n/);
  assert.equal((await run(['quota', 'set', 'team'])).code, 2);
  assert.equal((await run(['quota', 'set', 'team', '--artifacts', 'few'])).code, 2);
  assert.equal((await run(['quota', 'show', 'nobody'])).code, 3);
});

test('schedules are listed and get a time zone; jobs are listed, with their logs', async () => {
  await using registry = await serveRegistry();
  const { must, run } = registry;
  await must(['gc', 'schedule', '0 30 2 * * *']);
  assert.match(
    await must(['schedule', 'ls']),
    /^ID +TYPE +CRON +ZONE +NEXT\n\d+ +GARBAGE_COLLECTION +0 30 2 \* \* \* +UTC +\S+T02:30:00/,
  );
  const [schedule] = JSON.parse(await must(['schedule', 'ls', '-o', 'json'])) as { id: number }[];
  const id = String(schedule?.id);
  assert.match(await must(['schedule', 'zone', id, 'Asia/Tokyo']), /T17:30:00/);
  assert.match(await must(['schedule', 'ls']), /Asia\/Tokyo/);
  assert.equal((await run(['schedule', 'zone', id, 'Nowhere'])).code, 1);
  assert.equal((await run(['schedule', 'zone', 'first', 'UTC'])).code, 2);

  await must(['gc', 'run']);
  const listed = await must(['job', 'ls', '--type', 'GARBAGE_COLLECTION', '--status', 'Success']);
  assert.match(listed, /\n(\d+) +GARBAGE_COLLECTION +Success/);
  const job = /\n(\d+) /.exec(listed)?.[1] ?? '';
  assert.match(await must(['job', 'log', job]), /Collecting/);
  assert.match(await must(['job', 'stop', job]), /told to stop/);
  assert.equal((await run(['job', 'log', '999999'])).code, 3);
});

test('old rows of the audit are purged, and its verification tells of it', async () => {
  await using registry = await serveRegistry();
  const { must, run } = registry;
  await must(['project', 'create', 'team']);
  assert.match(await must(['audit', 'purge', '--keep', '0h', '--dry-run', '--yes']), /Would delete \d+ rows/);
  assert.match(await must(['audit', 'purge', '--keep', '1d', '--yes']), /nothing to purge/);
  await must(['audit', 'purge', '--keep', '0h', '--only', 'create_project', '--yes']);
  const verified = await must(['audit', 'verify']);
  assert.match(verified, /Verified: +yes\n/);
  assert.match(
    verified,
    /Purge: +\S+ by entrepot:purge-audit: \d+ rows before \S+, up to row \d+ \(create-project\)\n/,
  );
  assert.equal((await run(['audit', 'purge', '--keep', 'long', '--yes'])).code, 2);
});

test('a worker does not start on SQLite, and takes no arguments', () => {
  const worker = (...args: readonly string[]) => {
    const main = fileURLToPath(new URL('./main.ts', import.meta.url));
    const env = { PATH: process.env['PATH'] ?? '', ENTREPOT_DATA: '/nowhere' };
    return spawnSync(process.execPath, [main, 'worker', ...args], { env, encoding: 'utf8', timeout: 30_000 });
  };
  const alone = worker();
  assert.deepEqual([alone.status, /takes PostgreSQL/.test(alone.stderr)], [2, true], alone.stderr);
  const strays = worker('all');
  assert.deepEqual([strays.status, /takes no arguments, but got all/.test(strays.stderr)], [2, true], strays.stderr);
});
