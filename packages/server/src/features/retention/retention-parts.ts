import type { JobHandler } from '#platform/jobs';
import { type Clusters, type ClustersDeps, createClusters } from './clusters.ts';
import { createRetentionHandlers, type RetentionJobsDeps } from './job.ts';
import { createJudging, type JudgingDeps } from './judging.ts';
import { createRetention, type Retention, type RetentionDeps } from './service.ts';
import { createSimulations, type Simulations, type SimulationsDeps } from './simulation.ts';

export type RetentionPartsDeps = JudgingDeps &
  RetentionDeps &
  ClustersDeps &
  Omit<SimulationsDeps, 'judging'> &
  Omit<RetentionJobsDeps, 'judging'>;

/** Everything about keeping by rules that others use, over one way of judging. */
export interface RetentionParts {
  readonly retention: Retention;
  readonly simulations: Simulations;
  readonly clusters: Clusters;
  readonly handlers: readonly JobHandler[];
}

export function createRetentionParts(deps: RetentionPartsDeps): RetentionParts {
  const judging = createJudging(deps);
  return {
    retention: createRetention(deps),
    simulations: createSimulations({ ...deps, judging }),
    clusters: createClusters(deps),
    handlers: createRetentionHandlers({ ...deps, judging }),
  };
}
