import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BackupUnusable } from './backup-unusable.ts';
import { readChange } from './changes.ts';
import type { State } from './find-state.ts';
import type { Place } from './place.ts';
import { readPart } from './snapshot.ts';
import { splitLines } from './split-lines.ts';
import { loadPostgres, openResting, type WalPosition } from './store.ts';
import type { Report } from './types.ts';

/** Makes the database file of a state. Nothing lies under its name before it is whole. */
export async function restoreSqlite(place: Place, state: State, path: string, report: Report): Promise<void> {
  const draft = `${path}.restoring`;
  await rm(draft, { force: true });
  try {
    await writeDraft(place, state, draft, report);
    await applyChanges(place, state, draft, report);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  await using folder = await open(dirname(path), 'r');
  await folder.sync();
}

async function writeDraft(place: Place, { snapshot }: State, draft: string, report: Report): Promise<void> {
  await using file = await open(draft, 'wx', 0o600);
  let done = 0;
  for await (const chunk of readPart(place, snapshot, 'database')) {
    await file.writeFile(chunk);
    done += chunk.byteLength;
    report({ doing: 'database', done, total: snapshot.database.bytes, bytes: done });
  }
  await file.sync();
}

const show = (at: number) => new Date(at).toISOString();

async function applyChanges(place: Place, { snapshot, changes }: State, draft: string, report: Report): Promise<void> {
  if (changes.length === 0) return;
  using resting = openResting(draft);
  let position = snapshot.shipped?.position;
  let last = snapshot.at;
  let done = 0;
  for (const shipped of changes) {
    try {
      const { change } = await readChange(place, shipped);
      assertFollows(shipped.name, position, change.from);
      resting.apply(change);
      position = change.to;
    } catch (error) {
      if (!(error instanceof BackupUnusable)) throw error;
      throw new BackupUnusable(
        `${error.message} The last state before it is of ${show(last)}: restore it with --at ${show(last)}.`,
        error,
      );
    }
    last = shipped.at;
    done += 1;
    report({ doing: 'changes', done, total: changes.length });
  }
}

function assertFollows(name: string, position: WalPosition | undefined, from: WalPosition): void {
  if (JSON.stringify(position) === JSON.stringify(from)) return;
  throw new BackupUnusable(`${name} of the backup does not go on from the change before it.`);
}

/** Loads the dump of a state into an empty database, in one transaction. */
export async function restorePostgres(place: Place, { snapshot }: State, url: string, report: Report): Promise<void> {
  let done = 0;
  async function* content(): AsyncGenerator<Uint8Array, void, void> {
    for await (const chunk of readPart(place, snapshot, 'database')) {
      done += chunk.byteLength;
      report({ doing: 'database', done, total: snapshot.database.bytes, bytes: done });
      yield chunk;
    }
  }
  await loadPostgres(url, snapshot.version, splitLines(content()));
}
