import fs from 'node:fs';

/**
 * The calls to the operating system that can fail under the bytes of a blob. Tests put failures in between.
 * Opening and renaming are synchronous: they take some ten microseconds, less than a hop through the thread pool,
 * where they would queue behind the syncs of other uploads. Nothing that waits for the disk is synchronous.
 */
export interface FileOperations {
  readonly open: (path: string, flags: number, mode?: number) => number;
  readonly rename: (from: string, to: string) => void;
  /** Size of an open file. */
  readonly size: (fd: number) => number;
  /** One call, which may write less than it was given and say so without an error. */
  readonly writev: (fd: number, chunks: readonly Uint8Array[], position: number) => Promise<number>;
  readonly read: (fd: number, into: Uint8Array, position: number) => Promise<number>;
  readonly truncate: (fd: number, size: number) => Promise<void>;
  readonly fdatasync: (fd: number) => Promise<void>;
  readonly fsync: (fd: number) => Promise<void>;
  readonly close: (fd: number) => Promise<void>;
  readonly unlink: (path: string) => Promise<void>;
}

type Done = (error: NodeJS.ErrnoException | null) => void;

function settled(start: (done: Done) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => (error === null || error === undefined ? resolve() : reject(error)));
  });
}

function counted(start: (done: (error: NodeJS.ErrnoException | null, count: number) => void) => void): Promise<number> {
  return new Promise((resolve, reject) => {
    start((error, count) => (error === null || error === undefined ? resolve(count) : reject(error)));
  });
}

/** The real calls. The callback API is used because file handles cost several times as much per call. */
export const nodeFileOperations: FileOperations = {
  open: (path, flags, mode) => fs.openSync(path, flags, mode),
  rename: (from, to) => fs.renameSync(from, to),
  size: (fd) => fs.fstatSync(fd).size,
  writev: (fd, chunks, position) => counted((done) => fs.writev(fd, chunks, position, done)),
  read: (fd, into, position) => counted((done) => fs.read(fd, into, 0, into.byteLength, position, done)),
  truncate: (fd, size) => settled((done) => fs.ftruncate(fd, size, done)),
  fdatasync: (fd) => settled((done) => fs.fdatasync(fd, done)),
  fsync: (fd) => settled((done) => fs.fsync(fd, done)),
  close: (fd) => settled((done) => fs.close(fd, done)),
  unlink: (path) => settled((done) => fs.unlink(path, done)),
};
