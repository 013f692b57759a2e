import type { Server } from 'node:http';
import { allRecords } from '@entrepot/contract/all-records';
import { type Clock, systemClock } from '#kernel/clock';
import { type NewId, randomId } from '#kernel/ids';
import type { BlobStore } from '#platform/blobs';
import type { Config, Secrets } from '#platform/config';
import { createKeyedHash, createPasswordHasher } from '#platform/crypto';
import { type Db, openNamedKey } from '#platform/db';
import { createFindOrigin } from '#platform/http/server';
import type { Log } from '#platform/log';
import { createMetrics } from '#platform/metrics';
import { type BlobRecords, createBlobRecords, createBlobs } from '#registry/blobs';
import { createManifestStore, createManifests } from '#registry/manifests';
import { createReferrerStore, createReferrers } from '#registry/referrers';
import { createRepositoryStore } from '#registry/repositories';
import {
  blobRoutes,
  createDispatch,
  type DistributionRoute,
  listRoutes,
  manifestRoutes,
  registryRoutes,
  uploadRoutes,
} from '#registry/routes';
import { createTagStore } from '#registry/tags';
import { createUploadStore, createUploads, type Uploads } from '#registry/uploads';
import { createAccess } from '#tenancy/access';
import { auditRoutes, createAudit, createAuditReads, createAuditStore, createFindAuditScope } from '#tenancy/audit';
import { createAuditChain, createChainStore } from '#tenancy/audit/chain';
import { createCveAllowlistStore, createCveAllowlists, cveAllowlistRoutes } from '#tenancy/cve-allowlists';
import { createGroupStore } from '#tenancy/groups';
import { createMembers, createMemberStore, memberRoutes } from '#tenancy/members';
import { createIdentity } from '#tenancy/identity';
import { createLoginFailureStore, createLogins } from '#tenancy/logins';
import { createProjectReadModel, createProjectStore, createProjects, type Projects } from '#tenancy/projects';
import { metadataRoutes, projectRoutes } from '#tenancy/projects/routes';
import { createSettingStore, openSettings, settingRoutes } from '#tenancy/settings';
import { createRobots, createRobotSignIn, createRobotStore, robotRoutes } from '#tenancy/robots';
import {
  createKeyRing,
  createPasswordDoor,
  createSigningKeyStore,
  createTokenRoute,
  createTokens,
} from '#tenancy/tokens';
import { createGiving, createRoleStore } from '#tenancy/roles';
import { createUserStore, createUsers, type Users } from '#tenancy/users';
import { createAuthorize } from './authorize.ts';
import { createDocs } from './docs/docs.ts';
import { createHealth } from './health.ts';
import { createHttp } from './http.ts';
import { openLater } from './later.ts';
import { openLdap } from './open-ldap.ts';
import { isNotYet, notYet } from './not-yet.ts';
import { openSecretBox } from './open-secret-box.ts';
import { openBlobs, openDb } from './open-stores.ts';
import { createProbe } from './probe.ts';
import { systemRoutes } from './system-routes.ts';
import type { ReloadingTls } from './tls.ts';
import { version } from './version.ts';
import { isFirstProcess, isWorker } from './workers.ts';

export interface ComposeOptions {
  readonly config: Config;
  readonly secrets: Secrets;
  readonly log: Log;
  readonly tls: ReloadingTls | undefined;
  readonly overrides?: {
    readonly clock?: Clock;
    readonly newId?: NewId;
    /** Holds every answer of the management API against its record. */
    readonly assertAnswers?: boolean;
  };
}

/** A registry, built and ready to listen. Disposal undoes the building in reverse order. */
export interface Registry extends AsyncDisposable {
  readonly server: Server;
  readonly users: Users;
  readonly projects: Projects;
  readonly uploads: Uploads;
  readonly db: Db;
  /** Every route under `/v2`, for the tests that must not forget one. */
  readonly distributionRoutes: readonly DistributionRoute[];
  /** The operations of the management API that are known and not served. */
  readonly notYet: readonly string[];
  /** From here on: not ready, though everything is served as before. */
  leave(): void;
  /** From here on: not ready, and no new uploads. */
  drain(): void;
  /** Requests under way that bring a body. */
  requestsWithBody(): number;
}

