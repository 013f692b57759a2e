export { type Chunk, createUploads, type Uploads } from './service.ts';
export { createUploadStore, type UploadKey } from './store.ts';
