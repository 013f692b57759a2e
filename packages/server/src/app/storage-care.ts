import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import {
  createInspect,
  createOrphans,
  createRepair,
  createScrubReadModel,
  createScrubStore,
  type RepairReport,
  repairStorage,
  type VerifyReport,
  verifyStorage,
} from '#features/scrub';
import { systemClock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import { randomId } from '#kernel/ids';
import { registryAsker } from '#kernel/registry-asker';
import { type Config, ConfigError, type ConfigFlags, loadConfig, type Secrets } from '#platform/config';
import { DatabaseUnusable, type Db, openPostgresDb, openSqliteDb } from '#platform/db';
import { createAudit, createAuditStore } from '#tenancy/audit';
import { openBlobs } from './open-stores.ts';

export interface StorageCareOptions {
  readonly flags: ConfigFlags;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads every byte; else only looks whether it is there, in its size. */
  readonly deep: boolean;
  readonly signal: AbortSignal;
  /** Told of how far it is, in words; often. */
  readonly onProgress: (line: string) => void;
}

export type StorageCareOutcome<Report> =
  | { readonly kind: 'done'; readonly report: Report }
  /** The configuration is at fault; nothing was tried. */
  | { readonly kind: 'faulty'; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string };

/** A file younger than this may be about to be named, however short the grace. */
const youngestOrphanMs = 86_400_000;

/**
 * Holds the configured store against the configured database, and changes nothing. A registry on SQLite must not run
 * meanwhile; with PostgreSQL it may. A database that this build would have to upgrade first is left alone.
 */
export function verifyConfiguredStorage(options: StorageCareOptions): Promise<StorageCareOutcome<VerifyReport>> {
  return onStores(options, ({ deps }) =>
    verifyStorage(deps, {
      deep: options.deep,
      signal: options.signal,
      onProgress: ({ blobs, bytes, of }) =>
        options.onProgress(`${blobs} of ${of} blobs${options.deep ? `, ${(bytes / 2 ** 20).toFixed(0)} MiB` : ''}`),
    }),
  );
}

/** Mends what has a good copy in the store, and puts files that no row names into the trash. As above otherwise. */
export function repairConfiguredStorage(
  options: StorageCareOptions & { readonly dryRun: boolean },
): Promise<StorageCareOutcome<RepairReport>> {
  return onStores(options, ({ deps }) =>
    repairStorage(
      { ...deps, countDamaged: deps.readModel.countQuarantined },
      {
        asker: { ...registryAsker('command-line'), address: hostname(), requestId: randomUUID() },
        deep: options.deep,
        dryRun: options.dryRun,
        signal: options.signal,
        onProgress: options.onProgress,
      },
    ),
  );
}

type Stores = Awaited<ReturnType<typeof openStores>>;

async function onStores<Report>(
  options: StorageCareOptions,
  work: (stores: Stores) => Promise<Report>,
): Promise<StorageCareOutcome<Report>> {
  try {
    const { flags, env } = options;
    const { config, secrets } = loadConfig({ flags, env, readFile: (path) => readFileSync(path, 'utf8') });
    process.umask(0o077);
    await using stack = new AsyncDisposableStack();
    return { kind: 'done', report: await work(await openStores(config, secrets, stack)) };
  } catch (error) {
    options.signal.throwIfAborted();
    return explain(error);
  }
}

async function openStores(config: Config, secrets: Secrets, stack: AsyncDisposableStack) {
  const db = stack.use(await openAsItIs(config, secrets));
  assertFolder(config);
  const bytes = stack.use(await openBlobs(config, secrets));
  const { transact } = db;
  const clock = systemClock;
  const audit = stack.use(createAudit({ store: createAuditStore(), transact, clock, onError: () => undefined }));
  const logger = { error: () => undefined };
  const store = createScrubStore(db);
  const shared = { store, bytes, transact, audit, clock };
  const deps = {
    ...shared,
    readModel: createScrubReadModel(db),
    inspect: createInspect({ ...shared, logger }),
    repair: createRepair({ ...shared, sources: [], newId: randomId }),
    orphans: createOrphans({ ...shared, graceMs: Math.max(youngestOrphanMs, config.gc.graceMs) }),
    logger,
  };
  return { deps };
}

function openAsItIs({ database }: Config, secrets: Secrets): Promise<Db> {
  if (database.kind === 'postgres') {
    const url = secrets.databaseUrl ?? '';
    return openPostgresDb({ url, poolSize: 2, upgrade: false, onIdleError: () => undefined });
  }
  if (!existsSync(database.path)) {
    throw new DatabaseUnusable(
      `There is no database ${database.path}: name the folder of the registry with --data, or its file with --config.`,
    );
  }
  return openSqliteDb(database.path, { alone: true, upgrade: false });
}

/** An empty folder that is made by looking at it is no store; everything would be missing from it. */
function assertFolder({ blobs }: Config): void {
  if (blobs.kind !== 'filesystem' || existsSync(join(blobs.path, 'layout'))) return;
  throw new RegistryError('unavailable', `There is no blob store in ${blobs.path}: is its disk mounted?`);
}

function explain(error: unknown): { readonly kind: 'faulty' | 'failed'; readonly message: string } {
  if (error instanceof ConfigError) return { kind: 'faulty', message: error.message };
  if (error instanceof DatabaseUnusable && /Another registry runs/.test(error.message)) {
    return { kind: 'failed', message: `${error.message} Or ask the running one: entrepot storage scrub.` };
  }
  if (error instanceof DatabaseUnusable || error instanceof RegistryError) {
    return { kind: 'failed', message: error.message };
  }
  return { kind: 'failed', message: error instanceof Error ? error.message : String(error) };
}
