import { createJobMonitor, jobMonitorRoutes } from '#features/job-monitor';
import {
  createCheckConnection,
  createRegistries,
  createRegistryStore,
  createRepairSources,
} from '#features/registries';
import { registryEndpointRoutes } from '#features/registries/routes';
import {
  createDeliveryHandlers,
  createPullNotes,
  createWebhookListener,
  createWebhooks,
  createWebhookStore,
} from '#features/webhooks';
import { webhookRoutes } from '#features/webhooks/routes';
import { actorName } from '#kernel/actor';
import type { Config } from '#platform/config';
import type { ManagedRoute } from '#platform/http/management';
import type { JobHandler } from '#platform/jobs';
import type { Log } from '#platform/log';
import { createGuardedRequest, createTargetCheck } from '#platform/outbound';
import type { RepairSource } from '#registry/ports/repair';
import { createRepositoryStore } from '#registry/repositories';
import type { PulledManifest } from '#registry/routes';
import type { Basis } from './basis.ts';

/** Whom the registry tells and asks outside, and the work it does for that. */
export interface Outside {
  readonly routes: readonly ManagedRoute[];
  readonly handlers: readonly JobHandler[];
  readonly onPull: (pull: PulledManifest) => void;
  /** Registries that are asked for what is damaged here. */
  readonly repairSources: readonly RepairSource[];
  /** Looks at other registries now and then; answers with how to stop. One process of a server does. */
  checkRegularly(): () => void;
}

export function composeOutside(
  { config, log, clock, newId, db, transact, box, metrics, jobs, outbox, audit }: Basis,
  /** Every type of work that somebody does. */
  jobTypes: () => readonly string[],
  stack: AsyncDisposableStack,
): Outside {
  const outboundLog = log.forPlace('platform:outbound');
  const request = createGuardedRequest({
    config: config.outbound,
    onFailure: (origin, reason) => outboundLog.info({ origin, reason }, 'A target could not be reached.'),
  });
  const checkTarget = createTargetCheck(config.outbound);

  const webhookStore = createWebhookStore(db, box);
  const pullNotes = stack.use(createPullNotes({ store: webhookStore, outbox }));
  const host = hostOf(config);
  const webhooks = createWebhooks({
    store: webhookStore,
    jobs,
    transact,
    audit,
    clock,
    newId,
    host,
    checkTarget,
    onChange: () => void pullNotes.refresh(),
  });
  outbox.subscribe(
    createWebhookListener({
      store: webhookStore,
      jobs,
      host,
      findRepository: createRepositoryStore(db).findFacts,
    }),
  );

  const registries = createRegistries({
    store: createRegistryStore(db, box),
    transact,
    audit,
    clock,
    checkTarget,
    checkConnection: createCheckConnection(request),
    // Neither replication policies nor proxy projects are there yet.
    findUse: async () => undefined,
  });

  const handlers = createDeliveryHandlers({ store: webhookStore, request, clock });
  const waiting = async (figure: (queue: { waiting: number; latencyMs: number }) => number) =>
    Math.max(0, ...(await jobs.listQueues(clock())).map(figure));
  metrics.gauge(
    'entrepot_jobs_waiting',
    'Tasks that wait for a worker or for their time, in the longest queue.',
    () => waiting((queue) => queue.waiting),
    'max',
  );
  metrics.gauge(
    'entrepot_jobs_oldest_wait_seconds',
    'How long the oldest task has waited since it could begin.',
    () => waiting((queue) => queue.latencyMs / 1000),
    'max',
  );
  const monitor = createJobMonitor({ jobs, transact, audit, clock, types: jobTypes });
  return {
    routes: [
      ...webhookRoutes({ webhooks, jobs }),
      ...registryEndpointRoutes({ registries }),
      ...jobMonitorRoutes({ monitor }),
    ],
    handlers,
    onPull: ({ project, repository, digest, tag, asker }) =>
      pullNotes.note(project.id, () => {
        const { actor, requestId } = asker();
        return {
          kind: 'artifact-pulled',
          projectId: project.id,
          projectName: project.name,
          operator: actorName(actor),
          requestId,
          repository,
          digest,
          ...(tag === undefined ? {} : { tag }),
        };
      }),
    repairSources: createRepairSources({
      registries,
      request,
      names: config.scrub.repairFrom,
      onFailure: (name, error) =>
        log
          .forPlace('features:registries')
          .warn({ registry: name, error }, 'A registry could not be asked for a repair.'),
    }),
    checkRegularly: () => checkRegularly(registries.checkAll, log),
  };
}

/** Under which images are pulled; a reference has no room for a path prefix. */
function hostOf({ externalUrl, listen }: Pick<Config, 'externalUrl' | 'listen'>): string {
  if (externalUrl !== undefined) return new URL(externalUrl).host;
  return `${listen.host.includes(':') ? `[${listen.host}]` : listen.host}:${listen.port}`;
}

/** Harbor's pace. */
const checkMs = 300_000;

function checkRegularly(checkAll: () => Promise<void>, log: Log): () => void {
  const logger = log.forPlace('features:registries');
  const timer = setInterval(() => {
    checkAll().catch((error: unknown) => logger.warn({ error }, 'The health of other registries is not known.'));
  }, checkMs);
  timer.unref();
  return () => clearInterval(timer);
}
