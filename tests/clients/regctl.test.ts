import assert from 'node:assert/strict';
import { rename } from 'node:fs/promises';
import { test } from 'node:test';
import { makeClientHome } from '#support/client-home';
import { findGoTool } from '#support/go-tool';
import {
  addIndex,
  assertSameImage,
  digestInLayout,
  makeBusyboxTree,
  makeImageLayout,
  missingImageTools,
} from '#support/image-trees';
import { mustRun } from '#support/program';
import { useRegistry } from '#support/use-registry';

const tool = await findGoTool('regctl');
const program = 'path' in tool ? tool.path : '';
const skip = 'reason' in tool ? tool.reason : ((await missingImageTools()) ?? false);
const registry = await useRegistry();

test('regctl copies a multi-platform image there and back, and puts artifacts beside it', { skip }, async () => {
  await using home = await makeClientHome('regctl');
  await makeBusyboxTree(home.path('tree'));
  for (const architecture of ['amd64', 'arm64'])
    await makeImageLayout(home.path('layout'), `multi-${architecture}`, home.path('tree'), architecture);
  await addIndex(home.path('layout'), 'multi', ['amd64', 'arm64']);
  await rename(await home.writeLogin(registry.host, registry.admin), home.path('.docker/config.json'));
  const env = { ...home.env, REGCTL_CONFIG: home.path('regctl.json') };
  const regctl = async (...args: string[]): Promise<string> => (await mustRun(program, args, { env })).trim();
  await regctl('registry', 'set', '--tls', 'disabled', registry.host);
  const image = `${registry.host}/${registry.repository()}:multi`;
  const root = await digestInLayout(home.path('layout'), 'multi');
  await regctl('image', 'copy', `ocidir://${home.path('layout')}:multi`, image);
  assert.equal(await regctl('image', 'digest', image), root);
  assert.equal(await regctl('tag', 'ls', image.replace(/:multi$/, '')), 'multi');
  await mustRun(program, ['artifact', 'put', '--artifact-type', 'application/vnd.example.note', '--subject', image], {
    env,
    input: 'a note',
  });
  assert.match(await regctl('artifact', 'list', image), /vnd\.example\.note/);
  await regctl('image', 'copy', '--referrers', image, `ocidir://${home.path('back')}:multi`);
  await assertSameImage(home.path('layout'), home.path('back'), root);
  await regctl('tag', 'delete', image);
  await regctl('blob', 'head', image.replace(/:multi$/, ''), await digestOfConfig());

  async function digestOfConfig(): Promise<string> {
    const manifest = await regctl(
      'manifest',
      'get',
      '--format',
      'raw-body',
      `${image.replace(/:multi$/, '')}@${await digestInLayout(home.path('layout'), 'multi-amd64')}`,
    );
    return (JSON.parse(manifest) as { config: { digest: string } }).config.digest;
  }
});
