import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { startCli } from '#testing/run-child';
import { makeTemporaryFolder } from '#testing/temporary-folder';

const password = 'Correct-horse-7-battery';

test('a registry is managed from the command line', async () => {
  await using folder = await makeTemporaryFolder();
  await using server = startCli(['serve', '--listen', '127.0.0.1:0', '--data', join(folder.path, 'data')], {
    env: { ENTREPOT_ADMIN_PASSWORD: password, ENTREPOT_LOG_LEVEL: 'info' },
  });
  const [, host = ''] = await server.waitFor(/"address":"http:\/\/([^"]+)"/);
  const env = { HOME: folder.path };
  const run = async (args: readonly string[], stdin?: string) => {
    await using child = startCli(args, stdin === undefined ? { env } : { env, stdin });
    const code = await child.ended;
    return { code, stdout: child.stdout(), stderr: child.stderr() };
  };
  const must = async (args: readonly string[], stdin?: string) => {
    const ran = await run(args, stdin);
    assert.equal(ran.code, 0, `${args.join(' ')}\n${ran.stderr}`);
    return ran.stdout;
  };

  await must(['login', host, '-u', 'admin', '--password-stdin'], password);
  assert.match(await must(['whoami']), /User: +admin\nEmail:|User: +admin\nAdministrator: yes/);

  await must(['project', 'create', 'team']);
  const again = await run(['project', 'create', 'team']);
  assert.deepEqual([again.code, /already exists/.test(again.stderr)], [8, true]);
  assert.match(await must(['project', 'ls', '--name', 'tea']), /NAME +PUBLIC.*\nteam +no +0 +admin/);
  await must(['project', 'update', 'team', '--public']);
  assert.match(await must(['project', 'get', 'team']), /Public: +yes/);
  assert.equal((await run(['project', 'update', 'team'])).code, 2);

  await must(['user', 'create', 'anna', '--new-password-stdin'], 'Password123');
  assert.match(await must(['user', 'ls']), /anna/);
  await must(['member', 'add', 'team', '--user', 'anna', '--role', 'guest']);
  await must(['member', 'set', 'team', 'anna', 'maintainer']);
  assert.match(await must(['member', 'ls', 'team']), /anna +user +maintainer/);
  assert.equal((await run(['member', 'add', 'team', '--user', 'anna', '--role', 'king'])).code, 2);
  assert.equal((await run(['member', 'rm', 'team', 'nobody', '--yes'])).code, 3);

  const robot = JSON.parse(
    await must([
      'robot',
      'create',
      'builder',
      '--project',
      'team',
      '-a',
      'pull',
      '-a',
      'push',
      '--from',
      '127.0.0.0/8',
      '-o',
      'json',
    ]),
  ) as { name: string; secret: string };
  assert.equal(robot.name, 'robot$team+builder');
  assert.match(await must(['robot', 'get', 'team+builder']), /From: +127\.0\.0\.0\/8/);
  assert.match(await must(['robot', 'ls', '--project', 'team']), /robot\$team\+builder .* active/);
  const rotated = JSON.parse(await must(['robot', 'rotate', 'team+builder', '-o', 'json'])) as { secret: string };
  assert.notEqual(rotated.secret, robot.secret);
  for (const secret of [robot.secret, rotated.secret]) {
    await must(
      ['login', host, '-u', robot.name, '--password-stdin', '--authfile', join(folder.path, 'robot.json')],
      secret,
    );
  }

  await must(['label', 'create', 'approved', '--project', 'team']);
  assert.match(await must(['label', 'ls', '--project', 'team']), /approved/);
  await must(['label', 'rm', 'approved', '--project', 'team', '--yes']);
  const unasked = await run(['robot', 'rm', 'team+builder']);
  assert.deepEqual([unasked.code, /--yes/.test(unasked.stderr)], [2, true]);
  await must(['robot', 'rm', 'team+builder', '--yes']);
  await must(['member', 'rm', 'team', 'anna', '--yes']);
  await must(['user', 'rm', 'anna', '--yes']);
  await must(['project', 'rm', 'team', '--yes']);
  assert.equal((await run(['project', 'get', 'team'])).code, 3);
});
