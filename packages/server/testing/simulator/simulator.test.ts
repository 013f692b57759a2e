import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sabotages } from './sabotage.ts';
import { replay, ScheduleFailed, simulate } from './simulate.ts';

/** As many as fit into a run of all tests; `npm run torture -- --schedules N` runs more. */
const mostSeconds = 25;
const most = 10_000;

test('whatever the order of pushes, pulls, deletions, restorations and collections, nothing is lost or kept for nothing', async (t) => {
  const result = await simulate({ seed: 0, schedules: most, within: mostSeconds * 1000 });
  t.diagnostic(`${result.schedules} schedules, ${result.steps} steps, ${result.crashes} crashes`);
  assert.ok(result.schedules > 0 && result.crashes > 0);
});

test('a schedule is the same whenever it runs', async () => {
  const run = async () => {
    const lines: string[] = [];
    assert.equal(await replay(40, (line) => lines.push(line)), undefined);
    return lines.join('\n').replaceAll(/memory\S+/g, '');
  };
  assert.equal(await run(), await run());
});

for (const [name, sabotage] of Object.entries(sabotages)) {
  test(`the simulator finds a registry where ${name.replaceAll('-', ' ')}, and finds it again by the seed`, async () => {
    const failure = await simulate({ seed: 0, schedules: 2000, sabotage }).catch((error: unknown) => error);
    assert.ok(failure instanceof ScheduleFailed, 'nothing was found');
    const again = await replay(failure.seed, () => undefined, sabotage);
    assert.ok(again instanceof Error, 'the seed does not show it again');
  });
}
