import { randomBytes } from 'node:crypto';
import { link, open, readFile, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeFolders } from '#platform/folders';
import { parseSecretKey, SecretUnusable } from './secret-box.ts';

const fileName = 'secret.key';

/** Another process that makes the file where there are no hard links needs so long at most. */
const patienceMs = 1000;

export const keyFilePath = (folder: string): string => join(folder, fileName);

/** The key in the file `secret.key` of a folder; undefined when there is no such file. Rejects with `SecretUnusable`. */
export async function readKeyFile(folder: string): Promise<Uint8Array | undefined> {
  const path = keyFilePath(folder);
  const end = performance.now() + patienceMs;
  for (;;) {
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
      throw new SecretUnusable(`The secret key ${path} cannot be read (${code}): give Entrepot the right to it.`, {
        cause: error,
      });
    }
    const key = parseSecretKey(text);
    if (key !== undefined) return key;
    if (text.length >= 40 || performance.now() > end) {
      throw new SecretUnusable(`The file ${path} holds no key of 32 bytes in base64: put back the one it was.`);
    }
    await sleep(20);
  }
}

/**
 * Makes the file with a new key, readable by its owner alone and on the disk before this resolves. When several
 * processes do so at once, all get the key of the one that was first. Rejects with `SecretUnusable`.
 */
export async function makeKeyFile(folder: string): Promise<Uint8Array> {
  const path = keyFilePath(folder);
  const draft = `${path}.${randomBytes(8).toString('hex')}`;
  const text = `${randomBytes(32).toString('base64')}\n`;
  try {
    makeFolders(folder);
    await writeSynced(draft, text);
    try {
      // A link, unlike a rename, never takes the place of a file that is there.
      await link(draft, path).catch((error: unknown) => unlessThere(error, () => writeSynced(path, text)));
    } finally {
      await unlink(draft);
    }
    await syncFolder(dirname(path));
  } catch (error) {
    const { code } = error as { code?: string };
    throw new SecretUnusable(
      `The secret key ${path} cannot be made (${code}): make the folder writable, or give a key as ENTREPOT_SECRET_KEY.`,
      { cause: error },
    );
  }
  const key = await readKeyFile(folder);
  if (key === undefined) throw new SecretUnusable(`The secret key ${path} was removed while Entrepot started.`);
  return key;
}

/** Some network file systems have no hard links; there the file is made in its place. */
async function unlessThere(error: unknown, otherwise: () => Promise<void>): Promise<void> {
  const { code = '' } = error as { code?: string };
  if (code === 'EEXIST') return;
  if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(code)) throw error;
  await otherwise().catch((second: unknown) => {
    if ((second as { code?: string }).code !== 'EEXIST') throw second;
  });
}

async function writeSynced(path: string, text: string): Promise<void> {
  await using file = await open(path, 'wx', 0o600);
  await file.writeFile(text);
  await file.sync();
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}
