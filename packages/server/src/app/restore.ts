import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { BackupUnusable, createBlobTarget, openPlace, restore } from '#features/backup';
import { createFilesystemBlobs } from '#platform/blobs/filesystem';
import type { Config, ConfigFlags, Secrets } from '#platform/config';
import { openBackupFolder, readBackupKey } from './backup-place.ts';
import { type BackupOutcome, type BackupSources, explaining, loadRegistry } from './backup.ts';
import { openBlobs } from './open-stores.ts';

type Place = Awaited<ReturnType<typeof openPlace>>;
export type RestoreSite = Parameters<typeof restore>[0]['site'];

export interface RestoreRequest extends BackupSources {
  readonly from: string;
  /** A folder to become the data folder of a registry with default settings; else the flags say where. */
  readonly toData: string | undefined;
  readonly flags: ConfigFlags;
  readonly at: number | undefined;
  readonly onStep: (step: string) => void;
}

export interface RestoredRegistry {
  readonly snapshot: string;
  readonly changes: number;
  readonly at: string;
  readonly to: string;
  readonly kept: number;
  readonly linked: number;
  readonly copied: number;
  readonly copiedBytes: number;
  readonly missing: readonly { readonly digest: string; readonly why: string }[];
  /** Where the secret key has to be put, when it is not there. */
  readonly keyWanted: string | undefined;
}

/** Restores a registry into an empty place. Called again after it was stopped it goes on. */
export function restoreRegistry(request: RestoreRequest): Promise<BackupOutcome<RestoredRegistry>> {
  return explaining(async () => {
    const registry = request.toData === undefined ? loadRegistry(request) : undefined;
    process.umask(0o077);
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(await openBackupFolder(request.from, request.env, registry));
    const place = await openPlace(folder, readBackupKey(request.keyFile));
    const site =
      registry === undefined
        ? await folderSite(place, resolve(request.toData ?? ''))
        : await configuredSite(place, registry, stack);
    const { report, signal, at, onStep } = request;
    const { state, blobs, missing } = await restore({ place, site, at, report, signal, onStep });
    const { missing: _told, ...tally } = blobs;
    const key = join(site.data, 'secret.key');
    const hasKey = existsSync(key) || registry?.secrets.secretKey !== undefined;
    return {
      snapshot: state.snapshot.id,
      changes: state.changes.length,
      at: new Date(state.at).toISOString(),
      to: site.kind === 'sqlite' ? site.data : 'the PostgreSQL database',
      ...tally,
      missing,
      keyWanted: hasKey ? undefined : key,
    };
  });
}

/** A data folder as a registry with default settings has it. */
export async function folderSite(place: Place, data: string): Promise<RestoreSite> {
  const root = join(data, 'blobs');
  return {
    kind: 'sqlite',
    data,
    database: join(data, 'entrepot.db'),
    target: preparing(root, createBlobTarget(place, { kind: 'folder', root })),
  };
}

async function configuredSite(
  place: Place,
  { config, secrets }: { readonly config: Config; readonly secrets: Secrets },
  stack: AsyncDisposableStack,
): Promise<RestoreSite> {
  const { blobs, database, data } = config;
  const target =
    blobs.kind === 'filesystem'
      ? preparing(blobs.path, createBlobTarget(place, { kind: 'folder', root: blobs.path }))
      : createBlobTarget(place, { kind: 'store', store: stack.use(await openBlobs(config, secrets)) });
  if (database.kind === 'postgres') return { kind: 'postgres', data, url: secrets.databaseUrl ?? '', target };
  return { kind: 'sqlite', data, database: database.path, target };
}

/** The folders of a filesystem store are made when the first blob is put there, so that a refusal makes nothing. */
function preparing(root: string, target: RestoreSite['target']): RestoreSite['target'] {
  let prepared: Promise<void> | undefined;
  const prepare = async () => {
    await mkdir(root, { recursive: true, mode: 0o750 });
    await using _store = await createFilesystemBlobs({ root });
  };
  return {
    ...target,
    async put(blob) {
      await (prepared ??= prepare());
      return target.put(blob);
    },
  };
}

/** Reads a time as people write it. Throws `BackupUnusable` for what is none. */
export function parseMoment(text: string): number {
  const at = Date.parse(text);
  if (Number.isFinite(at)) return at;
  throw new BackupUnusable(`${text} is no time: expected one such as 2026-03-01T12:00:00Z.`);
}
