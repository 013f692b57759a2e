import type { Permission } from '@entrepot/contract/permissions';
import { accountOf, type Asker } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { ListQuery } from '#kernel/list-query';
import type { Transact, Transaction } from '#kernel/transaction';
import type { Execution, Jobs, Task } from '#platform/jobs';
import { type Access, projectNotFound } from '#tenancy/access';
import type { Audit } from '#tenancy/audit';
import type { Project } from '#tenancy/projects';
import { repositoryType, retentionType, type RunParameters } from './job.ts';
import { assertRules } from './rules.ts';
import type { RetentionStore } from './store.ts';
import type { NewRetentionPolicy, RetentionPolicy } from './types.ts';

/**
 * What projects keep. A policy is named by its id alone: who may not do this in its project is told that there is none.
 */
export interface Retention {
  get(asker: Asker, id: number, permission: Permission): Promise<RetentionPolicy>;
  /** Fails with `body-invalid`, or `conflict` where the project has one. Answers its id. */
  create(asker: Asker, projectId: number, policy: NewRetentionPolicy): Promise<number>;
  /** Replaces it; it stays in its project. */
  update(asker: Asker, id: number, projectId: number | undefined, policy: NewRetentionPolicy): Promise<void>;
  delete(asker: Asker, id: number): Promise<void>;
  /** Runs it now. Answers the execution's id. */
  run(asker: Asker, id: number, dryRun: boolean): Promise<number>;
  stop(asker: Asker, id: number, executionId: number): Promise<void>;
  listExecutions(asker: Asker, id: number, list: ListQuery): Promise<{ entries: Execution[]; total: number }>;
  /** One for each repository. */
  listTasks(
    asker: Asker,
    id: number,
    executionId: number,
    list: ListQuery,
  ): Promise<{ entries: Task[]; total: number }>;
  readLog(asker: Asker, id: number, executionId: number, taskId: number): Promise<string>;
}

export interface RetentionDeps {
  readonly store: RetentionStore;
  readonly jobs: Jobs;
  readonly access: Pick<Access, 'demand'>;
  readonly projects: {
    findById(id: number): Promise<Project | undefined>;
    putMetadata(tx: Transaction, id: number, name: string, value: string): Promise<void>;
    removeMetadata(tx: Transaction, id: number, name: string): Promise<void>;
  };
  readonly audit: Pick<Audit, 'write'>;
  readonly transact: Transact;
  readonly clock: Clock;
}

/** Where Harbor's clients look for the policy of a project. */
const metadataName = 'retention_id';

