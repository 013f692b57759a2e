import { availableParallelism } from 'node:os';
import { describe, mediaType, someBytes } from '#support/content';
import { ServerProcess } from '#support/server-process';
import { residentMemory } from './memory.ts';
import type { Pace } from './pace.ts';
import { makeTable, type Section } from './report.ts';
import { rivalOf, transfer } from './rivals.ts';
import { median, readable } from './statistics.ts';
import { runWrk } from './wrk.ts';

const repository = 'library/bench';

async function measureWith(workers: number, pace: Pace): Promise<string[]> {
  await using server = await ServerProcess.start({ env: { ENTREPOT_WORKERS: String(workers) } });
  const rival = rivalOf(server);
  await rival.client.pushImage(repository, 'latest', { layers: 5 });
  const bytes = someBytes(100 << 20);
  await rival.client.pushBlob(repository, bytes);
  const [manifests, blobs, pushes]: [number[], number[], number[]] = [[], [], []];
  const base = { origin: rival.origin, headers: rival.headers };
  for (let round = 0; round < pace.rounds; round++) {
    const path = `/v2/${repository}/manifests/latest`;
    manifests.push((await runWrk({ ...base, path, connections: 32, threads: 2, seconds: pace.seconds })).perSecond);
    const { digest } = describe(mediaType.layer, bytes);
    const pulled = await transfer('download.ts', {
      ...base,
      path: `/v2/${repository}/blobs/${digest}`,
      connections: 4,
      requests: 5,
    });
    blobs.push(pulled.bytes / pulled.seconds / (1 << 20));
    const both = await Promise.all([0, 1].map(() => transfer('upload.ts', { ...base, repository, mebibytes: 128 })));
    pushes.push(256 / Math.max(...both.map(({ seconds }) => seconds)));
  }
  const memory = residentMemory(rival.pid);
  rival.client[Symbol.dispose]();
  return [String(workers), ...[manifests, blobs, pushes].map((values) => readable(median(values))), readable(memory)];
}

/** One process against several. */
export async function measureWorkers(pace: Pace): Promise<Section> {
  const rows: string[][] = [];
  for (const workers of [...new Set([1, 2, availableParallelism()])]) {
    rows.push(await measureWith(workers, pace));
    pace.log(`workers: ${rows.at(-1)?.join(' | ')}`);
  }
  return {
    name: 'workers',
    title: 'More than one process',
    note: `On ${availableParallelism()} processors, which the clients share.`,
    rows: [],
    table: makeTable(
      [
        '`--workers`',
        'manifest GET by tag, requests/s',
        '100 MiB blobs, 4 at once, MiB/s',
        'two pushes of 128 MiB at once, MiB/s',
        'resident, MiB',
      ],
      rows,
    ),
  };
}
