export { type Chunk, createUploads, type Uploads } from './service.ts';
export { createUploadStore, type UploadKey, type UploadStore } from './store.ts';
