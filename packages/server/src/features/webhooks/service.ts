import { type Asker, actorName } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { NewId } from '#kernel/ids';
import type { ListQuery } from '#kernel/list-query';
import type { Transact, Transaction } from '#kernel/transaction';
import type { Execution, Jobs, Task } from '#platform/jobs';
import type { Audit, AuditAction } from '#tenancy/audit';
import { deliveryTypes, enqueueDeliveries } from './deliveries.ts';
import { eventTypeNames } from './event-types.ts';
import { toMessage } from './message.ts';
import { assertPattern, assertPolicy, auditStateOf } from './rules.ts';
import type { WebhookStore } from './store.ts';
import type { DeliveryPayload, NewPolicy, PolicyOptions, WebhookPolicy } from './types.ts';

/** Where the webhooks are: every question about one names its project, and what is elsewhere is not there. */
export interface InProject {
  readonly id: number;
  readonly name: string;
}

export interface Webhooks {
  list(project: InProject, list: ListQuery): Promise<{ entries: WebhookPolicy[]; total: number }>;
  listAll(project: InProject): Promise<WebhookPolicy[]>;
  /** Fails with `object-not-found`. */
  get(project: InProject, id: number): Promise<WebhookPolicy>;
  /** Fails with `body-invalid`, `target-refused` or `conflict`. Answers with the policy's id. */
  create(asker: Asker, project: InProject, policy: NewPolicy): Promise<number>;
  /** Replaces what Harbor's policy has; options and the secrets of targets that stay are kept. */
  update(asker: Asker, project: InProject, id: number, policy: NewPolicy): Promise<void>;
  setOptions(asker: Asker, project: InProject, id: number, options: PolicyOptions): Promise<WebhookPolicy>;
  delete(asker: Asker, project: InProject, id: number): Promise<void>;
  listExecutions(project: InProject, id: number, list: ListQuery): Promise<{ entries: Execution[]; total: number }>;
  listTasks(
    project: InProject,
    id: number,
    executionId: number,
    list: ListQuery,
  ): Promise<{ entries: Task[]; total: number }>;
  readLog(project: InProject, id: number, executionId: number, taskId: number): Promise<string>;
  /** Sends an example of an event to all targets. Answers with the ids of the executions. */
  test(asker: Asker, project: InProject, id: number, eventType: string | undefined): Promise<number[]>;
  /** Sends what a delivery sent once more, to the target as it is now. Fails with `conflict` when that is gone. */
  redeliver(asker: Asker, project: InProject, taskId: number): Promise<number[]>;
}

export interface WebhooksDeps {
  readonly store: WebhookStore;
  readonly jobs: Jobs;
  readonly transact: Transact;
  readonly audit: Pick<Audit, 'write'>;
  readonly clock: Clock;
  readonly newId: NewId;
  /** `hub.example.com`, for the names of images in examples. */
  readonly host: string;
  readonly checkTarget: (url: string, field: string) => void;
  /** Told after policies changed. */
  readonly onChange: () => void;
}

/** A project that wants more has another way to tell its tools. */
const mostPolicies = 100;

