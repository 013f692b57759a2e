import assert from 'node:assert/strict';
import { glob } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { isReplayed, isReplaying, judgeReplay } from '#testing/tenant-replay';

test('the suites of the management API have a stranger ask first, and those alone', async () => {
  const files = await Array.fromAsync(glob('**/*.test.ts', { cwd: join(import.meta.dirname, '..') }));
  const replayed = files.filter((file) => isReplayed(`/${file}`));
  assert.ok(replayed.length >= 12, replayed.join('\n'));
  assert.ok(replayed.length < files.length / 4);
  assert.equal(isReplaying, false);
});

test('a stranger who is let in is seen, and a name that is told', () => {
  const projects = [{ name: 'secret', isPublic: false }];
  const asked = { method: 'GET', path: '/api/v2.0/projects/secret' };
  assert.throws(() => judgeReplay(asked, { status: 200, text: '{}' }, projects));
  assert.throws(() =>
    judgeReplay({ method: 'GET', path: '/v2/secret/app/tags/list' }, { status: 200, text: '' }, projects),
  );
  const list = { method: 'GET', path: '/api/v2.0/repositories' };
  assert.throws(() => judgeReplay(list, { status: 200, text: '[{"name":"secret/app"}]' }, projects));
  judgeReplay(asked, { status: 404, text: 'project secret not found' }, projects);
  judgeReplay(list, { status: 200, text: '[]' }, projects);
});
