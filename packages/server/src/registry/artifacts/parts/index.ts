export { type ArtifactPartsReadModel, createArtifactPartsReadModel } from './read-model.ts';
export type { Accessory, ArtifactChild, ArtifactTag } from './types.ts';