/** Builds everything, in reading order. The only place that sees the whole. */
export async function compose({ config, secrets, log, tls, overrides }: ComposeOptions): Promise<Registry> {
  await using stack = new AsyncDisposableStack();
  const clock = overrides?.clock ?? systemClock;
  const newId = overrides?.newId ?? randomId;
  const httpLog = log.forPlace('platform:http');
  const auditLog = log.forPlace('tenancy:audit');
  let leaving = false;
  let draining = false;

  const db: Db = stack.use(await openDb(config, secrets, log));
  const box = await openSecretBox({ config, secrets, db, log });
  const bytes: BlobStore = stack.use(await openBlobs(config, secrets));
  const metrics = stack.use(createMetrics(version, { shared: isWorker() }));
  const { transact } = db;
  const { outbox, start: startLater } = stack.use(openLater({ db, clock, newId, log }));

  const auditChain = stack.use(
    createAuditChain({
      store: createChainStore(db),
      transact,
      clock,
      onCheckpoint: ({ hash, rowsTotal }) =>
        auditLog.info({ head: hash, rows: rowsTotal }, 'The head of the audit chain: keep it to verify against.'),
      onError: (error) => auditLog.warn({ error }, 'Audit rows could not be chained; the next round tries again.'),
    }),
  );
  const audit = stack.use(
    createAudit({
      store: createAuditStore(),
      transact,
      clock,
      onError: (error, kept) =>
        auditLog.error({ error, kept }, 'Audit rows could not be written; they are kept and tried again.'),
    }),
  );
  const settings = stack.use(
    await openSettings({
      store: createSettingStore(db, box),
      transact,
      audit,
      clock,
      onError: (error) => log.forPlace('tenancy:settings').warn({ error }, 'The settings could not be read again.'),
    }),
  );
  const isReadOnly = () => config.readOnly || settings.current().read_only;
  const userStore = createUserStore(db);
  const hasher = createPasswordHasher(config.auth.passwordConcurrency);
  const users = createUsers({ store: userStore, transact, hasher, clock });
  const throttle = {
    failures: createLoginFailureStore(db),
    attempts: config.auth.loginAttempts,
    windowMs: config.auth.loginWindowMs,
  };
  const ldap = stack.use(
    await openLdap({
      config,
      db,
      audit,
      log,
      clock,
      configurations: settings.current,
      onRolesChange: () => access.forgetRoles(),
    }),
  );
  const elsewhere = [ldap.authenticator];
  const logins = createLogins({ ...throttle, users: userStore, elsewhere, transact, hasher, audit, clock });
  const projectStore = createProjectStore(db);
  const members = createMemberStore(db);
  const access = createAccess({
    projects: projectStore,
    roles: members,
    clock,
    anonymousPull: config.auth.anonymousPull,
  });
  const allowlistStore = createCveAllowlistStore(db);
  const allowlists = createCveAllowlists({ store: allowlistStore, transact, audit, clock });
  const projects = createProjects({
    store: projectStore,
    readModel: createProjectReadModel(db),
    members,
    allowlists: allowlistStore,
    transact,
    audit,
    clock,
    onChange: access.forgetProject,
    onUploadsAbandoned() {
      uploads.dropAbandoned().catch((error: unknown) => {
        log
          .forPlace('registry:uploads')
          .warn({ error }, 'Staged bytes of a deleted project stay; the purge tries again.');
      });
    },
    onRolesChange: access.forgetRoles,
  });
  const groupStore = createGroupStore(db);
  const giving = createGiving({ access, roles: createRoleStore(db) });
  const membersOfProjects = createMembers({
    store: members,
    users: userStore,
    groups: groupStore,
    giving,
    transact,
    audit,
    clock,
    onRolesChange: access.forgetRoles,
  });
  const { pullTokenTtlMs: pullTtlMs, pushTokenTtlMs: pushTtlMs, keyRotationMs: rotationMs } = config.auth;
  const keys = createKeyRing({
    store: createSigningKeyStore(db),
    box,
    transact,
    clock,
    newId,
    rotationMs,
    overlapMs: Math.max(pullTtlMs, pushTtlMs),
  });
  // With a key in the database from the start, a server that has another secret key is found out when it starts.
  await keys.current();
  const serviceName = config.auth.tokenService;
  const robotSettings = () => {
    const { robot_name_prefix: prefix, robot_token_duration: durationDays } = settings.current();
    return { prefix, durationDays };
  };
  const robotDeps = {
    store: createRobotStore(db),
    hash: createKeyedHash(await openNamedKey(db, box, 'robot-secrets')),
    transact,
    audit,
    clock,
    settings: robotSettings,
  };
  const robotSignIn = stack.use(createRobotSignIn({ ...robotDeps, ...throttle }));
  const robots = createRobots({ ...robotDeps, access, findProject: projectStore.findById });
  const tokens = createTokens({
    keys,
    access,
    users: userStore,
    robots: robotSignIn,
    clock,
    newId,
    serviceName,
    pullTtlMs,
    pushTtlMs,
  });
  const doors = createPasswordDoor([robotSignIn], logins);
  const identity = createIdentity({ doors, tokens, clock });

  const repositories = createRepositoryStore(db);
  const records: BlobRecords = createBlobRecords(db);
  const blobs = createBlobs({
    records,
    repositories,
    bytes,
    access,
    audit,
    transact,
    clock,
    cacheBytes: config.blobs.cacheSizeBytes,
  });
  const uploadStore = createUploadStore(db);
  const uploads = createUploads({
    store: uploadStore,
    blobs: records,
    repositories,
    bytes,
    transact,
    clock,
    newId,
    maxOpenPerOwner: config.uploads.maxOpenPerUser,
    maxOpen: config.uploads.maxOpenTotal,
    alone: config.database.kind === 'sqlite' && config.workers === 1,
  });
  const manifests = createManifests({
    store: createManifestStore(db),
    repositories,
    audit,
    events: outbox,
    transact,
    clock,
    requireChildren: config.indexes.requireChildren,
    cacheBytes: config.manifests.cacheSizeBytes,
  });
  const lists = {
    repositories,
    tags: createTagStore(db),
    referrers: createReferrers({ store: createReferrerStore(db) }),
    access,
  };
  metrics.gauge(
    'entrepot_uploads_open',
    'Uploads that are begun and not finished.',
    () => uploadStore.countOpen(),
    'max',
  );

  const onFault = (error: Error, requestId: string) =>
    httpLog.error({ requestId, error: error.cause ?? error }, 'A request failed through our fault.');
  const distributionRoutes: DistributionRoute[] = [
    ...registryRoutes(lists),
    ...listRoutes(lists),
    ...manifestRoutes({
      manifests,
      audit,
      access,
      maxBytes: config.manifests.maxSizeBytes,
      auditPulls: config.audit.pulls,
      onPull: () => undefined,
    }),
    ...blobRoutes({ blobs }),
    ...uploadRoutes({ uploads, blobs, access, acceptsUploads: () => !draining }),
  ];
  const distribution = createDispatch({
    routes: distributionRoutes,
    identity,
    access,
    challenge: { kind: config.auth.challenge, service: serviceName },
    isReadOnly,
    audit,
    onFault: (error, exchange) => onFault(error, exchange.requestId),
  });
  const token = createTokenRoute({ tokens, doors, onFault: (error, exchange) => onFault(error, exchange.requestId) });
  const database = createProbe('database', () => db.probe());
  const blobStore = createProbe('blobs', (signal) => bytes.probe(signal));
  const health = createHealth({
    parts: [database, blobStore],
    metrics,
    identity,
    isDraining: () => leaving,
    metricsPublic: config.metrics.public,
  });
  const docs = createDocs({ version, isNotYet });
  const served = [
    ...ldap.routes,
    ...settingRoutes({ settings }),
    ...systemRoutes({ config, settings, database, blobs: blobStore, isReadOnly, version, clock }),
    ...projectRoutes({
      projects,
      access,
      members,
      allowlists,
      onlyAdminsCreate: () => settings.current().project_creation_restriction === 'adminonly',
    }),
    ...robotRoutes({ robots, access, findProject: projectStore.findById, settings: robotSettings }),
    ...metadataRoutes({ projects }),
    ...memberRoutes({ members: membersOfProjects }),
    ...cveAllowlistRoutes({ allowlists }),
    ...auditRoutes({
      reads: createAuditReads(db),
      chain: auditChain,
      findScope: createFindAuditScope({ access, roles: members }),
      clock,
    }),
  ];
  const later = notYet(allRecords, served);
  const http = await createHttp({
    raw: { '/v2/': distribution, '/v2': distribution, '/service/token': token, ...health, ...docs },
    management: {
      routes: [...served, ...later],
      identify: async (request, origin) => ({ actor: await identity.identify(request.headers.authorization, origin) }),
      authorize: createAuthorize(access, projects),
      isReadOnly,
      onRefused: ({ asker, record: { operationId, method }, path, error }) =>
        audit.refused({ asker, operation: operationId, change: method !== 'GET' && method !== 'HEAD', path, error }),
      assertAnswers: overrides?.assertAnswers === true,
    },
    metrics,
    findOrigin: createFindOrigin(config),
    onFault,
    onAnswered: config.accessLog
      ? ({ method, path, requestId, origin }, status, bytes, seconds) =>
          httpLog.info({ method, path, status, bytes, seconds, requestId, address: origin.address }, 'Answered.')
      : undefined,
    limits: config.limits,
    tls: tls?.options,
  });
  stack.defer(http.close);
  tls?.onRenewal(http.server);
  startLater([]);
  if (isFirstProcess()) stack.defer(purgeRegularly(uploads, config, log));

  const owned = stack.move();
  return {
    server: http.server,
    users,
    projects,
    uploads,
    db,
    distributionRoutes,
    notYet: later.map(({ record }) => record.operationId),
    leave() {
      leaving = true;
    },
    drain() {
      leaving = true;
      draining = true;
    },
    requestsWithBody: http.requestsWithBody,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Abandoned uploads go in the background; the first round waits a moment, so that a start is quick. */
function purgeRegularly(uploads: Uploads, config: Config, log: Log): () => void {
  const logger = log.forPlace('registry:uploads');
  const purge = async () => {
    try {
      const purged = await uploads.purge(config.uploads.expireMs);
      if (purged > 0) logger.info({ purged }, 'Removed abandoned uploads.');
    } catch (error) {
      logger.warn({ error }, 'Abandoned uploads could not be removed; the next round tries again.');
    }
  };
  // A timer counts to 2^31 ms; a longer interval purges more often than asked, which harms nobody.
  const interval = Math.min(config.uploads.purgeIntervalMs, 2 ** 31 - 1);
  const first = setTimeout(() => void purge(), 10_000);
  const timer = setInterval(() => void purge(), interval);
  first.unref();
  timer.unref();
  return () => {
    clearTimeout(first);
    clearInterval(timer);
  };
}
