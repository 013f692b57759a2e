import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { promisify } from 'node:util';
import { isRepositoryName } from '@entrepot/oci/repository-name';
import { createImmutability, createImmutableRuleStore } from '#features/immutability';
import {
  createImports,
  createImportStore,
  createTally,
  dryRun,
  type ImageSource,
  type ImportCounts,
  type ImportOptions,
  type ImportReport,
  openDistributionStore,
  openOciLayouts,
} from '#features/import';
import type { RobotActor } from '#kernel/actor';
import { systemClock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import { randomId } from '#kernel/ids';
import { type Config, ConfigError, type ConfigFlags, loadConfig, type Secrets } from '#platform/config';
import { SecretUnusable } from '#platform/crypto';
import { DatabaseUnusable } from '#platform/db';
import { createLog } from '#platform/log';
import { createBlobRecords } from '#registry/blobs';
import { createDescriber, createDescriptionStore } from '#registry/descriptions';
import { createManifestStore } from '#registry/manifests';
import { createRepositoryStore } from '#registry/repositories';
import { createCveAllowlistStore } from '#tenancy/cve-allowlists';
import { createMemberStore } from '#tenancy/members';
import { createProjectReadModel, createProjects, createProjectStore } from '#tenancy/projects';
import { type Basis, openBasis } from './parts/basis.ts';
import { composeQuota } from './parts/quota.ts';

export type { ImportCounts, ImportReport } from '#features/import';

/** What is taken over, and from where. */
export type ImportFrom =
  | { readonly kind: 'docker-registry' | 'harbor'; readonly path: string }
  | { readonly kind: 'oci-layout'; readonly path: string; readonly name: string | undefined };

export interface ImportRequest {
  readonly from: ImportFrom;
  readonly options: ImportOptions;
  readonly dryRun: boolean;
  readonly flags: ConfigFlags;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where faults of the registry's own are told. */
  readonly stderr: NodeJS.WritableStream;
  readonly onProgress: (counts: ImportCounts, repository: string) => void;
  /** Aborted when the process is asked to end. */
  readonly signal: AbortSignal;
}

export type ImportOutcome =
  | { readonly kind: 'imported'; readonly report: ImportReport }
  /** The configuration, or what was asked for, is at fault; nothing was tried. */
  | { readonly kind: 'faulty'; readonly message: string }
  /** It ended before its end; what was written stays, and the report says what that is where anything was tried. */
  | { readonly kind: 'failed'; readonly message: string; readonly report?: ImportReport };

/** Nobody who could sign in: what the audit says of who did it. */
const commandLine: RobotActor = {
  kind: 'robot',
  robotId: 0,
  name: 'system:command-line',
  projectId: undefined,
  grants: [],
};

/**
 * Takes over the images of another registry's files into the configured registry, past HTTP: straight into database and
 * blob store. On SQLite the registry must not run, which the lock beside the database sees to; on PostgreSQL it may.
 * Rejects with the signal's reason when it was aborted.
 */
export async function importImages(request: ImportRequest): Promise<ImportOutcome> {
  const { flags, env, options, onProgress, signal } = request;
  let report: (() => ImportReport) | undefined;
  try {
    assertProject(options.project);
    const { config, secrets } = loadConfig({ flags, env, readFile: (path) => readFileSync(path, 'utf8') });
    // What SQLite makes beside its file is nobody else's; files keep the mode they have or are given.
    process.umask(0o077);
    const source = openSource(request.from);
    const tally = createTally({ now: () => performance.now(), onProgress });
    report = () => tally.report(source.description, request.dryRun);
    if (request.dryRun) {
      const { requireChildren } = config.indexes;
      await dryRun({ source, options, most: config.manifests.maxSizeBytes, requireChildren, tally, signal });
    } else await take(request, source, tally, config, secrets);
    return { kind: 'imported', report: report() };
  } catch (error) {
    signal.throwIfAborted();
    return explain(error, report?.());
  }
}

async function take(
  request: ImportRequest,
  source: ImageSource,
  tally: ReturnType<typeof createTally>,
  config: Config,
  secrets: Secrets,
): Promise<void> {
  const { options, from, signal } = request;
  assertDatabase(config);
  await using stack = new AsyncDisposableStack();
  const log = createLog({ level: 'warn', format: 'text' }, request.stderr);
  // One worker has the database to itself.
  const alone = { ...config, workers: 1 };
  const basis = await openBasis({ config: alone, secrets, log, clock: systemClock, newId: randomId }, stack);
  const syncedBefore = await syncFileSystem(from.path);
  await composeImports(basis, stack).run({ source, options, tally, syncedBefore, signal });
  // A start of the registry looks for what is not described yet; one that runs does not.
  if (config.database.kind === 'postgres') await describeAll(basis);
}

function composeImports(basis: Basis, stack: AsyncDisposableStack) {
  const { config, db, transact, clock, audit, bytes } = basis;
  const quota = composeQuota(basis, stack);
  const nobody = () => undefined;
  const projects = createProjects({
    store: createProjectStore(db),
    readModel: createProjectReadModel(db),
    members: createMemberStore(db),
    allowlists: createCveAllowlistStore(db),
    transact,
    audit,
    clock,
    storageLimits: quota.limits,
    onChange: nobody,
    onUploadsAbandoned: nobody,
    onRolesChange: nobody,
  });
  return createImports({
    store: createImportStore(db),
    manifests: createManifestStore(db, { touchEveryMs: Math.floor(config.gc.graceMs / 10) }),
    records: createBlobRecords(db),
    repositories: createRepositoryStore(db),
    projects,
    policies: [quota.policy],
    tagPolicy: createImmutability(createImmutableRuleStore(db)),
    audit,
    bytes,
    transact,
    clock,
    asker: { actor: commandLine, address: hostname(), requestId: randomUUID() },
    most: config.manifests.maxSizeBytes,
    requireChildren: config.indexes.requireChildren,
  });
}

async function describeAll({ db, bytes, transact, log }: Basis): Promise<void> {
  const logger = log.forPlace('registry:descriptions');
  await using describer = createDescriber({
    store: createDescriptionStore(db),
    bytes,
    transact,
    onError: (error) => logger.warn({ error }, 'Artifacts could not be described; the registry does it later.'),
  });
  await describer.describeAll();
}

function openSource(from: ImportFrom): ImageSource {
  if (!existsSync(from.path)) throw new RegistryError('body-invalid', `There is no ${from.path}.`);
  return from.kind === 'oci-layout'
    ? openOciLayouts(from.path, from.name)
    : openDistributionStore(from.path, from.kind);
}

function assertProject(project: string | undefined): void {
  if (project === undefined || (isRepositoryName(project) && !project.includes('/'))) return;
  throw new RegistryError(
    'body-invalid',
    `--project ${project}: a project's name has lower-case letters, digits and single ".", "_", "__" or "-" between them.`,
  );
}

/** A misspelt folder must not become a registry of its own that nobody serves. */
function assertDatabase({ database }: Config): void {
  if (database.kind === 'postgres' || existsSync(database.path)) return;
  throw new DatabaseUnusable(
    `There is no database ${database.path}: name the folder of the registry with --data, or its file with --config. A new registry is made by starting it once: entrepot serve.`,
  );
}

/**
 * Has the kernel write back what it holds of the file system, once: a sync for each of its files would take longer than
 * all the rest. Answers with the time before which changes are on the disk, in milliseconds; 0 where it cannot be done.
 */
async function syncFileSystem(path: string): Promise<number> {
  const before = Date.now();
  try {
    await promisify(execFile)('sync', ['-f', path]);
    // Times of files come from a clock that ticks more slowly.
    return before - 1000;
  } catch {
    return 0;
  }
}

function explain(error: unknown, report: ImportReport | undefined): ImportOutcome {
  const isFaulty = error instanceof ConfigError || (error instanceof RegistryError && error.code === 'body-invalid');
  const reason = error instanceof Error ? error.message : String(error);
  if (isFaulty) return { kind: 'faulty', message: reason };
  const isKnown =
    error instanceof DatabaseUnusable || error instanceof SecretUnusable || error instanceof RegistryError;
  const message = isKnown ? reason : `The import ended: ${reason}.`;
  return { kind: 'failed', message, ...(report !== undefined && { report }) };
}
