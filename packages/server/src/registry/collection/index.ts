export { type CollectionStore, createCollectionStore } from './store.ts';
export type { Amount, CondemnedBlob, JudgedReview, TrashedBytes, UnheldManifest } from './types.ts';
