import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { glob } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

// The suites of the management API once more, with each request first sent by somebody of another tenant, who has to be
// refused and to learn no name of a private project: see testing/tenant-replay.ts. A sibling route that was forgotten
// when a check was added is found here.

const root = join(import.meta.dirname, '..');
const suites = await Array.fromAsync(
  glob(['**/*routes*.test.ts', '**/routes/*.test.ts', '**/robots.test.ts', '**/settings.test.ts'], {
    cwd: root,
    // Sign-in itself, and what is asked of the machine, is nobody's.
    exclude: ['**/sessions/**', '**/audit/**', '**/ldap/**', '**/system-routes.test.ts'],
  }),
);

test('another tenant is refused whatever the suites of the management API ask', { timeout: 600_000 }, async () => {
  assert.ok(suites.length >= 12, suites.join('\n'));
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const args = ['--test', '--test-reporter=spec', ...suites.map((suite) => join(root, suite))];
  const ran = await promisify(execFile)(process.execPath, args, {
    env: { ...env, ENTREPOT_TEST_REPLAY: '1' },
    maxBuffer: 64 * 1024 * 1024,
  }).then(
    ({ stdout }) => ({ failed: false, stdout }),
    (error: { stdout: string }) => ({ failed: true, stdout: error.stdout }),
  );
  assert.equal(ran.failed, false, ran.stdout.split('failing tests:').at(-1) ?? '');
});

test('the harness sees a stranger who is let in, and a name that is told', async () => {
  const { judgeReplay } = await import('#testing/tenant-replay');
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
