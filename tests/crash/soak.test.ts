import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSoak } from '#torture/soak';

test('nothing is lost while a registry collects all the time and everybody pushes, pulls and deletes', async (t) => {
  const report = (line: string) => t.diagnostic(line);
  const seed = new Date().toISOString();
  report(`seed ${seed}`);
  const stack = 'sqlite-filesystem';
  const result = await runSoak({ stack, minutes: 0.3, writers: 4, readers: 4, seed, report });
  report(`${result.pushes} pushes, ${result.collections} collections that removed ${result.removed} blobs`);
  assert.ok(result.pushes > 0 && result.removed > 0);
  assert.equal(result.left, 0, 'nothing is kept for nothing');
});
