export type { S3BlobsConfig } from './s3-blobs-config.ts';
export { createS3Blobs } from './s3-blobs.ts';
export { openS3Objects } from './s3-objects.ts';
