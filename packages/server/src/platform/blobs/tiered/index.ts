export { coldPrefix, createTieredBlobs } from './tiered-blobs.ts';
