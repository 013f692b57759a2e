export { createDeletionReadModel, type DeletedArtifact, type DeletionReadModel } from './read-model.ts';
export { createBin, createDeletionStore, type DeletionStore, type NewDeletion, type Removal } from './store.ts';
export type { Deletion, DeletionOverview, KeptArtifact, KeptBlob, KeptTag } from './types.ts';
