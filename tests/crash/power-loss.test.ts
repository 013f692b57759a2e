import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needTools } from '#support/system-tool';
import { runCrashPoints, type ScenarioName } from '#torture/crash-points';
import { missingMortalDisk } from '#torture/power-loss';

const skip = (await needTools(['strace'])) ?? (await missingMortalDisk()) ?? false;

/** A taste of each kind: `npm run torture -- --power` tries every call of every operation. */
const taste: readonly ScenarioName[] = ['pushWhole', 'pushImage', 'deleteManifest'];

test('what was acknowledged outlives a power loss at any system call', { skip }, async (t) => {
  const report = (line: string) => t.diagnostic(line);
  const { points } = await runCrashPoints({ stride: 3, power: true, scenarios: taste, most: 4, report });
  assert.equal(points, taste.length * 4);
});
