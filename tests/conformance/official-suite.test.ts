import assert from 'node:assert/strict';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { findGoTool } from '#support/go-tool';
import { runProgram } from '#support/program';
import type { ServerProcess } from '#support/server-process';
import { missingStack, type StackKind, startRegistryOn } from '#support/stack';
import { makeTemporaryFolder } from '#support/temporary-folder';

const tool = await findGoTool('conformance');
/** As many as the suite had when this was written; later ones have more. */
const fewestChecks = 1028;

/** Keeps the reports where `ENTREPOT_TEST_REPORTS` says, to be published. */
async function keepReports(results: string, name: string): Promise<void> {
  const folder = process.env['ENTREPOT_TEST_REPORTS'];
  if (folder === undefined) return;
  await mkdir(join(folder, name), { recursive: true });
  for (const file of ['results.yaml', 'report.html', 'junit.xml'])
    await copyFile(join(results, file), join(folder, name, file));
}

async function runSuite(program: string, server: ServerProcess, name: string): Promise<void> {
  await using folder = await makeTemporaryFolder('conformance');
  const results = join(folder.path, 'results');
  const { stdout, stderr } = await runProgram(program, [], {
    cwd: folder.path,
    env: {
      PATH: process.env['PATH'],
      OCI_REGISTRY: server.host,
      OCI_TLS: 'disabled',
      OCI_REPO1: 'library/conformance/one',
      OCI_REPO2: 'library/conformance/two',
      OCI_USERNAME: server.admin.user,
      OCI_PASSWORD: server.admin.password,
      OCI_VERSION: 'dev',
      OCI_DATA_SPARSE: 'true',
      OCI_RESULTS_DIR: results,
    },
  });
  // The totals stand in what the program prints: `  Pass..........:       1028`.
  const count = (status: string): number =>
    Number(new RegExp(`^  ${status}\\.+: +(\\d+)$`, 'm').exec(stdout)?.[1] ?? -1);
  const failures = stdout.split('\n').filter((line) => /: (FAIL|Skip|Error)$|^ *- /.test(line));
  await keepReports(results, name);
  const others = { fail: count('FAIL'), skip: count('Skip'), error: count('Error'), disabled: count('Disabled') };
  assert.deepEqual(
    others,
    { fail: 0, skip: 0, error: 0, disabled: 0 },
    `${failures.slice(0, 60).join('\n')}\n${stderr}`,
  );
  assert.ok(count('Pass') >= fewestChecks, `${count('Pass')} checks`);
}

for (const kind of ['sqlite-filesystem', 'postgres-s3'] satisfies StackKind[]) {
  for (const challenge of ['basic', 'bearer'] as const) {
    test(`the official suite is passed whole on ${kind} with a ${challenge} challenge`, async (t) => {
      const reason = 'reason' in tool ? tool.reason : await missingStack(kind);
      if (reason !== undefined || 'reason' in tool) {
        t.skip(reason);
        return;
      }
      await using registry = await startRegistryOn(kind, { env: { ENTREPOT_AUTH_CHALLENGE: challenge } });
      await runSuite(tool.path, registry.server, `${kind}-${challenge}`);
    });
  }
}
