import assert from 'node:assert/strict';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openLogSync } from './log-sync.ts';

async function makeFolder() {
  const path = await mkdtemp(join(tmpdir(), 'entrepot-log-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

test('any number who ask while a sync runs share the next one', async () => {
  await using folder = await makeFolder();
  await writeFile(join(folder.path, 'a.db-wal'), 'frames');
  await using log = await openLogSync(join(folder.path, 'a.db'));
  const first = log.sync();
  const rest = [log.sync(), log.sync(), log.sync()];
  assert.ok(rest.every((one) => one === rest[0] && one !== first));
  await Promise.all([first, ...rest]);
  assert.notEqual(log.sync(), rest[0]);
});

test('a disk that failed once fails for good', async () => {
  await using folder = await makeFolder();
  // A file that cannot be synced, for lack of a broken disk.
  await symlink('/dev/null', join(folder.path, 'a.db-wal'));
  await using log = await openLogSync(join(folder.path, 'a.db'));
  log.assertSound();
  const [first, second] = [log.sync(), log.sync()];
  await assert.rejects(first, /failed to keep what was written/);
  await assert.rejects(second, /failed to keep what was written/);
  assert.throws(() => log.assertSound(), /failed to keep what was written/);
  await assert.rejects(log.sync(), /failed to keep what was written/);
});

test('what is asked for is done before the log is let go', async () => {
  await using folder = await makeFolder();
  await writeFile(join(folder.path, 'a.db-wal'), 'frames');
  const log = await openLogSync(join(folder.path, 'a.db'));
  const done: number[] = [];
  void log.sync().then(() => done.push(1));
  void log.sync().then(() => done.push(2));
  await log[Symbol.asyncDispose]();
  assert.deepEqual(done, [1, 2]);
});
