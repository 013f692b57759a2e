import { createHash } from 'node:crypto';

/** A place in SQLite's write-ahead log that no other content of the log can pass for. Between two transactions. */
export interface WalPosition {
  readonly salt1: number;
  readonly salt2: number;
  /** Frames before it. */
  readonly frames: number;
  /** The running check sum up to it; it depends on every byte before. */
  readonly sum1: number;
  readonly sum2: number;
}

/** What committed transactions made of the database between two positions. */
export interface Change {
  readonly from: WalPosition;
  readonly to: WalPosition;
  readonly pageSize: number;
  /** Length of the database in pages, afterwards. */
  readonly databasePages: number;
  /** The last content of each page that changed, by its number; the first is 1. */
  readonly pages: ReadonlyMap<number, Uint8Array>;
}

export function isSamePosition(a: WalPosition, b: WalPosition): boolean {
  return a.salt1 === b.salt1 && a.salt2 === b.salt2 && a.frames === b.frames && a.sum1 === b.sum1 && a.sum2 === b.sum2;
}

/**
 * What is written into the database as the first thing of a new log, so that the new log is known to follow the old one
 * at this position and nowhere else.
 */
export function markOf({ salt1, salt2, frames, sum1, sum2 }: WalPosition): string {
  return createHash('sha256').update(['entrepot log', salt1, salt2, frames, sum1, sum2].join(' ')).digest('hex');
}
