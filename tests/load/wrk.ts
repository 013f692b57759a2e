import { join } from 'node:path';
import { mustRun } from '#support/program';

export interface WrkRun {
  readonly origin: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly threads?: number;
  readonly seconds: number;
  /** Puts the numbers of a random repository and tag where the path has @R and @T. */
  readonly among?: { readonly repositories: number; readonly tags: number };
}

export interface WrkResult {
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** Runs wrk once. Rejects when a request failed: a fast refusal is no speed. */
export async function runWrk(run: WrkRun): Promise<WrkResult> {
  const headers = Object.entries(run.headers ?? {}).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const among = run.among ?? { repositories: 0, tags: 0 };
  const args = [
    `-t${run.threads ?? 1}`,
    `-c${run.connections}`,
    `-d${run.seconds}s`,
    '--timeout=30s',
    ...['-s', join(import.meta.dirname, 'wrk.lua')],
    ...headers,
    run.origin,
    '--',
    String(among.repositories),
    String(among.tags),
    '1',
    run.path,
  ];
  const output = await mustRun('wrk', args, { timeout: (run.seconds + 60) * 1000 });
  const [requests = 0, micros = 1, p50 = 0, p99 = 0, errors = 0] = (/^RESULT (.*)$/m.exec(output)?.[1] ?? '')
    .split(' ')
    .map(Number);
  if (requests === 0 || errors > 0)
    throw new Error(`wrk on ${run.path}: ${errors} of ${requests} requests failed\n${output}`);
  return { perSecond: requests / (micros / 1e6), p50: p50 / 1000, p99: p99 / 1000 };
}
