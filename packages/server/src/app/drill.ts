import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import {
  BackupUnusable,
  createBlobTarget,
  createRestoredReadModel,
  type DrillResult,
  drill,
  openPlace,
  upkeep,
} from '#features/backup';
import { systemClock } from '#kernel/clock';
import { createFilesystemBlobs } from '#platform/blobs/filesystem';
import type { Config, ConfigFlags, Secrets } from '#platform/config';
import { type Db, openPostgresDb, openSqliteDb } from '#platform/db';
import { makeScratchPostgres, openRestoredPostgres, openRestoredSqlite } from '#platform/db/restore';
import { createAuditChain, createChainStore } from '#tenancy/audit/chain';
import { openBackupFolder, readBackupKey } from './backup-place.ts';
import { type BackupOutcome, type BackupSources, explaining, loadRegistry } from './backup.ts';
import { openBlobs } from './open-stores.ts';
import { folderSite, type RestoreSite } from './restore.ts';

type Opened = Awaited<ReturnType<Parameters<typeof drill>[0]['openRestored']>>;
type Registry = { readonly config: Config; readonly secrets: Secrets };

export interface DrillRequest extends BackupSources {
  readonly from: string;
  readonly at: number | undefined;
  readonly deep: boolean;
  /** The registry whose result it is, and whose blobs on S3 a backup refers to; undefined when nobody says. */
  readonly flags: ConfigFlags | undefined;
  /** A folder to restore into a new folder of. */
  readonly scratch: string | undefined;
  /** A PostgreSQL server where a database may be made. */
  readonly scratchDatabase: string | undefined;
  readonly onStep: (step: { readonly name: string; readonly ms: number }) => void;
}

/** Restores into a place of its own, checks everything and removes the place. Nothing listens and nothing is sent. */
export function runDrill(request: DrillRequest): Promise<BackupOutcome<DrillResult>> {
  return explaining(async () => {
    const registry = request.flags === undefined ? undefined : loadRegistry({ flags: request.flags, env: request.env });
    process.umask(0o077);
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(await openBackupFolder(request.from, request.env, registry));
    const place = await openPlace(folder, readBackupKey(request.keyFile));
    // Beside the backup, so that blobs are linked rather than copied.
    const beside = folder.pathOf === undefined ? tmpdir() : dirname(folder.pathOf('any'));
    const data = await mkdtemp(join(resolve(request.scratch ?? beside), 'entrepot-drill-'));
    stack.defer(() => rm(data, { recursive: true, force: true }));
    const url = await findScratchUrl(place, request, registry, stack);
    const site = await makeSite(place, data, url, registry, stack);
    const { at, report, signal, onStep } = request;
    const result = await drill({
      place,
      at,
      site,
      openRestored: () => openRestored(site),
      deep: request.deep ? await openForHashes(place, site, registry, stack) : undefined,
      clock: systemClock,
      report,
      signal,
      onStep,
    });
    await upkeep.keepDrill(place, registry?.config.data, result);
    return result;
  });
}

type Place = Awaited<ReturnType<typeof openPlace>>;

/** The address of a new database, when the backup is one of PostgreSQL. */
async function findScratchUrl(
  place: Place,
  { scratchDatabase }: DrillRequest,
  registry: Registry | undefined,
  stack: AsyncDisposableStack,
): Promise<string | undefined> {
  if (place.facts.database !== 'postgres') return undefined;
  const server = scratchDatabase ?? registry?.secrets.databaseUrl;
  if (server === undefined) {
    throw new BackupUnusable(
      'The backup is of a registry on PostgreSQL: name a server where a database may be made with --scratch-database, or the registry with --config.',
    );
  }
  return stack.use(await makeScratchPostgres(server, `entrepot_drill_${randomBytes(6).toString('hex')}`)).url;
}

async function makeSite(
  place: Place,
  data: string,
  url: string | undefined,
  registry: Registry | undefined,
  stack: AsyncDisposableStack,
): Promise<RestoreSite> {
  const local = await folderSite(place, data);
  const store = await openReferred(place, registry, stack);
  const target =
    store === undefined ? local.target : lookingOnly(createBlobTarget(place, { kind: 'store', store }), local.target);
  return url === undefined ? { ...local, target } : { kind: 'postgres', data, url, target };
}

/** The store that backups refer to, when there are some that do. */
async function openReferred(place: Place, registry: Registry | undefined, stack: AsyncDisposableStack) {
  const { backups } = await upkeep.list(place);
  if (!backups.some(({ blobs }) => blobs.mode === 'reference')) return undefined;
  if (registry === undefined) {
    throw new BackupUnusable(
      'The backup refers to blobs where the registry keeps them: name the registry with --config or --data.',
    );
  }
  return stack.use(await openBlobs(registry.config, registry.secrets));
}

/** Blobs that are only referred to are looked at where they lie; nothing is written to the store of the registry. */
function lookingOnly(store: RestoreSite['target'], local: RestoreSite['target']): RestoreSite['target'] {
  return {
    ...local,
    isThere: async (blob) => (await local.isThere(blob)) || store.isThere(blob),
  };
}

async function openForHashes(
  place: Place,
  site: RestoreSite,
  registry: Registry | undefined,
  stack: AsyncDisposableStack,
) {
  const referred = await openReferred(place, registry, stack);
  if (referred !== undefined) return referred;
  return stack.use(await createFilesystemBlobs({ root: join(site.data, 'blobs') }));
}

/** As a start of this build would: the schema is brought up to its version. */
async function openRestored(site: RestoreSite): Promise<Opened> {
  await using stack = new AsyncDisposableStack();
  const db: Db = stack.use(
    site.kind === 'sqlite'
      ? await openSqliteDb(site.database)
      : await openPostgresDb({ url: site.url, poolSize: 2, onIdleError: () => undefined }),
  );
  const rows = stack.use(
    site.kind === 'sqlite' ? openRestoredSqlite(site.database) : await openRestoredPostgres(site.url),
  );
  const chain = stack.use(
    createAuditChain({
      store: createChainStore(db),
      transact: db.transact,
      clock: systemClock,
      onCheckpoint: () => undefined,
      onError: () => undefined,
    }),
  );
  const owned = stack.move();
  return {
    readModel: createRestoredReadModel(db),
    chain,
    countBlobs: rows.countBlobs,
    blobs: rows.blobs,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
