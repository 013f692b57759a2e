import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeClientHome } from '#support/client-home';
import { makeBusyboxTree, readTree } from '#support/image-trees';
import { mustRun, runProgram } from '#support/program';
import { needTools } from '#support/system-tool';
import { useRegistry } from '#support/use-registry';

const skip =
  (await needTools(['buildah', 'busybox'])) ??
  (process.getuid?.() === 0 ? false : 'buildah without user namespaces needs root');
const registry = await useRegistry();

test('an image built from a tree goes to the registry and comes back as the same tree', { skip }, async () => {
  await using home = await makeClientHome('buildah');
  await makeBusyboxTree(home.path('tree'));
  const store = (name: string): string[] => [
    '--root',
    home.path(name, 'root'),
    '--runroot',
    home.path(name, 'run'),
    '--storage-driver',
    'vfs',
  ];
  const buildah = async (name: string, ...args: string[]): Promise<string> =>
    (await mustRun('buildah', [...store(name), ...args], { env: home.env })).trim();
  const login = ['--authfile', await home.writeLogin(registry.host, registry.admin), '--tls-verify=false'];
  const image = `${registry.host}/${registry.repository()}:built`;

  const container = await buildah('build', 'from', 'scratch');
  await buildah('build', 'copy', container, home.path('tree'), '/');
  await buildah('build', 'config', '--cmd', '/bin/sh', '--label', 'org.example.made=by buildah', container);
  await buildah('build', 'commit', container, image);
  await buildah('build', 'push', ...login, image, `docker://${image}`);

  await buildah('fresh', 'pull', '-q', '--tls-verify=false', image);
  const back = await buildah('fresh', 'from', '--pull-never', image);
  const folder = await buildah('fresh', 'mount', back);
  assert.deepEqual(await readTree(folder), await readTree(home.path('tree')));
  await buildah('fresh', 'umount', back);

  const refused = await runProgram(
    'buildah',
    [...store('build'), 'push', '--tls-verify=false', image, `docker://${image}`],
    { env: home.env },
  );
  assert.notEqual(refused.code, 0, 'without a login nothing is pushed');
  assert.match(refused.stderr, /unauthorized|authentication required|denied/i);
});
