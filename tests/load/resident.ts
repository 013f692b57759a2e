import { setTimeout as delay } from 'node:timers/promises';
import { describe, mediaType, someBytes } from '#support/content';
import { peakMemory, residentMemory } from './memory.ts';
import type { Pace } from './pace.ts';
import type { Row, Section } from './report.ts';
import { type Rival, startRivals, transfer } from './rivals.ts';

const repository = 'library/bench';

interface Footprint {
  readonly idle: number;
  readonly pushGrowth: number;
  readonly pullGrowth: number;
  readonly parallel: number;
}

async function measure({ origin, headers, client, pid }: Rival, mebibytes: number, pace: Pace): Promise<Footprint> {
  await delay(2_000);
  const idle = residentMemory(pid);
  // What a first transfer brings in (code, buffers) is not growth with size.
  const warm = await transfer('upload.ts', { origin, repository, headers, mebibytes: 64 });
  await transfer('download.ts', {
    origin,
    headers,
    path: `/v2/${repository}/blobs/${warm.digest}`,
    connections: 1,
    requests: 1,
  });
  const before = residentMemory(pid);
  const push = await peakMemory(pid, () => transfer('upload.ts', { origin, repository, headers, mebibytes }));
  const between = residentMemory(pid);
  const path = `/v2/${repository}/blobs/${push.result.digest}`;
  const pull = await peakMemory(pid, () =>
    transfer('download.ts', { origin, headers, path, connections: 1, requests: 1 }),
  );
  await client.expect(202, 'DELETE', path);
  const bytes = someBytes(100 << 20);
  await client.pushBlob(repository, bytes);
  const { digest } = describe(mediaType.layer, bytes);
  const order = {
    origin,
    headers,
    path: `/v2/${repository}/blobs/${digest}`,
    connections: pace.quick ? 20 : 100,
    requests: 1,
  };
  const parallel = await peakMemory(pid, () => transfer('download.ts', order));
  return { idle, pushGrowth: push.peak - before, pullGrowth: pull.peak - between, parallel: parallel.peak };
}

/** Resident memory: idle, while a very large blob goes in and out, and under a hundred pulls at once. */
export async function measureMemory(pace: Pace): Promise<Section> {
  await using rivals = await startRivals();
  const mebibytes = pace.quick ? 1024 : 10 * 1024;
  const ours = await measure(rivals.ours, mebibytes, pace);
  pace.log(`ours: ${JSON.stringify(ours)}`);
  const theirs = await measure(rivals.theirs, mebibytes, pace);
  pace.log(`theirs: ${JSON.stringify(theirs)}`);
  const unit = 'MiB';
  const better = 'less' as const;
  const size = `${mebibytes / 1024} GiB`;
  const rows: Row[] = [
    { what: 'idle, after the start', unit, better, ours: ours.idle, theirs: theirs.idle },
    {
      what: `growth while a blob of ${size} goes in`,
      unit,
      better,
      ours: ours.pushGrowth,
      theirs: theirs.pushGrowth,
      aim: '< 64 MiB',
    },
    {
      what: `growth while it goes out`,
      unit,
      better,
      ours: ours.pullGrowth,
      theirs: theirs.pullGrowth,
      aim: '< 64 MiB',
    },
    {
      what: `${pace.quick ? 20 : 100} pulls of 100 MiB at once, in all`,
      unit,
      better,
      ours: ours.parallel,
      theirs: theirs.parallel,
      aim: '< 400 MiB',
    },
  ];
  return {
    name: 'memory',
    title: 'Resident memory',
    note: 'VmRSS of the process and its children, looked at every 50 ms.',
    rows,
  };
}
