export { createFilesystemBlobs } from './filesystem-blobs.ts';
