import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Free memory, in bytes, that a run may have for its files. */
const enough = 6 * 2 ** 30;

/** Where this machine keeps files in memory, if there is room. */
function findMemory(): string | undefined {
  const folder = '/dev/shm';
  if (!existsSync(folder)) return undefined;
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize >= enough ? folder : undefined;
}

/** What is mounted under a folder: a test that was killed may have left it. */
function mountsUnder(folder: string): string[] {
  if (!existsSync('/proc/self/mounts')) return [];
  const places = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  return places.flatMap((line) => line.split(' ')[1] ?? []).filter((place) => place.startsWith(`${folder}/`));
}

/**
 * A folder for all the files of a run of tests: in memory unless TMPDIR says otherwise, where no test waits for a disk
 * (that they are synced, in the right order, is tested; a disk that is slow to do it tells nothing more). Other users,
 * as PostgreSQL's, may go through it. Its path is in lower case: podman makes image names from paths.
 */
export function makeScratch(): { readonly path: string; readonly end: () => void } {
  const parent = process.env['TMPDIR'] === undefined ? findMemory() : undefined;
  const path = join(parent ?? tmpdir(), `entrepot-tests-${randomBytes(6).toString('hex')}`);
  mkdirSync(path, { mode: 0o755 });
  return {
    path,
    end() {
      for (const place of mountsUnder(path).reverse()) execFileSync('umount', ['--lazy', place]);
      rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}
