import { closeSync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import type { Change } from './wal-position.ts';

/** A database file at rest that changes are written into, in their order. */
export interface RestingDatabase extends Disposable {
  apply(change: Change): void;
}

/** Opens a copy that nobody has open as a database. What was applied is on the disk when it is closed. */
export function openResting(path: string): RestingDatabase {
  const fd = openSync(path, 'r+');
  return {
    apply({ pages, pageSize, databasePages }) {
      for (const [number, content] of pages) {
        const offset = (number - 1) * pageSize;
        for (let at = 0; at < content.length; ) at += writeSync(fd, content, at, content.length - at, offset + at);
      }
      ftruncateSync(fd, databasePages * pageSize);
    },
    [Symbol.dispose]() {
      try {
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
    },
  };
}
