import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { BackupUnusable, backUp, openPlace, type Report, upkeep } from '#features/backup';
import { type Config, ConfigError, type ConfigFlags, loadConfig, type Secrets } from '#platform/config';
import { DatabaseUnusable } from '#platform/db';
import { copyLiveSqlite, type MetadataCopy, openPostgresCopy } from '#platform/db/backup';
import { RegistryError } from '#kernel/errors';
import { openBackupFolder, readBackupKey } from './backup-place.ts';
import { openBlobs } from './open-stores.ts';

export interface BackupSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly keyFile: string | undefined;
  readonly report: Report;
  readonly signal: AbortSignal | undefined;
}

export type BackupOutcome<Result> =
  | { readonly kind: 'done'; readonly result: Result }
  /** The configuration, or what was asked for, is at fault; nothing was tried. */
  | { readonly kind: 'faulty'; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string };

export interface MadeBackup {
  readonly id: string;
  readonly place: string;
  readonly at: string;
  readonly database: 'sqlite' | 'postgres';
  readonly databaseBytes: number;
  readonly blobs: number;
  readonly blobsMode: 'copy' | 'reference';
  readonly copied: number;
  readonly copiedBytes: number;
  readonly missing: readonly { readonly digest: string; readonly why: string }[];
}

/**
 * Makes one backup of the configured registry, which may run meanwhile. Without `to` it goes where the configuration has
 * the registry ship its changes to.
 */
export function makeBackup(
  options: BackupSources & {
    readonly flags: ConfigFlags;
    readonly to: string | undefined;
    readonly blobs: 'copy' | 'reference' | undefined;
  },
): Promise<BackupOutcome<MadeBackup>> {
  return explaining(async () => {
    const { config, secrets } = loadRegistry(options);
    const to = options.to ?? config.backup?.to;
    if (to === undefined) throw new ConfigError([missingPlace]);
    // Copies of the metadata are nobody else's either.
    process.umask(0o077);
    await using folder = await openBackupFolder(to, options.env, { config, secrets });
    const key = readBackupKey(options.keyFile ?? (options.to === undefined ? config.backup?.keyFile : undefined));
    await using source = await openBlobs(config, secrets);
    await using copy = await openCopy(config, secrets);
    const mode = options.blobs ?? (config.blobs.kind === 's3' ? 'reference' : 'copy');
    const { report, signal } = options;
    const { facts, copied } = await backUp({ folder, key, copy, source, mode, report, signal });
    return {
      id: facts.id,
      place: folder.description,
      at: new Date(facts.at).toISOString(),
      database: facts.kind,
      databaseBytes: facts.database.bytes,
      blobs: facts.blobs.count,
      blobsMode: facts.blobs.mode,
      ...copied,
      missing: facts.blobs.missing,
    };
  });
}

const missingPlace = {
  key: 'backup.to',
  source: '--to',
  expected: 'a folder, or s3://BUCKET/PREFIX',
  found: 'nothing',
} as const;

function openCopy({ database }: Config, secrets: Secrets): Promise<MetadataCopy> {
  if (database.kind === 'postgres') return openPostgresCopy(secrets.databaseUrl ?? '');
  removeLeftovers(database.path);
  return copyLiveSqlite(database.path, `${database.path}-backup-${process.pid}`);
}

/** Copies of the database that killed backups left behind. */
function removeLeftovers(path: string): void {
  const begin = `${basename(path)}-backup-`;
  if (!existsSync(dirname(path))) return;
  for (const name of readdirSync(dirname(path))) {
    if (!name.startsWith(begin)) continue;
    const pid = Number.parseInt(name.slice(begin.length), 10);
    if (pid !== process.pid && !isAlive(pid)) rmSync(join(dirname(path), name), { force: true });
  }
}

type At = BackupSources & { readonly from: string };

/** What can be restored from a place. */
export function listPlace(options: At) {
  return inPlace(options, upkeep.list);
}

/** Reads every object of a place and compares it with its hash. */
export function verifyPlace(options: At) {
  return inPlace(options, (place) => upkeep.verify(place, options.report, options.signal));
}

/** Removes all but the newest backups, and what only the others needed. */
export function prunePlace(options: At & { readonly keep: number }) {
  return inPlace(options, (place) => upkeep.prune(place, options.keep, options.report));
}

function inPlace<Result>(
  { from, env, keyFile }: At,
  work: (place: Awaited<ReturnType<typeof openPlace>>) => Promise<Result>,
): Promise<BackupOutcome<Result>> {
  return explaining(async () => {
    await using folder = await openBackupFolder(from, env, undefined);
    return await work(await openPlace(folder, readBackupKey(keyFile)));
  });
}

/** The configuration of the registry, as it was started with it. */
export function loadRegistry({ flags, env }: { readonly flags: ConfigFlags; readonly env: BackupSources['env'] }) {
  return loadConfig({ flags, env, readFile: (path) => readFileSync(path, 'utf8') });
}

/** Turns what may go wrong into one sentence. */
export async function explaining<Result>(work: () => Promise<Result>): Promise<BackupOutcome<Result>> {
  try {
    return { kind: 'done', result: await work() };
  } catch (error) {
    if (error instanceof ConfigError) return { kind: 'faulty', message: error.message };
    const isTold = [BackupUnusable, DatabaseUnusable, RegistryError].some((kind) => error instanceof kind);
    if (isTold) return { kind: 'failed', message: (error as Error).message };
    const { code, path } = error as { code?: string; path?: string };
    const system: Readonly<Record<string, string>> = {
      ENOSPC: `There is no space left${path === undefined ? '' : ` for ${path}`}: make room and call it again; what is there counts.`,
      EACCES: `${path ?? 'A file'} cannot be read or written: call it as the user that runs the registry.`,
      EROFS: `${path ?? 'A file'} is on a read-only file system.`,
    };
    const known = system[code ?? ''];
    if (known === undefined) throw error;
    return { kind: 'failed', message: known };
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM';
  }
}
