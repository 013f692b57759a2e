import fs from 'node:fs';
import { Readable } from 'node:stream';
import type { ByteRange } from '#platform/blobs';
import { RegistryError } from '#kernel/errors';
import { isAbsent, storageError } from './storage-error.ts';

/** Opens files for reading and shares the memory among all that are open. */
export interface FileReaders {
  /** Rejects with `blob-not-found`, or `storage-failed` when the file is shorter than the range. */
  open(path: string, range?: ByteRange): Promise<Readable>;
}

const doing = 'Reading a blob';

/**
 * How much a stream reads at a time. One stream alone is as fast as sendfile with 512 KiB and two reads ahead, a quarter
 * as fast with 64 KiB; a stream holds up to three reads, hence less for each the more are open.
 */
function readSize(openStreams: number): number {
  return openStreams <= 32 ? 512 * 1024 : openStreams <= 128 ? 256 * 1024 : openStreams <= 512 ? 128 * 1024 : 64 * 1024;
}

/** One per store: counts its open streams. */
export function createFileReaders(): FileReaders {
  let openStreams = 0;
  return {
    async open(path, range) {
      const fd = await openToRead(path);
      try {
        const { size } = fs.fstatSync(fd);
        const end = range === undefined ? size : range.last + 1;
        if (end > size) {
          throw tooShort();
        }
        openStreams++;
        return new BlobFileStream(fd, range?.first ?? 0, end, readSize(openStreams), () => {
          openStreams--;
        });
      } catch (error) {
        fs.closeSync(fd);
        throw storageError(error, doing);
      }
    },
  };
}

function openToRead(path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.open(path, fs.constants.O_RDONLY, (error, fd) => {
      if (error === null) {
        resolve(fd);
      } else if (isAbsent(error)) {
        reject(new RegistryError('blob-not-found', 'The bytes of the blob are not in the store.', { cause: error }));
      } else {
        reject(storageError(error, doing));
      }
    });
  });
}

function tooShort(): RegistryError {
  return new RegistryError('storage-failed', 'The stored blob is shorter than it was when it was pushed.');
}

/**
 * Reads a part of an open file and closes it. As a stream, each read has memory of its own, because consumers may keep
 * what they get. A consumer that brings memory and says itself when it is free again reads with `readInto` instead,
 * which spares the kernel to find fresh pages for every byte of a blob.
 */
class BlobFileStream extends Readable {
  readonly #fd: number;
  readonly #end: number;
  readonly #step: number;
  readonly #closed: () => void;
  #position: number;
  #reading = false;
  #whenRead: (() => void) | undefined;

  constructor(fd: number, first: number, end: number, step: number, closed: () => void) {
    super({ highWaterMark: 2 * step });
    this.#fd = fd;
    this.#position = first;
    this.#end = end;
    this.#step = step;
    this.#closed = closed;
  }

  override _read(): void {
    const left = this.#end - this.#position;
    if (left <= 0) {
      this.push(null);
      return;
    }
    const buffer = Buffer.allocUnsafeSlow(Math.min(left, this.#step));
    this.#reading = true;
    fs.read(this.#fd, buffer, 0, buffer.length, this.#position, (error, count) => {
      this.#reading = false;
      if (this.#whenRead !== undefined) {
        this.#whenRead();
      } else if (error !== null && error !== undefined) {
        this.destroy(storageError(error, doing));
      } else if (count === 0) {
        this.destroy(tooShort());
      } else {
        this.#position += count;
        this.push(count === buffer.length ? buffer : buffer.subarray(0, count));
        if (this.#position >= this.#end) {
          this.push(null);
        }
      }
    });
  }

  /** Fills the memory from where the last read ended; answers how many bytes came, 0 at the end. One at a time. */
  readInto(target: Uint8Array): Promise<number> {
    const wanted = Math.min(this.#end - this.#position, target.length);
    if (wanted <= 0 || this.destroyed) {
      return Promise.resolve(0);
    }
    this.#reading = true;
    return new Promise((resolve, reject) => {
      fs.read(this.#fd, target, 0, wanted, this.#position, (error, count) => {
        this.#reading = false;
        this.#whenRead?.();
        if (error !== null && error !== undefined) {
          reject(storageError(error, doing));
        } else if (count === 0) {
          reject(tooShort());
        } else {
          this.#position += count;
          resolve(count);
        }
      });
    });
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const close = () => {
      this.#closed();
      fs.close(this.#fd, (closeError) => done(error ?? closeError));
    };
    if (this.#reading) {
      this.#whenRead = close;
    } else {
      close();
    }
  }
}
