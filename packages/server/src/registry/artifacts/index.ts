export { type Additions, additionsOf, createAdditions } from './additions/additions.ts';
export { type ArtifactCopies, type CopyEnd, createArtifactCopies } from './copies.ts';
export { type ArtifactReadModel, createArtifactReadModel } from './read-model.ts';
export type { Artifact } from './types.ts';
