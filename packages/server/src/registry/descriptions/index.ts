export { artifactTypeOf } from './artifact-type.ts';
export { createDescriber, type Describer } from './describer.ts';
export { describeManifest } from './rules.ts';
export { createDescriptionStore, sizeOfChildren } from './store.ts';
export type { Attachment, Description } from './types.ts';
