import assert from 'node:assert/strict';
import { rename } from 'node:fs/promises';
import { test } from 'node:test';
import { makeClientHome } from '#support/client-home';
import { findGoTool } from '#support/go-tool';
import { mustRun, runProgram } from '#support/program';
import { useRegistry } from '#support/use-registry';

const tool = await findGoTool('cosign');
const program = 'path' in tool ? tool.path : '';
const skip = 'reason' in tool ? tool.reason : false;
const registry = await useRegistry();

for (const [name, mode] of [
  ['by tag', 'legacy'],
  ['as a referrer', 'oci-1-1'],
] as const) {
  test(`cosign keeps a signature ${name} and finds it again`, { skip }, async () => {
    await using home = await makeClientHome('cosign');
    await rename(await home.writeLogin(registry.host, registry.admin), home.path('.docker/config.json'));
    const env = { ...home.env, COSIGN_PASSWORD: 'a password', COSIGN_YES: 'true', COSIGN_EXPERIMENTAL: '1' };
    const cosign = (...args: string[]): Promise<string> => mustRun(program, args, { env, cwd: home.folder });
    const repository = registry.repository();
    const signed = await registry.client.pushImage(repository, 'signed');
    const unsigned = await registry.client.pushImage(repository, 'unsigned');
    await cosign('generate-key-pair');
    const image = `${registry.host}/${repository}@${signed.descriptor.digest}`;
    await cosign(
      'sign',
      '--key',
      'cosign.key',
      '--tlog-upload=false',
      '--allow-http-registry',
      `--registry-referrers-mode=${mode}`,
      image,
    );
    const verify = ['verify', '--key', 'cosign.pub', '--insecure-ignore-tlog', '--allow-http-registry'];
    if (mode === 'oci-1-1') verify.push('--experimental-oci11');
    assert.match(await cosign(...verify, image), new RegExp(signed.descriptor.digest));
    const other = await runProgram(
      program,
      [...verify, `${registry.host}/${repository}@${unsigned.descriptor.digest}`],
      { env, cwd: home.folder },
    );
    assert.notEqual(other.code, 0);
    if (mode === 'oci-1-1') {
      const referrers = await registry.client.expect(
        200,
        'GET',
        `/v2/${repository}/referrers/${signed.descriptor.digest}`,
      );
      assert.equal((referrers.json() as { manifests: unknown[] }).manifests.length, 1);
    }
  });
}
