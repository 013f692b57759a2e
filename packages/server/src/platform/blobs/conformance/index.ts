export type { BlobStoreSubject } from './describe-blob-store.ts';
export { describeBlobStore } from './describe-blob-store.ts';
