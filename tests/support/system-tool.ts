import { existsSync } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { withFileLock } from './file-lock.ts';
import { runProgram } from './program.ts';

/** Debian's package for each program that a test may ask for. */
const packageOf = {
  skopeo: 'skopeo',
  podman: 'podman',
  buildah: 'buildah',
  containerd: 'containerd',
  ctr: 'containerd',
  umoci: 'umoci',
  'docker-registry': 'docker-registry',
  initdb: 'postgresql-15',
  nginx: 'nginx',
  openssl: 'openssl',
  slapd: 'slapd',
  wrk: 'wrk',
  busybox: 'busybox-static',
  debootstrap: 'debootstrap',
  strace: 'strace',
  tar: 'tar',
} as const;

export type SystemTool = keyof typeof packageOf;

/** What the tests of `npm test` ask for; the rest is for `npm run bench` and `npm run torture`. */
export const toolsOfTests: readonly SystemTool[] = [
  'skopeo',
  'docker-registry',
  'podman',
  'buildah',
  'containerd',
  'ctr',
  'umoci',
  'initdb',
  'nginx',
  'openssl',
  'slapd',
  'busybox',
  'tar',
];

// Debian keeps PostgreSQL's own programs outside the path.
const folders = [
  ...(process.env['PATH'] ?? '').split(delimiter),
  '/usr/sbin',
  '/sbin',
  ...['17', '16', '15'].map((version) => `/usr/lib/postgresql/${version}/bin`),
];

/** Where a program lies, or undefined. */
export async function findProgram(name: string): Promise<string | undefined> {
  for (const folder of folders) {
    const path = join(folder, name);
    try {
      await access(path, constants.X_OK);
      return path;
    } catch {}
  }
  return undefined;
}

async function listMissing(tools: readonly SystemTool[]): Promise<SystemTool[]> {
  const found = await Promise.all(tools.map(findProgram));
  return tools.filter((_, index) => found[index] === undefined);
}

async function apt(args: readonly string[]): Promise<string | undefined> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const { code, stderr } = await runProgram('apt-get', args, { env, timeout: 600_000 });
  return code === 0 ? undefined : `apt-get ${args[0]} failed: ${stderr.trim().split('\n').at(-1)}`;
}

async function install(packages: readonly string[]): Promise<string | undefined> {
  const args = ['install', '--yes', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300', ...packages];
  if ((await apt(args)) === undefined) return undefined;
  return (await apt(['update'])) ?? (await apt(args));
}

/**
 * Sees to it that the programs are there: where they are missing and this is root on Debian, it installs them, one
 * process at a time. Answers undefined when all are there, else the reason why not, to skip the test with.
 */
export async function needTools(tools: readonly SystemTool[]): Promise<string | undefined> {
  if ((await listMissing(tools)).length === 0) return undefined;
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) {
    const missing = await listMissing(tools);
    return `${missing.join(', ')} not installed (and only root on Debian installs it here)`;
  }
  return withFileLock(join(tmpdir(), 'entrepot-tests-apt.lock'), async () => {
    const missing = await listMissing(tools);
    if (missing.length === 0) return undefined;
    const fault = await install([...new Set(missing.map((tool) => packageOf[tool]))]);
    const still = await listMissing(tools);
    return still.length === 0
      ? undefined
      : `${still.join(', ')} could not be installed: ${fault ?? 'not in its package'}`;
  });
}
