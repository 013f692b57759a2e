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
  const limits = { seed: 'taste', stride: 3, most: 3, atLeast: 0, lanes: 1 };
  const { points } = await runCrashPoints({ ...limits, power: true, scenarios: taste, report });
  assert.equal(points, taste.length * 3);
});
