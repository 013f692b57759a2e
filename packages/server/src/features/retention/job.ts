import type { Digest } from '@entrepot/oci/digest';
import type { RepositoryName } from '@entrepot/oci/repository-name';
import { type Asker, actorName } from '#kernel/actor';
import { RegistryError } from '#kernel/errors';
import { registryAsker } from '#kernel/registry-asker';
import { formatBytes } from '#kernel/size';
import type { Transact } from '#kernel/transaction';
import { JobFailed, type JobHandler, type Jobs, type NewTask, type RunningTask } from '#platform/jobs';
import type { Events } from '#platform/outbox';
import type { ManifestUpkeep } from '#registry/manifests';
import type { Project } from '#tenancy/projects';
import type { Judged, Judging } from './judging.ts';
import type { Leaving } from './leaving.ts';
import type { RetentionReadModel } from './read-model.ts';
import { rulesFor } from './rules.ts';
import type { RetentionStore } from './store.ts';
import type { RetentionPolicy, Verdict } from './types.ts';

/** Harbor's name of executions, and of the task that finds out which repositories there are. */
export const retentionType = 'RETENTION';
/** The tasks that people see: one for each repository. */
export const repositoryType = 'RETENTION_REPOSITORY';

export interface RunParameters {
  readonly policyId: number;
  readonly dryRun: boolean;
}

interface RepositoryParameters extends RunParameters {
  readonly projectId: number;
  readonly repositoryId: number;
}

export interface RetentionJobsDeps {
  readonly store: RetentionStore;
  readonly readModel: RetentionReadModel;
  readonly judging: Judging;
  readonly upkeep: Pick<ManifestUpkeep, 'deleteWhole'>;
  readonly jobs: Pick<Jobs, 'extend' | 'listTasks'>;
  readonly events: Events;
  readonly transact: Transact;
  readonly findProject: (id: number) => Promise<Project | undefined>;
}

const asker: Asker = registryAsker('retention');

const backoffMs = (run: number) => Math.min(60_000, 1000 * 2 ** run);
const anyTask = {
  page: 1,
  pageSize: 1,
  sort: [],
  conditions: [{ kind: 'is', field: 'type', value: repositoryType }],
} as const;

