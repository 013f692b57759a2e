import { backup, type DatabaseSync } from 'node:sqlite';

/** Pages between two looks at what else is to be done. */
const pagesPerStep = 4096;

/**
 * Copies a database page by page into a new file, as its connection sees it: with a read transaction open, at one
 * moment, however much is written meanwhile. The copy is made in another thread.
 */
export async function copySqlite(source: DatabaseSync, path: string): Promise<void> {
  await backup(source, path, { rate: pagesPerStep });
}
