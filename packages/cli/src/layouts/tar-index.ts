import type { FileHandle } from 'node:fs/promises';
import { posix } from 'node:path';
import { LocalFileError } from '#src/failures/failures';

/** Where a file lies in an archive. */
export interface TarFile {
  readonly offset: number;
  readonly size: number;
}

/** The files of an archive by path, links resolved. */
export type TarIndex = ReadonlyMap<string, TarFile>;

type Entry = (TarFile & { readonly kind: 'file' }) | { readonly kind: 'link'; readonly target: string };

interface Header {
  readonly type: string;
  readonly name: string;
  readonly link: string;
  readonly size: number;
}

const block = 512;
const largestMeta = 1024 * 1024;
const mostEntries = 200_000;
const mostLinks = 16;

function readText(header: Buffer, start: number, length: number): string {
  const end = header.indexOf(0, start);
  return header.toString('utf8', start, end < 0 || end > start + length ? start + length : end);
}

/** Octal text, or for large values a binary number behind a set top bit. */
function readNumber(header: Buffer, start: number, length: number): number {
  if (((header[start] ?? 0) & 0x80) !== 0) {
    return header.subarray(start + 1, start + length).reduce((value, byte) => value * 256 + byte, 0);
  }
  const text = readText(header, start, length).trim();
  return text === '' ? 0 : /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number.NaN;
}

function hasSoundChecksum(header: Buffer): boolean {
  const sum = header.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  return readNumber(header, 148, 8) === sum;
}

function readHeader(header: Buffer): Header | undefined {
  const size = readNumber(header, 124, 12);
  if (!hasSoundChecksum(header) || !Number.isSafeInteger(size) || size < 0) {
    return undefined;
  }
  const prefix = readText(header, 257, 6) === 'ustar' ? readText(header, 345, 155) : '';
  const name = readText(header, 0, 100);
  return {
    type: String.fromCharCode(header[156] ?? 0),
    name: prefix === '' ? name : `${prefix}/${name}`,
    link: readText(header, 157, 100),
    size,
  };
}

/** The records `length key=value\n` of a pax header. */
function readPax(bytes: Buffer): Map<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const length = space < 0 ? Number.NaN : Number(bytes.toString('ascii', at, space));
    if (!Number.isSafeInteger(length) || length <= space - at || at + length > bytes.length) {
      return records;
    }
    const record = bytes.toString('utf8', space + 1, at + length - 1);
    const equals = record.indexOf('=');
    records.set(record.slice(0, equals), record.slice(equals + 1));
    at += length;
  }
  return records;
}

function resolveLinks(entries: ReadonlyMap<string, Entry>): TarIndex {
  const files = new Map<string, TarFile>();
  for (const [name, first] of entries) {
    let entry: Entry | undefined = first;
    for (let hops = 0; entry?.kind === 'link' && hops < mostLinks; hops++) {
      entry = entries.get(entry.target);
    }
    if (entry?.kind === 'file') {
      files.set(name, { offset: entry.offset, size: entry.size });
    }
  }
  return files;
}

function normalize(name: string): string {
  return posix.normalize(name).replace(/^\.?\//, '');
}

/**
 * Reads where the files of an uncompressed tar archive lie, without reading them: ustar, GNU and pax headers, symbolic
 * and hard links within the archive. Rejects with LocalFileError when it is no tar archive, or a broken one.
 * @see https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13
 */
export async function readTarIndex(handle: FileHandle, place: string): Promise<TarIndex> {
  const { size: total } = await handle.stat();
  const entries = new Map<string, Entry>();
  let pax = new Map<string, string>();
  const header = Buffer.alloc(block);

  async function readMeta(offset: number, size: number): Promise<Buffer> {
    if (size > largestMeta) {
      throw new LocalFileError(`${place} is damaged: a header has ${size} bytes`);
    }
    const bytes = Buffer.alloc(size);
    await handle.read(bytes, 0, size, offset);
    return bytes;
  }

  for (let at = 0; at + block <= total; ) {
    await handle.read(header, 0, block, at);
    if (header.every((byte) => byte === 0)) {
      break;
    }
    const read = readHeader(header);
    if (read === undefined) {
      throw new LocalFileError(`${place} is ${at === 0 ? 'no tar archive' : `damaged at byte ${at}`}`);
    }
    const offset = at + block;
    const size = pax.has('size') && read.type !== 'x' ? Number(pax.get('size')) : read.size;
    if (!Number.isSafeInteger(size) || offset + size > total) {
      throw new LocalFileError(`${place} is cut off`, 'fetch or write it anew.');
    }
    at = offset + Math.ceil(size / block) * block;
    if (read.type === 'x' || read.type === 'L' || read.type === 'K') {
      const bytes = await readMeta(offset, size);
      const text = () => bytes.toString('utf8').replace(/\0+$/, '');
      const records = read.type === 'x' ? readPax(bytes) : [[read.type === 'L' ? 'path' : 'linkpath', text()] as const];
      pax = new Map([...pax, ...records]);
      continue;
    }
    const name = normalize(pax.get('path') ?? read.name);
    const link = pax.get('linkpath') ?? read.link;
    pax = new Map();
    if (read.type === '0' || read.type === '\0') {
      entries.set(name, { kind: 'file', offset, size });
    } else if (read.type === '1' || read.type === '2') {
      const target = read.type === '1' ? link : posix.join(posix.dirname(name), link);
      entries.set(name, { kind: 'link', target: normalize(target) });
    }
    if (entries.size > mostEntries) {
      throw new LocalFileError(`${place} holds more than ${mostEntries} files`);
    }
  }
  return resolveLinks(entries);
}
