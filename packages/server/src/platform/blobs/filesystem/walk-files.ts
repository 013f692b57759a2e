import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { WalkedBlob } from '#platform/blobs/capabilities';
import { locationOf } from './layout.ts';
import { isAbsent, storageError } from './storage-error.ts';

const trees = ['sha256', 'sha512'] as const;
/** Looks at so many files at once. */
const atOnce = 16;

/** Every blob under the root, shard by shard. Names that this store does not make are passed over. */
export async function* walkFiles(root: string): AsyncGenerator<WalkedBlob> {
  for (const tree of trees) {
    for (let shard = 0; shard < 256; shard++) {
      const folder = `${tree}/${shard.toString(16).padStart(2, '0')}`;
      const names = await listNames(join(root, folder));
      for (let at = 0; at < names.length; at += atOnce) {
        const some = names.slice(at, at + atOnce).map((name) => look(root, `${folder}/${name}`));
        for (const found of await Promise.all(some)) {
          if (found !== undefined) yield found;
        }
      }
    }
  }
}

async function listNames(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    // A shard that is gone is a store that is not mounted, or somebody's hand: not an empty one.
    throw storageError(error, 'Listing the blob store');
  }
}

async function look(root: string, path: string): Promise<WalkedBlob | undefined> {
  const location = locationOf(path);
  if (location === undefined) return undefined;
  try {
    const { size, mtimeMs, ctimeMs } = await stat(join(root, location));
    // A file keeps the time of its last write when it is committed; the other one is that of its name.
    return { location, size, modifiedAt: Math.max(mtimeMs, ctimeMs) };
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw storageError(error, 'Listing the blob store');
  }
}
