import { measurePermissions, type PermissionCosts } from '@entrepot/server/testing/measure-permissions';
import type { Pace } from './pace.ts';
import { makeTable, type Section } from './report.ts';
import { median, readable } from './statistics.ts';

/** One permission decision. */
export async function measureDecisions(pace: Pace): Promise<Section> {
  const rounds: PermissionCosts[] = [];
  for (let round = 0; round < pace.rounds; round++) rounds.push(await measurePermissions());
  const names = Object.keys(rounds[0] ?? {});
  const rows = names.map((name) => [name, readable(median(rounds.map((costs) => costs[name] ?? 0))), '≤ 5']);
  for (const [name, cost] of rows) pace.log(`${name}: ${cost} µs`);
  return {
    name: 'permissions',
    title: 'Permission decisions',
    note: `What it costs to decide whether somebody may pull from a repository, with roles that are remembered (15 s). Medians of ${pace.rounds} rounds of a million.`,
    rows: [],
    table: makeTable(['who', 'microseconds', 'aim'], rows),
  };
}
