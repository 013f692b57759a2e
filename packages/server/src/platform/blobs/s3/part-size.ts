const mebibyte = 1024 * 1024;

/** S3 refuses smaller parts, but for the last one. */
export const smallestPart = 5 * mebibyte;
/** What all uploads together may gather at a time, as long as their parts are above the smallest size. */
const sharedMemory = 64 * mebibyte;

/**
 * The part size an upload begins with: the configured one for a few uploads at a time, less when there are many, because
 * a part stays in memory until it is stored. All parts of an upload have it, which some stores insist on.
 */
export function firstPartSize(configured: number, uploads: number): number {
  const share = Math.floor(sharedMemory / (2 * uploads) / mebibyte) * mebibyte;
  return Math.max(smallestPart, Math.min(configured, share));
}

/**
 * The size of the part that begins at an offset. S3 takes 10 000 parts; sizes that grow from 2 000 parts on make more
 * than 500 GB of the smallest and more than 1.7 TB of 16 MiB.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
 */
export function partSizeAt(first: number, offset: number): number {
  return Math.max(first, Math.ceil(offset / 2000 / mebibyte) * mebibyte);
}

/** How many full parts may be on their way while the next one is gathered. */
export function partsInFlight(uploads: number): number {
  return uploads <= 2 ? 2 : uploads <= 8 ? 1 : 0;
}
