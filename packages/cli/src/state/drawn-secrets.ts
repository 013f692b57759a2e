import { type FileHandle, open } from 'node:fs/promises';
import { LocalFileError } from '#src/failures/failures';

/** Where the secrets go that the registry draws. Dispose it when done. */
export interface DrawnSecrets extends AsyncDisposable {
  keep(robot: string, secret: string): Promise<void>;
  /** Those to show, because no file was named for them. */
  readonly shown: readonly { readonly name: string; readonly secret: string }[];
}

/**
 * Opens the file for secrets, which only its owner can read; without a name they are gathered to be shown. Rejects with
 * LocalFileError when the file is there already, for it may hold secrets that nobody else has.
 */
export async function openDrawnSecrets(path: string | undefined): Promise<DrawnSecrets> {
  const shown: { name: string; secret: string }[] = [];
  let file: FileHandle | undefined;
  try {
    file = path === undefined ? undefined : await open(path, 'wx', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new LocalFileError(`${path} is there already`, 'name another file: what it holds may be had nowhere else.');
    }
    throw error;
  }
  return {
    shown,
    async keep(robot, secret) {
      if (file === undefined) {
        shown.push({ name: robot, secret });
      } else {
        // On disk before anything else is done: nobody sees it again.
        await file.writeFile(`${JSON.stringify(robot)}: ${JSON.stringify(secret)}\n`);
        await file.sync();
      }
    },
    [Symbol.asyncDispose]: async () => file?.close(),
  };
}
