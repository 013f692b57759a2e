export { createDescriber, type Describer } from './describer.ts';
export { describeManifest } from './rules.ts';
export { createDescriptionStore, sizeOfChildren } from './store.ts';
export type { Description } from './types.ts';
