export { type CollectionStore, createCollectionStore } from './store.ts';
export type { Amount, JudgedReview, UnheldManifest } from './types.ts';
