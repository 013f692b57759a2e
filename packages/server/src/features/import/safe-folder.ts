import fs from 'node:fs';
import { join } from 'node:path';
import type { Fault } from './fault.ts';

export interface FolderEntry {
  readonly name: string;
  readonly kind: 'folder' | 'file' | 'symbolic-link' | 'other';
}

export interface SmallFile {
  readonly content: Buffer;
  /** Last changed, in milliseconds. */
  readonly at: number;
}

/**
 * A folder that somebody else filled: nothing in it leads out of it. Symbolic links in it are not followed, whatever
 * they point at, and only plain files are read. The calls are synchronous: small files that the kernel mostly has in
 * memory take less time than a turn through the thread pool, and nobody waits for anything else meanwhile.
 */
export interface SafeFolder {
  readonly root: string;
  /** What is in a folder, by name; empty where there is none. */
  list(parts: readonly string[]): readonly FolderEntry[] | Fault;
  /** The bytes of a file; `too-large` with more than so many, undefined where there is none. */
  read(parts: readonly string[], most: number): SmallFile | Fault | undefined;
  /** The path of a plain file and how it is; undefined where there is none. */
  look(parts: readonly string[]): { readonly path: string; readonly stats: fs.BigIntStats } | Fault | undefined;
}

const noFollow = fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK;

/** Folders of which it is remembered that they are none of the dangerous kinds. */
const mostKnown = 20_000;

const codeOf = (error: unknown) => (error as { code?: string }).code ?? '';
const isAbsent = (error: unknown) => codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR';

export function createSafeFolder(root: string): SafeFolder {
  const plain = new Set<string>();
  const shown = (parts: readonly string[]) => JSON.stringify(parts.join('/').slice(0, 300));

  function explain(error: unknown, parts: readonly string[]): Fault {
    const code = codeOf(error);
    return code === 'ELOOP'
      ? { reason: 'symbolic-link', message: `${shown(parts)} is a symbolic link, which is not followed.` }
      : { reason: 'unreadable', message: `${shown(parts)} cannot be read: ${code || String(error)}.` };
  }

  /** The fault of a folder on the way; undefined when all of them are what they should be, `absent` where one is not. */
  function refuseWay(parts: readonly string[]): Fault | 'absent' | undefined {
    for (let depth = 1; depth <= parts.length; depth++) {
      const part = parts[depth - 1] ?? '';
      if (part === '' || part === '.' || part === '..' || /[/\0]/.test(part)) {
        return { reason: 'unreadable', message: `${shown(parts)} is no path inside the store.` };
      }
      const path = join(root, ...parts.slice(0, depth));
      if (plain.has(path)) continue;
      try {
        const stats = fs.lstatSync(path, { throwIfNoEntry: false });
        if (stats === undefined) return 'absent';
        if (stats.isSymbolicLink()) return explain({ code: 'ELOOP' }, parts.slice(0, depth));
        if (!stats.isDirectory()) return 'absent';
      } catch (error) {
        return isAbsent(error) ? 'absent' : explain(error, parts.slice(0, depth));
      }
      remember(path);
    }
    return undefined;
  }

  function remember(path: string): void {
    if (plain.size >= mostKnown) plain.clear();
    plain.add(path);
  }

  return {
    root,
    list(parts) {
      const refused = refuseWay(parts);
      if (refused === 'absent') return [];
      if (refused !== undefined) return refused;
      try {
        const entries = fs
          .readdirSync(join(root, ...parts), { withFileTypes: true })
          .map((entry): FolderEntry => ({ name: entry.name, kind: kindOf(entry) }))
          .toSorted((a, b) => (a.name < b.name ? -1 : 1));
        for (const { name, kind } of entries) if (kind === 'folder') remember(join(root, ...parts, name));
        return entries;
      } catch (error) {
        return isAbsent(error) ? [] : explain(error, parts);
      }
    },
    read(parts, most) {
      const refused = refuseWay(parts.slice(0, -1));
      if (refused === 'absent') return undefined;
      if (refused !== undefined) return refused;
      let fd: number | undefined;
      try {
        fd = fs.openSync(join(root, ...parts), noFollow);
        const stats = fs.fstatSync(fd);
        if (!stats.isFile()) return { reason: 'unreadable', message: `${shown(parts)} is no plain file.` };
        if (stats.size > most) {
          return { reason: 'too-large', message: `${shown(parts)} has ${stats.size} bytes, more than ${most}.` };
        }
        return { content: readAll(fd, stats.size), at: Math.floor(stats.mtimeMs) };
      } catch (error) {
        return isAbsent(error) ? undefined : explain(error, parts);
      } finally {
        if (fd !== undefined) fs.closeSync(fd);
      }
    },
    look(parts) {
      const refused = refuseWay(parts.slice(0, -1));
      if (refused === 'absent') return undefined;
      if (refused !== undefined) return refused;
      const path = join(root, ...parts);
      try {
        const stats = fs.lstatSync(path, { bigint: true, throwIfNoEntry: false });
        if (stats === undefined) return undefined;
        if (stats.isSymbolicLink()) return explain({ code: 'ELOOP' }, parts);
        if (!stats.isFile()) return { reason: 'unreadable', message: `${shown(parts)} is no plain file.` };
        return { path, stats };
      } catch (error) {
        return isAbsent(error) ? undefined : explain(error, parts);
      }
    },
  };
}

/** A file that grows meanwhile is read as long as it was. */
function readAll(fd: number, size: number): Buffer {
  const content = Buffer.allocUnsafeSlow(size);
  let filled = 0;
  while (filled < size) {
    const count = fs.readSync(fd, content, filled, size - filled, filled);
    if (count === 0) break;
    filled += count;
  }
  return content.subarray(0, filled);
}

function kindOf(entry: fs.Dirent): FolderEntry['kind'] {
  if (entry.isSymbolicLink()) return 'symbolic-link';
  return entry.isDirectory() ? 'folder' : entry.isFile() ? 'file' : 'other';
}
