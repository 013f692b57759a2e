import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for what is only needed while the program runs; gone, with all it holds, on disposal. */
export interface Scratch extends AsyncDisposable {
  readonly path: string;
}

/** Makes such a folder, in the temporary folder unless told otherwise. Rejects with the system's errors. */
export async function makeScratch(parent = tmpdir(), prefix = 'entrepot-'): Promise<Scratch> {
  const path = await mkdtemp(join(parent, prefix));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
