import { closeSync, openSync, readSync } from 'node:fs';
import { type Change, markOf, type WalPosition } from './wal-position.ts';

// https://www.sqlite.org/walformat.html
const headerBytes = 32;
const frameHeaderBytes = 24;
/** Check sums over little-endian words, as every processor we run on makes them. */
const magic = 0x377f0682;
const framesPerRead = 256;

interface WalFile extends Disposable {
  readonly fd: number;
  readonly pageSize: number;
  /** The position before its first frame. */
  readonly start: WalPosition;
}

/** Opens the log beside a database; undefined when there is none, or one that nothing was written to since it was emptied. */
function openWal(path: string): WalFile | undefined {
  let fd: number;
  try {
    // Closing the log, unlike the database itself, takes no lock of SQLite's away.
    fd = openSync(path, 'r');
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return undefined;
    throw error;
  }
  const header = Buffer.alloc(headerBytes);
  const count = readSync(fd, header, 0, headerBytes, 0);
  const [sum1, sum2] = addUp(header, 0, headerBytes - 8, 0, 0);
  const isSound =
    count === headerBytes &&
    header.readUInt32BE(0) === magic &&
    header.readUInt32BE(24) === sum1 &&
    header.readUInt32BE(28) === sum2;
  if (!isSound) {
    closeSync(fd);
    return undefined;
  }
  return {
    fd,
    pageSize: header.readUInt32BE(8),
    start: { salt1: header.readUInt32BE(16), salt2: header.readUInt32BE(20), frames: 0, sum1, sum2 },
    [Symbol.dispose]: () => closeSync(fd),
  };
}

/** SQLite's check sum: two sums over pairs of words, each depending on the other. */
function addUp(bytes: Buffer, from: number, to: number, sum1: number, sum2: number): [number, number] {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + from, (to - from) / 4);
  let [one, two] = [sum1 | 0, sum2 | 0];
  for (let at = 0; at < words.length; at += 2) {
    one = (one + (words[at] as number) + two) | 0;
    two = (two + (words[at + 1] as number) + one) | 0;
  }
  return [one >>> 0, two >>> 0];
}

/** Reads frames in order and hands over those that are sound; ends at the first that is not, or when `onFrame` says so. */
function walk(
  { fd, pageSize }: WalFile,
  from: WalPosition,
  onFrame: (page: number, databasePages: number, content: Buffer, after: WalPosition) => boolean,
): void {
  const frameBytes = frameHeaderBytes + pageSize;
  const { salt1, salt2 } = from;
  let { frames, sum1, sum2 } = from;
  for (;;) {
    const chunk = Buffer.from(new ArrayBuffer(frameBytes * framesPerRead));
    const count = readSync(fd, chunk, 0, chunk.length, headerBytes + frames * frameBytes);
    const whole = Math.floor(count / frameBytes);
    for (let at = 0; at < whole; at += 1) {
      const offset = at * frameBytes;
      if (chunk.readUInt32BE(offset + 8) !== salt1 || chunk.readUInt32BE(offset + 12) !== salt2) return;
      [sum1, sum2] = addUp(chunk, offset, offset + 8, sum1, sum2);
      [sum1, sum2] = addUp(chunk, offset + frameHeaderBytes, offset + frameBytes, sum1, sum2);
      if (chunk.readUInt32BE(offset + 16) !== sum1 || chunk.readUInt32BE(offset + 20) !== sum2) return;
      frames += 1;
      const content = chunk.subarray(offset + frameHeaderBytes, offset + frameBytes);
      const after = { salt1, salt2, frames, sum1, sum2 };
      if (!onFrame(chunk.readUInt32BE(offset), chunk.readUInt32BE(offset + 4), content, after)) return;
    }
    if (whole < framesPerRead) return;
  }
}

/** Whether the log still has, at the position, what it had there. */
function holds({ fd, pageSize, start }: WalFile, position: WalPosition): boolean {
  if (start.salt1 !== position.salt1 || start.salt2 !== position.salt2) return false;
  if (position.frames === 0) return start.sum1 === position.sum1 && start.sum2 === position.sum2;
  const frame = Buffer.alloc(frameHeaderBytes);
  const count = readSync(
    fd,
    frame,
    0,
    frameHeaderBytes,
    headerBytes + (position.frames - 1) * (frameHeaderBytes + pageSize),
  );
  return (
    count === frameHeaderBytes &&
    frame.readUInt32BE(8) === position.salt1 &&
    frame.readUInt32BE(12) === position.salt2 &&
    frame.readUInt32BE(16) === position.sum1 &&
    frame.readUInt32BE(20) === position.sum2
  );
}

/** Whether this log began where the other one ended at the position: its first transaction holds the position's mark. */
function follows(wal: WalFile, position: WalPosition): boolean {
  if (wal.start.salt1 !== (position.salt1 + 1) >>> 0) return false;
  const mark = Buffer.from(markOf(position));
  let found = false;
  walk(wal, wal.start, (_page, databasePages, content) => {
    found ||= content.includes(mark);
    return !found && databasePages === 0;
  });
  return found;
}

/**
 * Reads what was committed since a position, whole transactions only. Beyond `maxPages` pages it stops after the
 * transaction that reached them. `lost` when the log cannot be shown to go on from the position; undefined when nothing
 * was committed since.
 */
export function readChange(path: string, position: WalPosition, maxPages: number): Change | 'lost' | undefined {
  using wal = openWal(path);
  if (wal === undefined) return 'lost';
  const from = goOn(wal, position);
  if (from === undefined) return 'lost';
  const committed = new Map<number, Uint8Array>();
  const open = new Map<number, Uint8Array>();
  let to: WalPosition | undefined;
  let length = 0;
  walk(wal, from, (page, databasePages, content, after) => {
    // A copy: a slice would keep the megabyte alive that it was read with.
    open.set(page, Uint8Array.from(content));
    if (databasePages === 0) return true;
    for (const [number, bytes] of open) committed.set(number, bytes);
    open.clear();
    [to, length] = [after, databasePages];
    return committed.size < maxPages;
  });
  if (to === undefined) return undefined;
  // What the database was cut to is shorter than what an earlier transaction of the same change may have written.
  for (const number of committed.keys()) if (number > length) committed.delete(number);
  return { from: position, to, pageSize: wal.pageSize, databasePages: length, pages: committed };
}

/** The position in this log that goes on from another one; undefined when that cannot be shown. */
function goOn(wal: WalFile, position: WalPosition): WalPosition | undefined {
  if (holds(wal, position)) return position;
  return follows(wal, position) ? wal.start : undefined;
}

/**
 * Where the last whole transaction of the log ends. Undefined when the log is empty, or when it cannot be shown to go on
 * from the position.
 */
export function findEnd(path: string, from?: WalPosition): WalPosition | undefined {
  using wal = openWal(path);
  const start = wal && (from === undefined ? wal.start : goOn(wal, from));
  if (wal === undefined || start === undefined) return undefined;
  let end = start;
  walk(wal, start, (_page, databasePages, _content, after) => {
    if (databasePages > 0) end = after;
    return true;
  });
  return end;
}
