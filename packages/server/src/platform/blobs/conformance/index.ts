export { describeBlobStore } from './describe-blob-store.ts';
