import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFilesystemBlobs } from '#platform/blobs/filesystem';
import { openSqliteDb } from '#platform/db';
import { type BitRotResult, damageKinds, runBitRot } from './bit-rot.ts';

/** Damages a store of its own on SQLite and in a folder, and answers with what one scrub found and mended of it. */
export async function measureBitRot(options: {
  readonly blobs: number;
  readonly damages: number;
  /** Below 1. */
  readonly random: () => number;
}): Promise<BitRotResult & { readonly kinds: readonly string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'entrepot-rot-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const root = join(folder, 'blobs');
  const db = stack.use(await openSqliteDb(join(folder, 'entrepot.db')));
  const store = stack.use(await createFilesystemBlobs({ root }));
  return { ...(await runBitRot({ ...options, db, store, root })), kinds: damageKinds };
}
