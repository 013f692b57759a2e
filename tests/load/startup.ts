import { ServerProcess } from '#support/server-process';
import { startDebianRegistry } from '#support/debian-registry';
import { makeTemporaryFolder } from '#support/temporary-folder';
import type { Pace } from './pace.ts';
import type { Row, Section } from './report.ts';
import { seedStore } from './seed.ts';
import { median } from './statistics.ts';

async function timesOfStart(rounds: number, data: string): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await using server = await ServerProcess.start({ data });
    times.push(server.readyAfter);
    await server.stop();
  }
  return times;
}

/** From the start of the process to the first request that is served. */
export async function measureStart(pace: Pace): Promise<Section> {
  const rounds = Math.max(3, pace.rounds);
  const empty: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await using server = await ServerProcess.start();
    empty.push(server.readyAfter);
    await using debian = await startDebianRegistry();
    theirs.push(debian.readyAfter);
  }
  await using folder = await makeTemporaryFolder('seeded');
  await using first = await ServerProcess.start({ data: folder.path });
  await first.stop();
  const manifests = pace.quick ? 10_000 : 100_000;
  seedStore(folder.path, { repositories: manifests / 100, tags: 100 });
  const seeded = await timesOfStart(rounds, folder.path);
  const rows: Row[] = [
    {
      what: 'ready on an empty store',
      unit: 'ms',
      better: 'less',
      ours: median(empty),
      theirs: median(theirs),
      aim: '< 2,000 ms',
    },
    {
      what: `ready on ${manifests.toLocaleString('en-US')} manifests`,
      unit: 'ms',
      better: 'less',
      ours: median(seeded),
      aim: '< 2,000 ms',
    },
  ];
  pace.log(
    `start: ${median(empty).toFixed()} ms empty, ${median(seeded).toFixed()} ms with ${manifests} manifests, theirs ${median(theirs).toFixed()} ms`,
  );
  return {
    name: 'start',
    title: 'Start',
    note: `Medians of ${rounds} starts. The empty store is made during the first of them.`,
    rows,
  };
}
