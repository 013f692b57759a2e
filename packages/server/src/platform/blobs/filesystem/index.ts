export type { FilesystemBlobsOptions } from './filesystem-blobs.ts';
export { createFilesystemBlobs } from './filesystem-blobs.ts';