/** A run that was cut off begins again: what is deleted is deleted, and the rules say the same of the rest. */
export function createRetentionHandlers(deps: RetentionJobsDeps): JobHandler[] {
  const { store, readModel, judging, jobs, transact } = deps;

  async function find({ policyId }: RunParameters): Promise<{ policy: RetentionPolicy; project: Project }> {
    const policy = await store.find(policyId);
    const project = policy && (await deps.findProject(policy.projectId));
    if (policy === undefined || project === undefined) throw new JobFailed('The policy, or its project, is gone.');
    return { policy, project };
  }

  async function begin(task: RunningTask): Promise<void> {
    const parameters = task.payload as RunParameters;
    const { policy, project } = await find(parameters);
    const repositories = await readModel.listRepositories(project.id);
    const tasks = repositories
      .filter(({ name, pinned }) => !pinned && rulesFor(policy.rules, name).length > 0)
      .map(
        ({ id, name }): NewTask => ({
          payload: { ...parameters, projectId: project.id, repositoryId: id } satisfies RepositoryParameters,
          extraAttrs: { repository: name, dry_run: parameters.dryRun },
        }),
      );
    task.log(`${tasks.length} of ${repositories.length} repositories have rules.`);
    // A run before this one may have come so far.
    const known = task.runCount > 1 && (await jobs.listTasks(task.executionId, anyTask)).total > 0;
    if (!known && !task.signal.aborted) {
      await transact(async (tx) => void (await jobs.extend(tx, task.executionId, repositoryType, tasks)));
    }
  }

  async function work(task: RunningTask): Promise<void> {
    const { projectId, repositoryId, dryRun, policyId } = task.payload as RepositoryParameters;
    const { policy, project } = await find({ policyId, dryRun });
    const repository = projectId === project.id ? await readModel.findRepository(projectId, repositoryId) : undefined;
    const judged = repository && (await judging.judge(projectId, policy.rules, repository));
    if (repository === undefined || judged === undefined) {
      task.log('No rule is about this repository now, or it is pinned: nothing is deleted.');
      task.note({ total: 0, retained: 0 });
      return;
    }
    const freed = await readModel.measureFreed(
      projectId,
      judged.leaving.map(({ withIt }) => withIt),
    );
    const total = judged.verdicts.length;
    const planned = judged.verdicts.filter(({ kept }) => !kept).length;
    task.log(`${repository.name}: ${total} artifacts, of which ${planned} ${dryRun ? 'would go' : 'go'}.`);
    tell(task, judged, freed, dryRun);
    const bytes = (sizes: readonly number[]) => sizes.reduce((sum, size) => sum + size, 0);
    if (dryRun) {
      task.log(`Would free ${formatBytes(bytes(freed))}. Nothing was changed.`);
      task.note({ total, retained: total - planned, bytes_freed: bytes(freed) });
      return;
    }
    const gone: Leaving[] = [];
    // What a run before this one deleted belongs to the account.
    const before = Number(task.extraAttrs['deleted'] ?? 0);
    const account = () =>
      task.note({ total: total + before, retained: total - gone.length, deleted: before + gone.length });
    for (const [at, leaving] of judged.leaving.entries()) {
      task.signal.throwIfAborted();
      if (await remove(task, project, repository.name, leaving)) gone.push(leaving);
      account();
      task.report(`${at + 1} of ${judged.leaving.length}`);
    }
    account();
    const done = bytes(freed.filter((_, at) => gone.includes(judged.leaving[at] as Leaving)));
    task.note({ bytes_freed: done });
    task.log(`Deleted ${gone.length} artifacts, which frees ${formatBytes(done)} in the project.`);
    await tellEnd(task, project, policy, { repository: repository.name, total, gone });
  }

  /** False when it was kept after all, because it is not any more what was judged. */
  async function remove(task: RunningTask, project: Project, repository: string, { manifest }: Leaving) {
    try {
      await deps.upkeep.deleteWhole(asker, project, repository as RepositoryName, manifest.digest as Digest, {
        tags: manifest.tags,
      });
      return true;
    } catch (error) {
      const isKept = error instanceof RegistryError && keptCodes.has(error.code);
      if (!isKept) throw error;
      task.log(`Left ${manifest.digest}: ${error.message}`);
      return error.code === 'manifest-not-found';
    }
  }

  function tellEnd(
    task: RunningTask,
    project: Project,
    policy: RetentionPolicy,
    { repository, total, gone }: { repository: string; total: number; gone: readonly Leaving[] },
  ): Promise<void> {
    return deps.transact((tx) =>
      deps.events.emit(tx, {
        kind: 'retention-ended',
        projectId: project.id,
        projectName: project.name,
        operator: actorName(asker.actor),
        // Harbor's shape.
        particulars: {
          total,
          retained: total - gone.length,
          project_name: project.name,
          retention_policy_id: policy.id,
          execution_id: task.executionId,
          status: 'SUCCESS',
          repository,
          deleted_artifact: gone.slice(0, mostTold).map(({ manifest }) => ({
            type: 'image',
            status: 'SUCCESS',
            name_tag:
              manifest.tags.length > 0 ? `${repository}:${manifest.tags[0]}` : `${repository}@${manifest.digest}`,
          })),
        },
      }),
    );
  }

  return [
    { type: retentionType, concurrency: 1, maxRuns: 10, backoffMs, run: begin },
    { type: repositoryType, concurrency: 2, maxRuns: 10, backoffMs, run: work },
  ];
}

/** Changed, moved or protected since it was judged; the next run judges it anew. */
const keptCodes: ReadonlySet<string> = new Set(['precondition-failed', 'tag-immutable', 'manifest-not-found']);

const mostTold = 100;
/** Lines for single artifacts; the rest is counted. */
const mostLines = 5000;

function tell(task: RunningTask, { verdicts, leaving }: Judged, freed: readonly number[], dryRun: boolean): void {
  const bytesOf = new Map(leaving.map(({ manifest }, at) => [manifest, freed[at] ?? 0]));
  for (const verdict of verdicts.slice(0, mostLines))
    task.log(lineOf(verdict, bytesOf.get(verdict.manifest) ?? 0, dryRun));
  if (verdicts.length > mostLines) task.log(`${verdicts.length - mostLines} more follow, which are only counted.`);
}

function lineOf({ manifest, kept, why }: Verdict, bytes: number, dryRun: boolean): string {
  const tags = manifest.tags.length === 0 ? 'no tag' : manifest.tags.slice(0, 10).join(', ');
  const what = kept ? 'keep' : dryRun ? 'would delete' : 'delete';
  return `${what} ${manifest.digest} (${tags}): ${why}${kept ? '' : `; frees ${formatBytes(bytes)}`}`;
}
