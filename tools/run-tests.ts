// `npm test` after the check: node's test runner over packages/, tests/ and tools/; folders and files narrow it, --options pass on.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { findFiles } from './find-files.ts';
import { repositoryRoot } from './run-command.ts';
import { makeScratch } from './test-scratch.ts';
import type { TestTotals } from './test-totals-reporter.ts';

/**
 * Longest time for one test file, and for one test in it: against those that hang. The slowest takes a minute, and several
 * on a machine that is busy with other things.
 */
const fileSeconds = 420;
/** A file that is busy in synchronous code cannot see its own deadline; after this grace it is killed. */
const graceSeconds = 20;

/** These are programs of `npm run bench` and `npm run torture`, not tests. */
const programs = /^tests\/(load|torture)\//;

function chooseFiles(wanted: readonly string[]): string[] {
  const patterns = (wanted.length === 0 ? ['packages', 'tests', 'tools'] : wanted).flatMap((path) => {
    const full = join(repositoryRoot, path);
    if (!existsSync(full)) return [];
    return statSync(full).isDirectory() ? `${path.replace(/\/$/, '')}/**/*.test.ts` : path;
  });
  return findFiles(patterns).filter((path) => !programs.test(path));
}

interface TestPostgres {
  /** What the tests find in their environment: where it is, or why there is none. */
  readonly env: Readonly<Record<string, string>>;
  end(): Promise<void>;
}

/** Starts a PostgreSQL for the stores' tests, unless somebody gave one or no chosen file would use it. */
async function startPostgres(files: readonly string[]): Promise<TestPostgres> {
  const unused = !files.some((file) => file.startsWith('packages/server/'));
  if (unused || process.env['ENTREPOT_TEST_POSTGRES_URL'] !== undefined) return { env: {}, end: async () => {} };
  const child = spawn(process.execPath, ['tests/support/postgres-for-tests.ts'], {
    cwd: repositoryRoot,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const said = createInterface(child.stdout);
  const [line] = (await Promise.race([once(said, 'line'), ended.then(() => [])])) as [string?];
  const answer = JSON.parse(line ?? '{"missing":"the program that starts PostgreSQL failed"}') as {
    readonly url?: string;
    readonly missing?: string;
  };
  if (answer.missing !== undefined) console.log(`Without PostgreSQL: ${answer.missing}`);
  return {
    env:
      answer.url === undefined
        ? { ENTREPOT_TEST_POSTGRES_MISSING: answer.missing ?? 'PostgreSQL did not start' }
        : { ENTREPOT_TEST_POSTGRES_URL: answer.url },
    async end() {
      child.stdin.end();
      const late = setTimeout(() => child.kill('SIGTERM'), 10_000);
      await ended;
      clearTimeout(late);
    },
  };
}

/**
 * Kills test files that outlived their deadline, found as the children of the runner. `seen` says since when each is
 * known: what ps tells of the age of a process that just began may be years.
 */
function killOverdue(runner: number, seen: Map<number, number>): void {
  const rows = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  const now = performance.now();
  const children = rows
    .map((row) => row.trim().split(/\s+/).map(Number))
    .flatMap(([pid = 0, parent]) => (parent === runner ? [pid] : []));
  for (const pid of seen.keys()) if (!children.includes(pid)) seen.delete(pid);
  for (const pid of children) {
    const since = seen.get(pid) ?? now;
    seen.set(pid, since);
    if (now - since > (fileSeconds + graceSeconds) * 1000) process.kill(pid, 'SIGKILL');
  }
}

/** Processes that the tests started and left behind; only where the system shows their environment. */
function findStrays(marker: string): { pid: number; command: string }[] {
  if (!existsSync('/proc/self/environ')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        if (!readFileSync(`/proc/${name}/environ`, 'latin1').includes(marker)) return [];
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        return command === '' ? [] : [{ pid: Number(name), command }];
      } catch {
        return [];
      }
    });
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

/** Ends everything the run left: the runner's process group, then whatever went its own way but carries the marker. */
async function sweep(runner: ChildProcess, marker: string): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 200));
  const strays = findStrays(marker);
  if (runner.pid !== undefined) killQuietly(-runner.pid);
  for (const { pid, command } of strays) {
    console.error(`left behind by a test, killed: ${pid} ${command.slice(0, 200)}`);
    killQuietly(pid);
  }
}

/** Node's runner is content when nothing ran; this is not. */
function judge(code: number, totalsPath: string): number {
  if (!existsSync(totalsPath)) {
    console.error('run-tests: the runner wrote no totals; it did not finish');
    return code === 0 ? 1 : code;
  }
  const totals = JSON.parse(readFileSync(totalsPath, 'utf8')) as TestTotals;
  if (code === 0 && totals.ran === 0) {
    console.error('run-tests: no test ran');
    return 1;
  }
  return code;
}

async function main(): Promise<number> {
  const args = process.argv.slice(2);
  const options = args.filter((arg) => arg.startsWith('-'));
  const files = chooseFiles(
    args.filter((arg) => !arg.startsWith('-')).map((arg) => relative(repositoryRoot, arg) || '.'),
  );
  if (files.length === 0) {
    console.error(`run-tests: found no test file${args.length === 0 ? '' : ` in ${args.join(', ')}`}`);
    return 1;
  }
  const scratch = makeScratch();
  process.env['TMPDIR'] = scratch.path;
  const totalsPath = join(scratch.path, 'totals.json');
  const run = randomUUID();
  // Installing takes longer than a test may, so it is done before the first clock runs. What cannot be installed is
  // told here and again by each test that is skipped for it.
  if (files.some((file) => file.startsWith('tests/') || /\b(directory|ldap)\b/.test(file))) {
    spawnSync(process.execPath, ['tests/support/tools-for-tests.ts'], { stdio: 'inherit' });
  }
  const postgres = await startPostgres(files);
  const nodeArgs = [
    '--test',
    `--test-concurrency=${Math.max(2, availableParallelism())}`,
    `--test-timeout=${fileSeconds * 1000}`,
    `--import=${join(repositoryRoot, 'tools/test-deadline.ts')}`,
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    `--test-reporter=${join(repositoryRoot, 'tools/test-totals-reporter.ts')}`,
    `--test-reporter-destination=${totalsPath}`,
    ...options,
    ...files,
  ];
  const runner = spawn(process.execPath, nodeArgs, {
    cwd: repositoryRoot,
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
    env: {
      // Half of what a small test file takes is compiling our sources, the same for each.
      NODE_COMPILE_CACHE: join(scratch.path, 'compiled'),
      ...process.env,
      ...postgres.env,
      ENTREPOT_TEST_RUN: run,
      ENTREPOT_TEST_DEADLINE: String(fileSeconds),
    },
  });
  const forward = (signal: NodeJS.Signals): void => {
    runner.kill(signal);
  };
  process.on('SIGINT', forward).on('SIGTERM', forward);
  const seen = new Map<number, number>();
  const watch = setInterval(() => runner.pid !== undefined && killOverdue(runner.pid, seen), 10_000);
  try {
    const code = await new Promise<number>((resolve, reject) => {
      runner.on('error', reject);
      runner.on('exit', (exitCode) => resolve(exitCode ?? 128));
    });
    await sweep(runner, `ENTREPOT_TEST_RUN=${run}`);
    return judge(code, totalsPath);
  } finally {
    clearInterval(watch);
    await postgres.end();
    scratch.end();
  }
}

process.exitCode = await main();
