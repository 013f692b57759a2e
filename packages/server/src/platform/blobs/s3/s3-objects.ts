import { RegistryError } from '#kernel/errors';
import type { ObjectFolder } from '#platform/objects';
import { type ObjectCalls, openBucketCalls } from './object-calls.ts';
import { openObject } from './object-stream.ts';
import type { S3BlobsConfig } from './s3-blobs-config.ts';
import type { StoredPart } from './stage-state.ts';

const mebibyte = 1024 * 1024;
const firstPartBytes = 16 * mebibyte;
/** S3 takes 10 000 parts: with larger ones from here on an object may have 600 GiB. */
const smallParts = 1000;
const laterPartBytes = 64 * mebibyte;
const idleTimeoutMs = 30_000;

/** Keeps objects below a prefix of a bucket. Makes no call before the first use. */
export async function openS3Objects(config: S3BlobsConfig): Promise<ObjectFolder> {
  const trimmed = (config.prefix ?? '').replace(/^\/+|\/+$/g, '');
  const prefix = trimmed === '' ? '' : `${trimmed}/`;
  const calls = await openBucketCalls(config);
  const keyOf = (name: string) => `${prefix}${name}`;

  return {
    description: `s3://${config.bucket}/${trimmed}`,
    write: (name, source) => writeObject(calls, keyOf(name), source),
    flush: async () => undefined,

    async read(name) {
      try {
        return await openObject(calls, keyOf(name), undefined, { idleTimeoutMs });
      } catch (error) {
        if (!(error instanceof RegistryError) || error.code !== 'blob-not-found') throw error;
        throw new RegistryError('object-not-found', `There is no ${name}.`, { cause: error });
      }
    },

    stat: (name) => calls.head(keyOf(name)),

    async *list(below) {
      for await (const { key, size } of calls.list(keyOf(below))) yield { name: key.slice(prefix.length), size };
    },

    remove: (name) => calls.delete(keyOf(name)),

    async [Symbol.asyncDispose]() {
      calls.close();
    },
  };
}

/** In one call when it is small, else in parts; an upload that fails leaves nothing. */
async function writeObject(calls: ObjectCalls, key: string, source: AsyncIterable<Uint8Array>): Promise<void> {
  let uploadId: string | undefined;
  const parts: StoredPart[] = [];
  let waiting: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of source) {
      waiting.push(chunk);
      size += chunk.byteLength;
      if (size < (parts.length < smallParts ? firstPartBytes : laterPartBytes)) continue;
      uploadId ??= await calls.beginUpload(key);
      parts.push(await calls.putPart(key, uploadId, parts.length + 1, Buffer.concat(waiting)));
      waiting = [];
      size = 0;
    }
    const rest = Buffer.concat(waiting);
    if (uploadId === undefined) return await calls.put(key, rest);
    if (rest.length > 0) parts.push(await calls.putPart(key, uploadId, parts.length + 1, rest));
    await calls.completeUpload(key, uploadId, parts);
  } catch (error) {
    if (uploadId !== undefined) await calls.abortUpload(key, uploadId).catch(() => undefined);
    throw error;
  }
}
