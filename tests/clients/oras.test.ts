import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { makeClientHome } from '#support/client-home';
import { someBytes } from '#support/content';
import { findGoTool } from '#support/go-tool';
import { mustRun, runProgram } from '#support/program';
import { useRegistry } from '#support/use-registry';

const tool = await findGoTool('oras');
const program = 'path' in tool ? tool.path : '';
const skip = 'reason' in tool ? tool.reason : false;
const registry = await useRegistry();

test('oras pushes files, attaches to them, finds what is attached, and pulls all back', { skip }, async () => {
  await using home = await makeClientHome('oras');
  const config = ['--plain-http', '--registry-config', await home.writeLogin(registry.host, registry.admin)];
  const cwd = home.path('work');
  await mkdir(cwd);
  const bytes = someBytes(100_000);
  await writeFile(home.path('work/data.bin'), bytes);
  await writeFile(home.path('work/sbom.json'), '{"sbom":true}');
  const oras = (...args: string[]): Promise<string> => mustRun(program, args, { env: home.env, cwd });
  const image = `${registry.host}/${registry.repository()}:v1`;
  await oras(
    'push',
    ...config,
    '--artifact-type',
    'application/vnd.example.data',
    image,
    'data.bin:application/octet-stream',
  );
  await oras(
    'attach',
    ...config,
    '--artifact-type',
    'application/vnd.example.sbom',
    image,
    'sbom.json:application/json',
  );
  const found = JSON.parse(await oras('discover', ...config, '--format', 'json', image)) as {
    referrers?: { artifactType: string }[];
    manifests?: { artifactType: string }[];
  };
  const referrers = found.referrers ?? found.manifests ?? [];
  assert.deepEqual(
    referrers.map(({ artifactType }) => artifactType),
    ['application/vnd.example.sbom'],
  );
  await oras('pull', ...config, '--output', home.path('back'), image);
  assert.deepEqual(await readFile(home.path('back/data.bin')), bytes);
  const other = `${registry.host}/${registry.repository()}:copied`;
  const both = [
    '--from-plain-http',
    '--to-plain-http',
    '--from-registry-config',
    config[2] ?? '',
    '--to-registry-config',
    config[2] ?? '',
  ];
  await oras('copy', '--recursive', ...both, image, other);
  assert.match(await oras('discover', ...config, '--format', 'json', other), /vnd\.example\.sbom/);
  assert.equal((await oras('repo', 'tags', ...config, other.replace(/:copied$/, ''))).trim(), 'copied');
  await oras('manifest', 'delete', '--force', ...config, other);
  const gone = await runProgram(program, ['pull', ...config, other], { env: home.env, cwd });
  assert.notEqual(gone.code, 0);
  const refused = await runProgram(program, ['push', '--plain-http', image, 'data.bin'], { env: home.env, cwd });
  assert.notEqual(refused.code, 0);
  assert.match(refused.stderr, /401|unauthorized|authentication required|credential/i);
});
