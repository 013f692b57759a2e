export { createDeletionReadModel, type DeletedArtifact, type DeletionReadModel } from './read-model.ts';
export {
  type Bin,
  createBin,
  createDeletionStore,
  type DeletionStore,
  type NewDeletion,
  type Removal,
} from './store.ts';
export type { Deletion, DeletionOverview } from './types.ts';
