export { type Additions, additionsOf, createAdditions } from './additions/additions.ts';
export { type ArtifactCopies, type CopyEnd, createArtifactCopies } from './copies.ts';
export { type ArtifactPartsReadModel, createArtifactPartsReadModel } from './parts/read-model.ts';
export type { Accessory, ArtifactChild, ArtifactTag } from './parts/types.ts';
export { type ArtifactReadModel, createArtifactReadModel } from './read-model.ts';
export type { Artifact } from './types.ts';
