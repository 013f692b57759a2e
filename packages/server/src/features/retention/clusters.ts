import type { Asker } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { Transact } from '#kernel/transaction';
import type { Audit } from '#tenancy/audit';
import { readRunning } from './running.ts';
import type { RetentionStore } from './store.ts';
import type { RunningReport } from './types.ts';

interface InProject {
  readonly id: number;
  readonly name: string;
}

/** What clusters say that they run. It only ever keeps something. */
export interface Clusters {
  list(project: InProject): Promise<RunningReport[]>;
  /** Takes the place of what the cluster said before. Fails with `conflict` where too many clusters said something. */
  report(
    asker: Asker,
    project: InProject,
    cluster: string,
    images: readonly string[],
  ): Promise<{ readonly taken: number; readonly ignored: number }>;
  /** Fails with `object-not-found`. */
  forget(asker: Asker, project: InProject, cluster: string): Promise<void>;
}

export interface ClustersDeps {
  readonly store: Pick<RetentionStore, 'listReports' | 'putReport' | 'deleteReport'>;
  readonly audit: Pick<Audit, 'write'>;
  readonly transact: Transact;
  readonly clock: Clock;
}

const mostClusters = 100;

export function createClusters({ store, audit, transact, clock }: ClustersDeps): Clusters {
  const about = (asker: Asker, project: InProject, cluster: string) => ({
    asker,
    projectId: project.id,
    resource: `${project.name}/${cluster}`,
    outcome: 'success' as const,
  });
  return {
    list: (project) => store.listReports(project.id),
    async report(asker, project, cluster, given) {
      const images = [...new Set(given)].flatMap((text) => readRunning(text, project.name) ?? []);
      await transact(async (tx) => {
        if (!(await store.putReport(tx, project.id, { cluster, images, at: clock() }, mostClusters))) {
          throw new RegistryError('conflict', `At most ${mostClusters} clusters say what they run in a project.`);
        }
        await audit.write(tx, {
          action: 'report-running',
          ...about(asker, project, cluster),
          after: { images: images.length },
        });
      });
      return { taken: images.length, ignored: given.length - images.length };
    },
    async forget(asker, project, cluster) {
      await transact(async (tx) => {
        if (!(await store.deleteReport(tx, project.id, cluster))) {
          throw new RegistryError('object-not-found', `cluster ${cluster} of project ${project.name} not found`);
        }
        await audit.write(tx, { action: 'forget-running', ...about(asker, project, cluster) });
      });
    },
  };
}
