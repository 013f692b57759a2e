import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { as, password, type ServedRegistry, serveRegistry } from '#testing/served-registry';

let registry: ServedRegistry;

before(async () => {
  registry = await serveRegistry();
  await registry.must(['project', 'create', 'team']);
  for (const name of ['anna', 'axel']) {
    await registry.must(['user', 'create', name, '--new-password-stdin'], { stdin: 'Password123' });
  }
});

after(() => registry[Symbol.asyncDispose]());

test('roles are made of short words and permissions, shown, given and removed when nobody has them', async () => {
  const { must, run } = registry;
  await must(['role', 'create', 'releaser', '-a', 'pull', '-a', 'push', '-a', 'tag:delete']);
  assert.match(await must(['role', 'ls']), /releaser +projects +pull, push, tag:delete\n/);
  assert.equal((await run(['role', 'create', 'releaser'])).code, 8);
  const wrong = await run(['role', 'create', 'king', '-a', 'rule']);
  assert.deepEqual([wrong.code, /"rule" is no permission/.test(wrong.stderr)], [2, true]);
  const [role] = JSON.parse(await must(['role', 'ls', '-o', 'json'])) as { id: number }[];
  await must(['member', 'add', 'team', '--user', 'anna', '--role', String(role?.id)]);
  assert.equal((await run(['role', 'rm', 'releaser', '--yes'])).code, 8);
  await must(['member', 'rm', 'team', 'anna', '--yes']);
  await must(['role', 'rm', 'releaser', '--yes']);
  assert.equal((await run(['role', 'rm', 'releaser', '--yes'])).code, 3);
});

test('groups are made, filled, given roles, emptied and removed', async () => {
  const { must, run } = registry;
  await must(['group', 'create', 'auditors']);
  await must(['group', 'add-member', 'auditors', 'axel']);
  assert.equal((await run(['group', 'add-member', 'auditors', 'axel'])).code, 8);
  assert.equal((await run(['group', 'add-member', 'nobody', 'axel'])).code, 3);
  assert.match(await must(['group', 'ls']), /^NAME +FROM +DN\nauditors +here\n$/);
  await must(['member', 'add', 'team', '--group', 'auditors', '--role', 'guest']);
  const explained = await must(['permission', 'explain', 'pull', '--user', 'axel', '--repository', 'team/app']);
  assert.match(explained, /Allowed: yes\nRule: .*guest.*auditors/);
  await must(['group', 'remove-member', 'auditors', 'axel', '--yes']);
  assert.equal((await run(['group', 'remove-member', 'auditors', 'axel', '--yes'])).code, 3);
  const taken = await must(['permission', 'explain', 'pull', '--user', 'axel', '--repository', 'team/app']);
  assert.match(taken, /Allowed: no\nRule: +none allows it\n/);
  await must(['group', 'rm', 'auditors', '--yes']);
  assert.doesNotMatch(await must(['group', 'ls']), /auditors/);
});

test('it is explained who may what, and only to those who may know', async () => {
  const { must, run } = registry;
  await must(['member', 'add', 'team', '--user', 'anna', '--role', 'developer']);
  const push = JSON.parse(
    await must(['permission', 'explain', 'push', '--user', 'anna', '--project', 'team', '-o', 'json']),
  ) as { permission: string; allowed: boolean; rule: string };
  assert.deepEqual([push.permission, push.allowed, /developer/.test(push.rule)], ['repository:push', true, true]);
  assert.match(await must(['permission', 'explain', 'delete', '--user', 'anna', '--project', 'team']), /Allowed: no/);
  assert.match(await must(['permission', 'explain', 'pull', '--project', 'library']), /Allowed: yes\nRule: .*public/);
  assert.match(await must(['permission', 'explain', 'user:create', '--user', 'admin']), /Allowed: yes/);
  const both = await run(['permission', 'explain', 'pull', '--user', 'anna', '--group', 'x']);
  assert.equal(both.code, 2);
  const asAnna = { env: as('anna', 'Password123') };
  assert.equal((await run(['permission', 'explain', 'pull', '--project', 'team'], asAnna)).code, 4);
  assert.equal((await run(['permission', 'explain', 'pull', '--user', 'nobody', '--project', 'team'])).code, 3);
  await must(['member', 'rm', 'team', 'anna', '--yes']);
});

test('a token shows what it permits, and what was asked for and is not in it', async () => {
  const { must, host, run } = registry;
  await must(['member', 'add', 'team', '--user', 'anna', '--role', 'guest']);
  const asAnna = { env: as('anna', 'Password123') };
  const shown = await must(['token', 'get', 'team/app:pull,push', 'library/app'], asAnna);
  assert.match(shown, /For: +anna\n/);
  assert.match(shown, /Permits:\n {2}team\/app: pull \(not push\)\n {2}library\/app: pull\n$/);
  const { access } = JSON.parse(await must(['token', 'get', 'team/app', '-o', 'json'], asAnna)) as {
    access: { name: string; actions: string[] }[];
  };
  assert.deepEqual([access[0]?.name, access[0]?.actions], ['team/app', ['pull']]);
  const token = (await must(['token', 'get', '--raw', 'team/app'], asAnna)).trim();
  const url = `http://${host}/v2/team/app/tags/list`;
  const answered = async (headers: Record<string, string>) => {
    const answer = await fetch(url, { headers });
    await answer.arrayBuffer();
    return answer.status;
  };
  assert.equal(await answered({ authorization: `Bearer ${token}` }), 404);
  assert.equal(await answered({}), 401);
  assert.equal((await run(['token', 'get', 'Not A Scope'], asAnna)).code, 2);
});

test('sessions in browsers are seen and ended', async () => {
  const { must, run, host } = registry;
  const signIn = async (principal: string, secret: string) => {
    const body = new URLSearchParams({ principal, password: secret });
    const answer = await fetch(`http://${host}/c/login`, { method: 'POST', body });
    assert.equal(answer.status, 200, await answer.text());
  };
  await signIn('anna', 'Password123');
  await signIn('admin', password);
  const asAnna = { env: as('anna', 'Password123') };
  const own = JSON.parse(await must(['session', 'ls', '-o', 'json'], asAnna)) as { id: string; username: string }[];
  assert.deepEqual(
    own.map(({ username }) => username),
    ['anna'],
  );
  assert.equal((await run(['session', 'ls', '--all'], asAnna)).code, 4);
  assert.match(await must(['session', 'ls', '--all']), /anna[^]*admin|admin[^]*anna/);
  assert.match(await must(['session', 'ls', '--user', 'anna']), new RegExp(`${own[0]?.id} +anna +127`));
  assert.equal((await run(['session', 'rm', '--yes'])).code, 2);
  assert.equal((await run(['session', 'rm', 'unknown', '--yes'])).code, 3);
  await must(['session', 'rm', own[0]?.id ?? '', '--yes']);
  assert.doesNotMatch(await must(['session', 'ls', '--all']), /anna/);
  assert.equal(await must(['session', 'rm', '--own', '--yes']), 'Ended 1 sessions\n');
});
