import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { TarSource } from 'modern-tar/fs';
import { createArchive } from './archive-target.ts';
import type { LayoutWriter } from './layout.ts';

async function listLayoutFiles(folder: string): Promise<readonly TarSource[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = found.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
  return paths
    .map((source) => ({ type: 'file' as const, source, target: relative(folder, source).replaceAll('\\', '/') }))
    .toSorted((a, b) => (a.target < b.target ? 1 : -1));
}

/** A layout that becomes a tar archive of itself when it is finished. Rejects as `createArchive` does. */
export function createOciArchive(path: string): Promise<LayoutWriter> {
  return createArchive(path, `oci-archive:${path}`, (_layout, folder) => listLayoutFiles(folder));
}
