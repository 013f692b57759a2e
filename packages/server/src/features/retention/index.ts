export type { Clusters } from './clusters.ts';
export { retentionTemplates } from './conditions.ts';
export { createRetentionReadModel } from './read-model.ts';
export { createRetentionParts } from './retention-parts.ts';
export type { Retention } from './service.ts';
export type { SimulatedArtifact, Simulations } from './simulation.ts';
export { createRetentionStore } from './store.ts';
export type { NewRetentionPolicy, RetentionPolicy, RetentionRule, TagSelector } from './types.ts';
