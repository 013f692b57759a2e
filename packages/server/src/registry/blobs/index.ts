export { type Blobs, createBlobs } from './service.ts';
export { type BlobRecords, createBlobRecords } from './store.ts';
