import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, mediaType, someBytes } from '#support/content';
import { findFreePort } from '#support/free-port';
import { endWithThisProcess } from '#support/program';
import { findProgram } from '#support/system-tool';
import { makeTemporaryFolder } from '#support/temporary-folder';
import { alternate, type Pace } from './pace.ts';
import type { Row, Section } from './report.ts';
import { startRivals, transfer } from './rivals.ts';
import { median } from './statistics.ts';

const repository = 'library/bench';

interface FileServer extends AsyncDisposable {
  readonly origin: string;
}

/** nginx that serves one file with sendfile: what the machine gives at most. */
async function startSendfile(bytes: Buffer): Promise<FileServer> {
  const program = await findProgram('nginx');
  if (program === undefined) throw new Error('nginx is not installed');
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await makeTemporaryFolder('sendfile'));
  await chmod(folder.path, 0o755);
  const port = await findFreePort();
  await writeFile(join(folder.path, 'blob'), bytes);
  const settings = join(folder.path, 'nginx.conf');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder.path}/${name};`,
  );
  await writeFile(
    settings,
    `daemon off; master_process off; pid ${folder.path}/pid; error_log stderr;
events {} http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000; ${temporary.join(' ')}
server { listen 127.0.0.1:${port}; root ${folder.path}; } }`,
  );
  const child = spawn(program, ['-c', settings, '-e', 'stderr'], { stdio: 'ignore' });
  endWithThisProcess(child);
  stack.defer(async () => {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
  });
  await delay(300);
  const whole = stack.move();
  return { origin: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: () => whole.disposeAsync() };
}

interface Pull {
  readonly mebibytes: number;
  readonly connections: number;
  readonly requests: number;
  readonly aim: string;
  readonly beside: boolean;
}

const pulls: readonly Pull[] = [
  { mebibytes: 1, connections: 16, requests: 200, aim: '≥ 3×', beside: false },
  { mebibytes: 100, connections: 1, requests: 20, aim: '≥ 1.0×, nginx within 10 %', beside: true },
  { mebibytes: 100, connections: 4, requests: 8, aim: '≥ 1.0×, nginx within 10 %', beside: true },
];

/** Layers read whole, beside docker-registry and beside nginx with sendfile. */
export async function measureBlobs(pace: Pace): Promise<Section> {
  await using rivals = await startRivals();
  const rows: Row[] = [];
  for (const { mebibytes, connections, requests, aim, beside } of pulls) {
    const bytes = someBytes(mebibytes << 20);
    const { digest } = describe(mediaType.layer, bytes);
    for (const { client } of [rivals.ours, rivals.theirs]) await client.pushBlob(repository, bytes);
    await using nginx = await startSendfile(bytes);
    const count = pace.quick ? Math.ceil(requests / 4) : requests;
    const speed = async (origin: string, path: string, headers: object): Promise<number> => {
      const { bytes: got, seconds } = await transfer('download.ts', {
        origin,
        path,
        headers,
        connections,
        requests: count,
      });
      return got / seconds / (1 << 20);
    };
    const fromNginx: number[] = [];
    const result = await alternate(pace, rivals, async (rival) => {
      if (beside && rival.name === 'entrepot') fromNginx.push(await speed(nginx.origin, '/blob', {}));
      return speed(rival.origin, `/v2/${repository}/blobs/${digest}`, rival.headers);
    });
    const what = `${mebibytes} MiB blob GET, ${connections} connection${connections === 1 ? '' : 's'}`;
    rows.push({ what, unit: 'MiB/s', ...result, better: 'more', aim });
    pace.log(`${what}: ${result.ours.toFixed()} against ${result.theirs.toFixed()} MiB/s`);
    if (beside) {
      const nginxSpeed = median(fromNginx);
      rows.push({
        what: `– nginx sendfile serves the same file at ${nginxSpeed.toFixed()} MiB/s; of that`,
        unit: '%',
        ours: (100 * result.ours) / nginxSpeed,
        theirs: (100 * result.theirs) / nginxSpeed,
        better: 'more',
      });
      pace.log(`  nginx: ${nginxSpeed.toFixed()} MiB/s`);
    }
  }
  return {
    name: 'blobs',
    title: 'Blobs',
    note: `A client in a process of its own reads into one megabyte of memory and drops it; files are in the page cache. Medians of ${pace.rounds} rounds, in turn.`,
    rows,
  };
}
