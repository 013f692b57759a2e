export { type Blobs, createBlobs } from './service.ts';
export { type BlobRecords, createBlobRecords, type StoredBlob } from './store.ts';