export function createRetention(deps: RetentionDeps): Retention {
  const { store, jobs, access, projects, audit, transact, clock } = deps;

  async function find(asker: Asker, id: number, permission: Permission) {
    if (accountOf(asker.actor).kind === 'anonymous') throw unauthorized();
    const policy = await store.find(id);
    const project = policy && (await projects.findById(policy.projectId));
    if (policy === undefined || project === undefined) throw notFound(id);
    try {
      await access.demand(asker.actor, permission, { project });
    } catch (error) {
      throw isHidden(error) ? notFound(id) : error;
    }
    return { policy, project };
  }

  async function setSchedule(tx: Transaction, id: number, projectId: number, cron: string): Promise<void> {
    if (cron === '') {
      await jobs.unschedule(tx, retentionType, id);
      return;
    }
    const payload: RunParameters = { policyId: id, dryRun: false };
    await jobs.schedule(tx, {
      vendorType: retentionType,
      vendorId: id,
      projectId,
      cronType: 'Custom',
      cron,
      payload,
      extraAttrs: { dry_run: false },
    });
  }

  const scopeOf = ({ id, projectId }: RetentionPolicy) => ({
    vendorTypes: [retentionType],
    vendorId: id,
    projectId,
  });

  async function findExecution(asker: Asker, id: number, executionId: number, permission: Permission) {
    const found = await find(asker, id, permission);
    const execution = await jobs.findExecution(scopeOf(found.policy), executionId);
    if (execution === undefined) {
      throw new RegistryError('object-not-found', `execution ${executionId} of retention policy ${id} not found`);
    }
    return { ...found, execution };
  }

  const about = (asker: Asker, project: Project) => ({
    asker,
    projectId: project.id,
    resource: project.name,
    outcome: 'success' as const,
  });

  return {
    get: async (asker, id, permission) => (await find(asker, id, permission)).policy,

    async create(asker, projectId, policy) {
      if (accountOf(asker.actor).kind === 'anonymous') throw unauthorized();
      const project = await projects.findById(projectId);
      if (project === undefined) throw projectNotFound(String(projectId));
      try {
        await access.demand(asker.actor, 'tag-retention:create', { project });
      } catch (error) {
        // Whoever asks by number does not learn the name.
        throw isHidden(error) ? projectNotFound(String(projectId)) : error;
      }
      assertRules(policy.rules);
      return transact(async (tx) => {
        const id = await store.insert(tx, projectId, policy, clock());
        if (id === undefined) {
          throw new RegistryError('conflict', `The project ${project.name} has a retention policy already.`);
        }
        await projects.putMetadata(tx, projectId, metadataName, String(id));
        await setSchedule(tx, id, projectId, policy.cron);
        await audit.write(tx, { action: 'create-retention', ...about(asker, project), after: { id, ...policy } });
        return id;
      });
    },

    async update(asker, id, projectId, policy) {
      const { policy: before, project } = await find(asker, id, 'tag-retention:update');
      if (projectId !== undefined && projectId !== project.id) {
        throw new RegistryError('body-invalid', 'body.scope.ref: a policy stays in its project.');
      }
      assertRules(policy.rules);
      await transact(async (tx) => {
        if (!(await store.update(tx, id, policy, clock()))) throw notFound(id);
        await setSchedule(tx, id, project.id, policy.cron);
        await audit.write(tx, {
          action: 'update-retention',
          ...about(asker, project),
          before: auditStateOf(before),
          after: { id, ...policy },
        });
      });
    },

    async delete(asker, id) {
      const { policy: before, project } = await find(asker, id, 'tag-retention:delete');
      await transact(async (tx) => {
        if (!(await store.delete(tx, id))) throw notFound(id);
        await projects.removeMetadata(tx, project.id, metadataName);
        await jobs.unschedule(tx, retentionType, id);
        await audit.write(tx, { action: 'delete-retention', ...about(asker, project), before: auditStateOf(before) });
      });
    },

    async run(asker, id, dryRun) {
      const { project } = await find(asker, id, 'tag-retention:update');
      const payload: RunParameters = { policyId: id, dryRun };
      return transact(async (tx) => {
        const { executionId } = await jobs.enqueue(tx, {
          vendorType: retentionType,
          vendorId: id,
          projectId: project.id,
          trigger: 'MANUAL',
          extraAttrs: { dry_run: dryRun },
          tasks: [{ payload }],
        });
        await audit.write(tx, {
          action: 'run-retention',
          ...about(asker, project),
          detail: { execution: executionId, dry_run: dryRun },
        });
        return executionId;
      });
    },

    async stop(asker, id, executionId) {
      const { project } = await findExecution(asker, id, executionId, 'tag-retention:update');
      if (!(await jobs.stopExecution(executionId))) return;
      await transact((tx) =>
        audit.write(tx, { action: 'stop-job', ...about(asker, project), detail: { execution: executionId } }),
      );
    },

    async listExecutions(asker, id, list) {
      const { policy } = await find(asker, id, 'tag-retention:list');
      return jobs.listExecutions(scopeOf(policy), list);
    },

    async listTasks(asker, id, executionId, list) {
      await findExecution(asker, id, executionId, 'tag-retention:list');
      const ofRepositories = { kind: 'is', field: 'type', value: repositoryType } as const;
      return jobs.listTasks(executionId, { ...list, conditions: [...list.conditions, ofRepositories] });
    },

    async readLog(asker, id, executionId, taskId) {
      await findExecution(asker, id, executionId, 'tag-retention:read');
      const task = await jobs.findTask(taskId);
      if (task?.executionId !== executionId) {
        throw new RegistryError('object-not-found', `task ${taskId} of execution ${executionId} not found`);
      }
      return jobs.readLog(taskId);
    },
  };
}

function auditStateOf({ id, rules, cron }: RetentionPolicy) {
  return { id, rules, cron };
}

function notFound(id: number): RegistryError {
  return new RegistryError('object-not-found', `retention policy ${id} not found`);
}

function unauthorized(): RegistryError {
  return new RegistryError('unauthorized', 'unauthorized: sign in first.');
}

function isHidden(error: unknown): boolean {
  return error instanceof RegistryError && error.code === 'project-not-found';
}
