import { open, readFile, rm, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

const stale = 15 * 60_000;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  try {
    const pid = Number(await readFile(path, 'utf8'));
    const age = Date.now() - (await stat(path)).mtimeMs;
    return age > stale || (age > 1_000 && !isAlive(pid));
  } catch {
    return false;
  }
}

/** Does `work` while no other process does work under the same lock file. A lock whose holder died is taken over. */
export async function withFileLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      const handle = await open(path, 'wx');
      await handle.writeFile(String(process.pid));
      await handle.close();
      break;
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'EEXIST') throw error;
      if (await isAbandoned(path)) await rm(path, { force: true });
      else await delay(200);
    }
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}
