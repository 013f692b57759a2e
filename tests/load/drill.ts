import { runLargeDrill } from '#torture/drill';
import { runShippingRounds } from '#torture/shipping';
import type { Pace } from './pace.ts';
import { makeTable, type Section } from './report.ts';
import { median, readable } from './statistics.ts';

const seconds = (value: number) => `${readable(value)} s`;

/** How long a backup and a drill take, and what is lost with a machine whose changes are shipped. */
export async function measureDrill(pace: Pace): Promise<Section> {
  const large = await runLargeDrill(pace.quick ? 50 : 1000, 100, pace.log);
  const intervalSeconds = pace.quick ? 2 : 10;
  const shipped = await runShippingRounds({
    rounds: pace.quick ? 2 : 5,
    writers: 4,
    seed: 'bench',
    intervalSeconds,
    between: pace.quick ? [2000, 5000] : [15_000, 40_000],
    report: pace.log,
  });
  const rows = [
    [`first backup of ${large.manifests} manifests and ${large.blobs} blobs`, seconds(large.first), ''],
    ['backup with nothing new', seconds(large.second), ''],
    ['restore until a registry could be started', seconds(large.restored), ''],
    ['drill with every check', seconds(large.checked), '≤ 300 s'],
    [
      `lost with the machine, shipping every ${intervalSeconds} s: half of ${shipped.rounds} kills`,
      seconds(median(shipped.lost) / 1000),
      '',
    ],
    ['the worst of them', seconds(Math.max(...shipped.lost) / 1000), '≤ 60 s'],
  ];
  if (!large.passed) throw new Error('The drill failed.');
  return {
    name: 'drill',
    title: 'Backup and drill',
    note:
      'A registry on SQLite and files, with small blobs, backed up to a folder of the same disk. Blobs are hard-linked by the ' +
      `restore. Then ${shipped.acknowledged} pushes by four writers, with kills: what is lost is counted from the oldest push ` +
      'that was acknowledged and is not in the restored registry.',
    rows: [],
    table: makeTable(['', 'Entrepot', 'aim'], rows),
  };
}
