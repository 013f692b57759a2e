import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { type Digest, digestAlgorithm, digestHex } from '@entrepot/oci/digest';
import { identityOf } from '#platform/blobs';
import { isFault, type Fault } from './fault.ts';
import { createSafeFolder, type SafeFolder } from './safe-folder.ts';

/** A file that should have the digest. */
export interface FileToVerify {
  readonly root: string;
  /** Its way from there. */
  readonly parts: readonly string[];
  readonly digest: Digest;
  /** Files that changed before this time, in milliseconds, are on the disk already. */
  readonly syncedBefore: number;
}

/** The file, as it was while it was read. */
export interface VerifiedFile {
  readonly path: string;
  readonly size: number;
  readonly identity: string;
}

export interface VerifyQuestion {
  readonly id: number;
  readonly files: readonly FileToVerify[];
}

export interface VerifyAnswer {
  readonly id: number;
  readonly files: readonly (VerifiedFile | Fault)[];
}

const step = Buffer.allocUnsafeSlow(1024 * 1024);

const folders = new Map<string, SafeFolder>();

function folderAt(root: string): SafeFolder {
  const folder = folders.get(root) ?? createSafeFolder(root);
  // Of many layouts one is read after the other.
  if (folders.size > 100) folders.clear();
  folders.set(root, folder);
  return folder;
}

const missing = (digest: Digest): Fault => ({
  reason: 'blob-missing',
  message: `The bytes of ${digest} are not there.`,
});

function verify({ root, parts, digest, syncedBefore }: FileToVerify): VerifiedFile | Fault {
  const found = folderAt(root).look(parts);
  if (found === undefined) return missing(digest);
  if (isFault(found)) return found;
  const { path } = found;
  let fd: number | undefined;
  try {
    fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK);
    const before = fs.fstatSync(fd, { bigint: true });
    if (!before.isFile()) return { reason: 'unreadable', message: `${digest} is no plain file.` };
    const hash = createHash(digestAlgorithm(digest));
    for (let count = fs.readSync(fd, step); count > 0; count = fs.readSync(fd, step)) {
      hash.update(count === step.length ? step : step.subarray(0, count));
    }
    if (hash.digest('hex') !== digestHex(digest)) {
      return { reason: 'blob-corrupt', message: `The bytes under ${digest} have another digest.` };
    }
    if (Number(before.ctimeMs) >= syncedBefore) fs.fsyncSync(fd);
    const after = identityOf(fs.fstatSync(fd, { bigint: true }));
    if (after !== identityOf(before)) {
      return { reason: 'blob-changed', message: `${digest} was written to while it was read.` };
    }
    return { path, size: Number(before.size), identity: after };
  } catch (error) {
    const { code = '' } = error as { code?: string };
    if (code === 'ENOENT') return missing(digest);
    return { reason: 'unreadable', message: `The bytes of ${digest} cannot be read: ${code || String(error)}.` };
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}

parentPort?.on('message', ({ id, files }: VerifyQuestion) => {
  const answer: VerifyAnswer = { id, files: files.map(verify) };
  parentPort?.postMessage(answer);
});
