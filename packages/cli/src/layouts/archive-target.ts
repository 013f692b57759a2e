import { open, rename } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { packTar, type TarSource } from 'modern-tar/fs';
import type { LayoutWriter } from './layout.ts';
import { createOciFolder } from './oci-folder.ts';
import { placeFile } from './place-file.ts';
import { makeScratch } from './scratch.ts';

/** What an archive will hold, once its content is gathered in a layout. */
export type ListFiles = (
  layout: LayoutWriter,
  folder: string,
  root: Parameters<LayoutWriter['finish']>[0],
) => Promise<readonly TarSource[]>;

// The same content yields the same archive.
const epoch = new Date(0);

/**
 * A layout that becomes an archive when it is finished. Content is gathered in a hidden folder beside the archive, and
 * nothing of that stays; an archive that is there already is replaced in one step. Rejects with the system's errors.
 */
export async function createArchive(path: string, place: string, listFiles: ListFiles): Promise<LayoutWriter> {
  const target = resolve(path);
  await using stack = new AsyncDisposableStack();
  const scratch = stack.use(await makeScratch(dirname(target), `.${basename(target)}.partial-`));
  const folder = join(scratch.path, 'layout');
  const layout = await createOciFolder(folder, place);
  const owned = stack.move();
  return {
    ...layout,
    finish: async (root, referrers) => {
      await layout.finish(root, referrers);
      const files = await listFiles(layout, folder, root);
      const packed = join(scratch.path, 'archive.tar');
      await placeFile(packed, packTar(files.map((file) => ({ mtime: epoch, mode: 0o644, ...file }))));
      await rename(packed, target);
      await using handle = await open(dirname(target), 'r');
      await handle.sync();
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
