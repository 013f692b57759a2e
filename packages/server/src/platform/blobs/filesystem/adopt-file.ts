import { randomBytes } from 'node:crypto';
import fs, { constants } from 'node:fs';
import { chmod, copyFile, lstat, open, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type AdoptedFile, type AdoptionKind, type BlobLocation, identityOf } from '#platform/blobs';
import { RegistryError } from '#kernel/errors';
import { blobPath } from './layout.ts';
import { isAbsent, storageError, systemCode } from './storage-error.ts';

const doing = 'Taking over a file';

/** What says that a link cannot be made here although both places are good: another disk, another owner, too many names. */
const unlinkable: ReadonlySet<string> = new Set([
  'EXDEV',
  'EPERM',
  'EACCES',
  'EMLINK',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
]);

/** As `BlobAdopter.adopt` promises. */
export async function adoptFile(
  root: string,
  location: BlobLocation,
  file: AdoptedFile,
  how: AdoptionKind,
): Promise<'linked' | 'copied'> {
  const target = blobPath(root, location);
  if (how !== 'copy' && linkFile(file, target, how)) return 'linked';
  await copyOver(root, file, target);
  return 'copied';
}

/**
 * Gives the file a second name; false where it is to be copied instead. Synchronous: it takes less time than one turn
 * through the thread pool, and thousands of links follow each other.
 */
function linkFile(file: AdoptedFile, target: string, how: 'link' | 'either'): boolean {
  try {
    fs.linkSync(file.path, target);
  } catch (error) {
    const code = systemCode(error) ?? '';
    if (!unlinkable.has(code)) throw isAbsent(error) ? gone(error) : storageError(error, doing);
    if (how === 'either') return false;
    throw new RegistryError('unsupported', `The file cannot be linked into the blob store (${code}): copy it.`, {
      cause: error,
    });
  }
  const linked = fs.lstatSync(target, { bigint: true });
  // The name may have come to mean another file since it was looked at.
  if (identityOf(linked) !== file.identity) {
    fs.unlinkSync(target);
    throw changed();
  }
  if ((linked.mode & BigInt(constants.S_IWOTH)) === 0n) return true;
  fs.unlinkSync(target);
  if (how === 'either') return false;
  throw new RegistryError('unsupported', 'Everybody may write to the file, so it cannot be linked: copy it.');
}

/** The file system shares the blocks where it can; the bytes are on the disk before they have their name. */
async function copyOver(root: string, file: AdoptedFile, target: string): Promise<void> {
  const id = randomBytes(16).toString('hex');
  const draft = join(root, 'uploads', id.slice(0, 2), `${id}-import`);
  await lookAt(file);
  try {
    await copyFile(file.path, draft, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    await chmod(draft, 0o640);
    const copy = await open(draft, 'r+');
    try {
      await copy.sync();
    } finally {
      await copy.close();
    }
    await lookAt(file);
    await rename(draft, target);
  } catch (error) {
    await unlink(draft).catch(() => undefined);
    throw isAbsent(error) ? gone(error) : storageError(error, doing);
  }
}

/** Throws unless it is still the file that was hashed. */
async function lookAt(file: AdoptedFile): Promise<void> {
  const known = await lstat(file.path, { bigint: true }).catch((error: unknown) => {
    throw isAbsent(error) ? gone(error) : storageError(error, doing);
  });
  if (identityOf(known) !== file.identity) throw changed();
}

const gone = (cause: unknown) =>
  new RegistryError('blob-not-found', 'The file went away while it was taken over.', { cause });

const changed = () => new RegistryError('conflict', 'The file was changed while it was taken over.');

/** Syncs the folders of the locations, each once. */
export async function syncFoldersOf(root: string, locations: readonly BlobLocation[]): Promise<void> {
  try {
    const folders = new Set(locations.map((location) => dirname(blobPath(root, location))));
    await Promise.all([...folders].map(syncFolder));
  } catch (error) {
    throw storageError(error, 'Syncing the folder of a blob to the disk');
  }
}

function syncFolder(path: string): Promise<void> {
  const fd = fs.openSync(path, constants.O_RDONLY);
  return new Promise<void>((resolve, reject) => {
    fs.fsync(fd, (error) => (error === null || error === undefined ? resolve() : reject(error)));
  }).finally(() => fs.closeSync(fd));
}