export function createWebhooks(deps: WebhooksDeps): Webhooks {
  const { store, jobs, transact, audit, clock, newId, host, checkTarget, onChange } = deps;

  const notFound = (what: string) => new RegistryError('object-not-found', `${what} not found`);

  async function get(project: InProject, id: number): Promise<WebhookPolicy> {
    const policy = await store.find(project.id, id);
    if (policy === undefined) throw notFound(`webhook policy ${id} of project ${project.name}`);
    return policy;
  }

  /** One change, with its row in the audit. */
  function change<T>(
    action: AuditAction,
    asker: Asker,
    project: InProject,
    before: WebhookPolicy | undefined,
    work: (tx: Transaction) => Promise<T>,
  ): Promise<T> {
    const changed = transact(async (tx) => {
      const result = await work(tx);
      const id = before?.id ?? (result as number);
      const after = (await store.listAll(project.id, tx)).find((policy) => policy.id === id);
      await audit.write(tx, {
        action,
        asker,
        projectId: project.id,
        resource: `${project.name}/${after?.name ?? before?.name ?? ''}`,
        outcome: 'success',
        ...(before === undefined ? {} : { before: auditStateOf(before) }),
        ...(after === undefined ? {} : { after: auditStateOf(after) }),
      });
      return result;
    });
    return changed.finally(onChange);
  }

  const taken = (name: string) =>
    new RegistryError('conflict', `body.name: the project has a webhook policy named ${name} already.`);

  const scopeOf = (project: InProject, vendorId: number) => ({
    vendorTypes: deliveryTypes,
    vendorId,
    projectId: project.id,
  });

  async function getExecution(project: InProject, id: number, executionId: number): Promise<Execution> {
    await get(project, id);
    const execution = await jobs.findExecution(scopeOf(project, id), executionId);
    if (execution === undefined) throw notFound(`execution ${executionId} of webhook policy ${id}`);
    return execution;
  }

  return {
    list: (project, list) => store.list(project.id, list),
    listAll: (project) => store.listAll(project.id),
    get,

    async create(asker, project, policy) {
      assertPolicy(policy, checkTarget);
      const creator = actorName(asker.actor);
      return change('create-webhook', asker, project, undefined, async (tx) => {
        if ((await store.listAll(project.id, tx)).length >= mostPolicies) {
          throw new RegistryError('conflict', `A project has at most ${mostPolicies} webhook policies.`);
        }
        const id = await store.insert(tx, project.id, { ...policy, creator }, clock());
        if (id === undefined) throw taken(policy.name);
        return id;
      });
    },

    async update(asker, project, id, policy) {
      const before = await get(project, id);
      assertPolicy(policy, checkTarget);
      await change('update-webhook', asker, project, before, async (tx) => {
        if (!(await store.update(tx, before, policy, clock()))) throw taken(policy.name);
      });
    },

    async setOptions(asker, project, id, options) {
      const before = await get(project, id);
      const { repositories = before.repositories, tags = before.tags, signingSecret } = options;
      assertPattern('repositories', repositories);
      assertPattern('tags', tags);
      await change('update-webhook', asker, project, before, (tx) =>
        store.setOptions(tx, id, { repositories, tags, signingSecret }, clock()),
      );
      return get(project, id);
    },

    async delete(asker, project, id) {
      const before = await get(project, id);
      await change('delete-webhook', asker, project, before, async (tx) => {
        if (!(await store.delete(tx, project.id, id)))
          throw notFound(`webhook policy ${id} of project ${project.name}`);
      });
    },

    async listExecutions(project, id, list) {
      await get(project, id);
      return jobs.listExecutions(scopeOf(project, id), list);
    },

    async listTasks(project, id, executionId, list) {
      await getExecution(project, id, executionId);
      return jobs.listTasks(executionId, list);
    },

    async readLog(project, id, executionId, taskId) {
      await getExecution(project, id, executionId);
      const task = await jobs.findTask(taskId);
      if (task?.executionId !== executionId) throw notFound(`task ${taskId} of execution ${executionId}`);
      return jobs.readLog(taskId);
    },

    async test(asker, project, id, eventType) {
      const policy = await get(project, id);
      const type = eventType ?? policy.eventTypes[0] ?? eventTypeNames[0] ?? '';
      const message = exampleOf(type, project, asker);
      return transact(async (tx) => {
        await audit.write(tx, {
          action: 'redeliver-webhook',
          asker,
          projectId: project.id,
          resource: `${project.name}/${policy.name}`,
          outcome: 'success',
          detail: { test: type },
        });
        return enqueueDeliveries(jobs, tx, policy, message, { trigger: 'MANUAL', note: { test: true } });
      });
    },

    async redeliver(asker, project, taskId) {
      const task = await jobs.findTask(taskId);
      const scope = { vendorTypes: deliveryTypes, projectId: project.id };
      const execution = task && (await jobs.findExecution(scope, task.executionId));
      if (execution === undefined) throw notFound(`delivery ${taskId} of project ${project.name}`);
      const { policyId, targetId, message } = (await jobs.findPayload(taskId)) as DeliveryPayload;
      const policy = await store.find(project.id, policyId);
      const targets = policy?.targets.filter((target) => target.id === targetId) ?? [];
      if (policy === undefined || targets.length === 0) {
        throw new RegistryError('conflict', 'The webhook, or the target of this delivery, is gone.');
      }
      return transact(async (tx) => {
        await audit.write(tx, {
          action: 'redeliver-webhook',
          asker,
          projectId: project.id,
          resource: `${project.name}/${policy.name}`,
          outcome: 'success',
          detail: { delivery: taskId },
        });
        const note = { redelivery_of: taskId };
        return enqueueDeliveries(jobs, tx, { ...policy, targets }, message, { trigger: 'MANUAL', note });
      });
    },
  };

  function exampleOf(type: string, project: InProject, asker: Asker) {
    if (!(eventTypeNames as readonly string[]).includes(type)) {
      throw new RegistryError('body-invalid', `body.event_type: there are ${eventTypeNames.join(', ')}.`);
    }
    const pushed = toMessage(
      {
        kind: 'artifact-pushed',
        id: newId(),
        at: clock(),
        projectId: project.id,
        projectName: project.name,
        operator: actorName(asker.actor),
        requestId: asker.requestId,
        repository: `${project.name}/webhook-test`,
        digest: `sha256:${'0'.repeat(64)}`,
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        tags: ['test'],
      },
      { host, isPublic: false, repositoryCreatedAt: clock() },
    );
    if (pushed === undefined) throw new RegistryError('internal', 'There is no example of an event.');
    return { ...pushed, type, data: { ...pushed.data, custom_attributes: { test: 'true' } } };
  }
}
