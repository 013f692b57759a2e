import { type Clock, systemClock } from '#kernel/clock';
import { type NewId, randomId } from '#kernel/ids';
import type { Config, Secrets } from '#platform/config';
import type { Db } from '#platform/db';
import { createFindOrigin } from '#platform/http/server';
import type { JobHandler } from '#platform/jobs';
import type { Log } from '#platform/log';
import type { DistributionRoute } from '#registry/routes';
import type { Uploads } from '#registry/uploads';
import type { Projects } from '#tenancy/projects';
import type { Users } from '#tenancy/users';
import { createAuthorize } from './authorize.ts';
import { createDocs } from './docs/docs.ts';
import { createHealth } from './health.ts';
import { createHttp } from './http.ts';
import { isNotYet, notYet } from './not-yet.ts';
import { createProbe } from './probe.ts';
import { systemRoutes } from './system-routes.ts';
import type { ReloadingTls } from './tls.ts';
import { version } from './version.ts';
import { isFirstProcess } from './workers.ts';
import { allRecords } from '@entrepot/contract/all-records';
import type { Server } from 'node:http';
import { composeAuditPurge } from './parts/audit-purge.ts';
import { openBasis } from './parts/basis.ts';
import { composeCollection } from './parts/collection.ts';
import { composeDataPlane, purgeRegularly } from './parts/data-plane.ts';
import { composeOutside } from './parts/outside.ts';
import { composePeople } from './parts/people.ts';
import { composeRetention } from './parts/retention.ts';
import { composeTagRules } from './parts/tag-rules.ts';
import { composeStorageCare } from './parts/storage-care.ts';
import { composeQuota } from './parts/quota.ts';
import { composeProjectUndo } from './parts/undo.ts';

export interface ComposeOptions {
  readonly config: Config;
  readonly secrets: Secrets;
  readonly log: Log;
  readonly tls: ReloadingTls | undefined;
  /** Whether it is there for requests, or for jobs alone. A server unless told. */
  readonly role?: 'server' | 'worker';
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
export async function compose({
  config,
  secrets,
  log,
  tls,
  role = 'server',
  overrides,
}: ComposeOptions): Promise<Registry> {
  await using stack = new AsyncDisposableStack();
  const clock = overrides?.clock ?? systemClock;
  const newId = overrides?.newId ?? randomId;
  let leaving = false;
  let draining = false;

  const basis = await openBasis({ config, secrets, log, clock, newId, ships: role === 'server' }, stack);
  const { db, bytes, metrics, settings, isReadOnly, onFault } = basis;
  const quota = composeQuota(basis, stack);
  const tagRules = composeTagRules(basis);
  const projectUndo = composeProjectUndo(basis, (name) => {
    access.forgetProject(name);
    access.forgetRoles();
  });
  const people = await composePeople(basis, { onUploadsAbandoned, quota, onProjectDeleting: projectUndo.keep }, stack);
  const { users, projects, access, identity, signIn } = people;
  const handlers: JobHandler[] = [];
  const outside = composeOutside(basis, () => handlers.map(({ type }) => type), stack);
  const care = composeStorageCare(basis, outside.repairSources, stack);
  const plane = composeDataPlane(
    basis,
    people,
    {
      acceptsUploads: () => !draining,
      onPull: outside.onPull,
      pushPolicies: [quota.policy],
      tagPolicy: tagRules.tagPolicy,
      onSuspect: care.onSuspect,
      onRead: care.onRead,
      projectUndo,
    },
    stack,
  );
  const retention = composeRetention(basis, {
    access,
    upkeep: plane.upkeep,
    tagPolicy: tagRules.tagPolicy,
  });
  const collection = composeCollection(basis, people, plane);
  const auditPurge = composeAuditPurge(basis);
  handlers.push(...outside.handlers, ...retention.handlers, ...care.handlers, collection.handler, auditPurge.handler);
  const { uploads, distributionRoutes, distribution, token } = plane;

  /** Staged bytes of a deleted project go in the background. */
  function onUploadsAbandoned(): void {
    const logger = log.forPlace('registry:uploads');
    uploads.dropAbandoned().catch((error: unknown) => {
      logger.warn({ error }, 'Staged bytes of a deleted project stay; the purge tries again.');
    });
  }

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
    ...systemRoutes({ config, settings, database, blobs: blobStore, isReadOnly, version, clock }),
    ...people.routes,
    ...plane.routes,
    ...outside.routes,
    ...tagRules.routes,
    ...retention.routes,
    ...collection.routes,
    ...care.routes,
    ...auditPurge.routes,
    ...quota.createRoutes(people),
  ];
  const later = notYet(allRecords, served);
  const identify = signIn.createIdentify(identity);
  const http = await createHttp({
    raw: {
      '/v2/': distribution,
      '/v2': distribution,
      '/service/token': token,
      ...signIn.createRaw(identify),
      ...health,
      ...docs,
    },
    management: {
      routes: [...served, ...later],
      identify,
      authorize: createAuthorize(access, projects),
      isReadOnly,
      onRefused: ({ asker, record: { operationId, method }, path, error }) =>
        basis.audit.refused({
          asker,
          operation: operationId,
          change: method !== 'GET' && method !== 'HEAD',
          path,
          error,
        }),
      assertAnswers: overrides?.assertAnswers === true,
    },
    metrics,
    findOrigin: createFindOrigin(config),
    onFault,
    onAnswered: config.accessLog
      ? ({ method, path, requestId, origin }, status, bytes, seconds) =>
          log
            .forPlace('platform:http')
            .info({ method, path, status, bytes, seconds, requestId, address: origin.address }, 'Answered.')
      : undefined,
    limits: config.limits,
    tls: tls?.options,
  });
  stack.defer(http.close);
  tls?.onRenewal(http.server);
  basis.startLater(handlers, role === 'worker' || config.jobs.inServer);
  if (role === 'server' && isFirstProcess()) {
    stack.defer(purgeRegularly(uploads, config, log));
    stack.defer(outside.checkRegularly());
    stack.defer(collection.collectRegularly());
    stack.defer(care.careRegularly());
    plane.describer.notice();
  }

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
