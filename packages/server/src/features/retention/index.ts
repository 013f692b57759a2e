export { type Clusters, createClusters } from './clusters.ts';
export { retentionTemplates } from './conditions.ts';
export { createRetentionHandlers } from './job.ts';
export { createJudging } from './judging.ts';
export { createRetentionReadModel } from './read-model.ts';
export { createRetention, type Retention } from './service.ts';
export { createSimulations, type SimulatedArtifact, type Simulations } from './simulation.ts';
export { createRetentionStore } from './store.ts';
export type { NewRetentionPolicy, RetentionPolicy, RetentionRule, TagSelector } from './types.ts';
