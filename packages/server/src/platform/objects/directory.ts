import { randomBytes } from 'node:crypto';
import { createReadStream, type Dirent } from 'node:fs';
import { mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { RegistryError } from '#kernel/errors';
import type { ObjectEntry, ObjectFolder } from './object-folder.ts';

const namePattern = /^(?:[A-Za-z0-9_-][A-Za-z0-9._-]*\/)*[A-Za-z0-9_-][A-Za-z0-9._-]*$/;
/** What is being written; no object has such a name. */
const draftMark = '.draft-';
const readBytes = 1024 * 1024;

const isAbsent = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes((error as { code?: string }).code ?? '');

/** Keeps objects as files below a folder, which is made with the first of them. */
export function openDirectory(folder: string): ObjectFolder & Required<Pick<ObjectFolder, 'pathOf'>> {
  const root = resolve(folder);
  const unsynced = new Set<string>();
  const known = new Set<string>();

  function pathOf(name: string): string {
    if (!namePattern.test(name)) throw new RegistryError('name-invalid', `The backup names an object ${name}.`);
    return join(root, name);
  }

  async function makeFolder(path: string): Promise<void> {
    if (known.has(path)) return;
    // Returns the uppermost folder that was made: what is above has a new entry.
    const made = await mkdir(path, { recursive: true, mode: 0o750 });
    for (let at = path; made !== undefined && at.length >= made.length; at = dirname(at)) unsynced.add(dirname(at));
    known.add(path);
  }

  async function write(name: string, source: AsyncIterable<Uint8Array>): Promise<void> {
    const path = pathOf(name);
    await makeFolder(dirname(path));
    const draft = join(dirname(path), `${draftMark}${randomBytes(8).toString('hex')}`);
    try {
      await using file = await open(draft, 'wx', 0o640);
      for await (const chunk of source) await file.writeFile(chunk);
      await file.sync();
      await rename(draft, path);
    } catch (error) {
      await unlink(draft).catch(() => undefined);
      throw error;
    }
    unsynced.add(dirname(path));
  }

  async function* walk(path: string, name: string): AsyncGenerator<ObjectEntry, void, void> {
    let entries: Dirent[];
    try {
      entries = await readdir(path, { withFileTypes: true });
    } catch (error) {
      if (isAbsent(error)) return;
      throw error;
    }
    for (const entry of entries) {
      if (entry.isDirectory()) yield* walk(join(path, entry.name), `${name}${entry.name}/`);
      else if (entry.isFile() && !entry.name.startsWith(draftMark)) {
        const { size } = await stat(join(path, entry.name));
        yield { name: `${name}${entry.name}`, size };
      }
    }
  }

  return {
    description: root,
    pathOf,
    write,

    async flush() {
      const folders = [...unsynced];
      unsynced.clear();
      for (const path of folders) {
        await using made = await open(path, 'r');
        await made.sync();
      }
    },

    read: (name) => openFile(pathOf(name), name),

    async stat(name) {
      try {
        const { size } = await stat(pathOf(name));
        return { size };
      } catch (error) {
        if (isAbsent(error)) return undefined;
        throw error;
      }
    },

    list: (prefix) => walk(join(root, prefix), prefix),

    async remove(name) {
      await unlink(pathOf(name)).catch((error: unknown) => {
        if (!isAbsent(error)) throw error;
      });
    },

    async [Symbol.asyncDispose]() {},
  };
}

async function openFile(path: string, name: string): Promise<Readable> {
  const stream = createReadStream(path, { highWaterMark: readBytes });
  try {
    await new Promise<void>((opened, failed) => stream.once('open', () => opened()).once('error', failed));
  } catch (error) {
    if (isAbsent(error)) throw new RegistryError('object-not-found', `There is no ${name}.`, { cause: error });
    throw error;
  }
  return stream;
}
