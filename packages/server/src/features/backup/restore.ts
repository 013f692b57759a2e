import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BackupUnusable } from './backup-unusable.ts';
import { findState, type State } from './find-state.ts';
import type { Place } from './place.ts';
import { type BlobTarget, type RestoredBlobs, restoreBlobs } from './restore-blobs.ts';
import { restorePostgres, restoreSqlite } from './restore-database.ts';
import { isEmptyPostgres, openRestoredPostgres, openRestoredSqlite, type RestoredDatabase } from './store.ts';
import type { ListedBlob, MissingBlob, Report } from './types.ts';

/** Where a registry is restored to. */
export type RestoreSite =
  /** The database file, in the data folder, which may have nothing but blobs in it. */
  | { readonly kind: 'sqlite'; readonly data: string; readonly database: string; readonly target: BlobTarget }
  /** An empty database. The data folder remembers how far it got. */
  | { readonly kind: 'postgres'; readonly data: string; readonly url: string; readonly target: BlobTarget };

export interface RestoreOptions {
  readonly place: Place;
  readonly site: RestoreSite;
  /** Milliseconds since the epoch; the newest state without it. */
  readonly at: number | undefined;
  readonly report: Report;
  readonly signal: AbortSignal | undefined;
  /** Told when a part of it is done. */
  readonly onStep: (step: string) => void;
}

export interface Restored {
  readonly state: State;
  readonly blobs: RestoredBlobs;
  /** What the database names and nobody has in its size. */
  readonly missing: readonly MissingBlob[];
}

/** How far a restore got, kept until it is finished. */
interface Progress {
  readonly from: string;
  readonly snapshot: string;
  readonly at: number;
  readonly loaded: boolean;
}

const progressName = 'restore.json';

/** What may lie in a data folder that is restored into: bytes of blobs are recognised, the key is not in a backup. */
const welcome = new Set(['blobs', 'secret.key', 'lost+found']);

/**
 * Restores the newest state at or before a time: the database, then its blobs, then a look at each of them. Called again
 * after it was stopped it goes on with the same state. Rejects with `BackupUnusable` when the site is not empty, or when
 * the backup is not whole as far as the database goes; a missing blob is told.
 */
export async function restore(options: RestoreOptions): Promise<Restored> {
  const { place, site, onStep } = options;
  const begun = await readProgress(site.data);
  if (begun === undefined) await assertEmpty(site);
  const state = await chooseState(options, begun);
  onStep('find');
  if (state.snapshot.kind !== site.kind) {
    throw new BackupUnusable(
      `The backup is of a registry on ${names[state.snapshot.kind]}, and cannot be restored to ${names[site.kind]}.`,
    );
  }
  await mkdir(site.data, { recursive: true, mode: 0o750 });
  const draft = site.kind === 'sqlite' ? `${site.database}.restored` : undefined;
  if (begun?.loaded !== true) {
    await writeProgress(site.data, { ...describe(place, state), loaded: false });
    if (site.kind === 'postgres') await restorePostgres(place, state, site.url, options.report);
    else await restoreSqlite(place, state, `${site.database}.restored`, options.report);
    await writeProgress(site.data, { ...describe(place, state), loaded: true });
  }
  onStep('database');
  const result = await restoreContent(options, draft);
  // Nobody can start on it before this.
  if (draft !== undefined && site.kind === 'sqlite') {
    await rename(draft, site.database);
    await syncFolder(site.data);
  }
  await rm(join(site.data, progressName), { force: true });
  return { state, ...result };
}

const names = { sqlite: 'SQLite', postgres: 'PostgreSQL' } as const;

const describe = ({ folder }: Place, { snapshot, at }: State) => ({
  from: folder.description,
  snapshot: snapshot.id,
  at,
});

async function chooseState({ place, at, site }: RestoreOptions, begun: Progress | undefined): Promise<State> {
  if (begun === undefined) return findState(place, at);
  const state = await findState(place, at ?? begun.at);
  const { from, snapshot, at: moment } = describe(place, state);
  if (from === begun.from && snapshot === begun.snapshot && moment === begun.at) return state;
  throw new BackupUnusable(
    `Another restore was begun in ${site.data}, of ${new Date(begun.at).toISOString()} from ${begun.from}: ` +
      'call it again as it was to go on, or empty the folder.',
  );
}

async function assertEmpty(site: RestoreSite): Promise<void> {
  if (site.kind === 'postgres') {
    if (await isEmptyPostgres(site.url)) return;
    throw new BackupUnusable('The PostgreSQL database has tables already: name an empty one. Nothing was changed.');
  }
  const found = await readdir(site.data).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const stray = found.find((name) => !welcome.has(name));
  if (stray !== undefined || existsSync(site.database)) {
    throw new BackupUnusable(
      `${site.data} is not empty: there is ${stray ?? site.database}. Name an empty folder, or one with nothing but blobs in it. Nothing was changed.`,
    );
  }
}

async function restoreContent(options: RestoreOptions, draft: string | undefined) {
  const { site, report, signal, onStep } = options;
  await using database: RestoredDatabase =
    site.kind === 'postgres' ? await openRestoredPostgres(site.url) : openRestoredSqlite(draft ?? site.database);
  const total = await database.countBlobs();
  const blobs = await restoreBlobs({
    target: site.target,
    blobs: database.blobs(),
    total,
    onMoved: database.moveBlobs,
    report,
    signal,
  });
  onStep('blobs');
  const missing = await lookAtAll(database, site.target, blobs.missing, report);
  onStep('look');
  return { blobs, missing };
}

/** The fast check: every row has bytes of its size. */
async function lookAtAll(
  database: RestoredDatabase,
  target: BlobTarget,
  known: readonly MissingBlob[],
  report: Report,
): Promise<readonly MissingBlob[]> {
  const why = new Map(known.map((missing) => [missing.digest, missing.why]));
  const missing: MissingBlob[] = [];
  let done = 0;
  for await (const blobs of database.blobs()) {
    const look = async (blob: ListedBlob) => {
      if (await target.isThere(blob)) return;
      missing.push({ digest: blob.digest, why: why.get(blob.digest) ?? 'It is not there, or not in its size.' });
    };
    await Promise.all(blobs.map(look));
    done += blobs.length;
    report({ doing: 'look', done });
  }
  return missing;
}

async function readProgress(data: string): Promise<Progress | undefined> {
  try {
    return JSON.parse(await readFile(join(data, progressName), 'utf8')) as Progress;
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return undefined;
    throw new BackupUnusable(`${join(data, progressName)} cannot be read: empty the folder and begin anew.`, error);
  }
}

async function writeProgress(data: string, progress: Progress): Promise<void> {
  const path = join(data, progressName);
  await writeFile(`${path}.draft`, `${JSON.stringify(progress)}\n`, { flush: true });
  await rename(`${path}.draft`, path);
  await syncFolder(data);
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}
