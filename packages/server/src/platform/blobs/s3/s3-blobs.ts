import { randomBytes, randomUUID } from 'node:crypto';
import type { BlobLocation, BlobRedirector, BlobStore } from '#platform/blobs';
import type { BlobArchive, BlobWalker } from '#platform/blobs/capabilities';
import { RegistryError } from '#kernel/errors';
import { appendToObject } from './append-object.ts';
import { isArchiveClass } from './archive.ts';
import { commitObject } from './commit-object.ts';
import { type ObjectCalls, openBucketCalls } from './object-calls.ts';
import { openObject } from './object-stream.ts';
import { createPartMemory } from './part-memory.ts';
import { firstPartSize, partsInFlight, smallestPart } from './part-size.ts';
import type { S3BlobsConfig } from './s3-blobs-config.ts';
import { s3Error } from './s3-error.ts';
import { readState, tailKeys, writeState } from './stage-state.ts';

const defaultPartSize = 16 * 1024 * 1024;
const defaultUploadMemory = 256 * 1024 * 1024;
const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';

/**
 * Keeps blobs as objects `<prefix>b/<uuid>` in a bucket of S3 or of a store that speaks it. Uploads are staged in place:
 * nothing is copied or renamed. Loads the AWS SDK; makes no call before the first use, so `probe` tells whether it works.
 * The bucket should have a rule that aborts multipart uploads after some days, for those of processes that died.
 * Throws RangeError for a part size that S3 refuses.
 */
export async function createS3Blobs(
  config: S3BlobsConfig,
): Promise<BlobStore & BlobRedirector & BlobWalker & BlobArchive> {
  const { partSize = defaultPartSize, idleTimeoutMs = 30_000 } = config;
  if (!(Number.isInteger(partSize) && partSize >= smallestPart)) {
    throw new RangeError(`The part size of the S3 blob store is ${partSize} bytes; expected 5 MiB at least.`);
  }
  const trimmed = (config.prefix ?? '').replace(/^\/+|\/+$/g, '');
  const prefix = trimmed === '' ? '' : `${trimmed}/`;
  const calls = await openBucketCalls(config);
  const memory = createPartMemory(config.uploadMemory ?? defaultUploadMemory);
  const rules = { idleTimeoutMs, memory };
  const keyPattern = new RegExp(`^${uuid}(?:\\.[12])?$`);
  const folder = `${prefix}b/`;
  let appends = 0;

  const newKey = () => `${folder}${randomUUID()}`;
  const isKey = (key: string) => key.startsWith(folder) && keyPattern.test(key.slice(folder.length));

  function keyOf(location: BlobLocation): string {
    if (!isKey(location)) {
      throw new RegistryError('storage-failed', 'The recorded location of the blob is not one of this store.', {
        detail: { location: location.slice(0, 200) },
      });
    }
    return location;
  }

  return {
    description: `s3 ${config.bucket}/${prefix}`,

    async stat(location) {
      const found = await calls.head(keyOf(location));
      return found && { size: found.size };
    },

    async open(location, range) {
      return openObject(calls, keyOf(location), range, rules);
    },

    async create() {
      return writeState({ key: newKey(), parts: [], tails: 0 });
    },

    async append(_id, state, offset, source, onChunk) {
      const before = readState(state, isKey);
      appends++;
      try {
        const appended = await appendToObject(
          calls,
          before,
          { offset, source, onChunk },
          { partSize: firstPartSize(partSize, appends), inFlight: () => partsInFlight(appends), memory, newKey },
        );
        const { staged, ...outcome } = appended;
        return { state: staged === before ? state : writeState(staged), ...outcome };
      } finally {
        appends--;
      }
    },

    async commit(_id, state, request) {
      return (await commitObject(calls, readState(state, isKey), request, rules)) as BlobLocation;
    },

    async cancel(_id, state) {
      const { key, uploadId, tails } = readState(state, isKey);
      await Promise.all([
        uploadId === undefined ? undefined : calls.abortUpload(key, uploadId),
        ...tailKeys(key, tails + 1).map((tail) => calls.delete(tail)),
      ]);
    },

    async delete(location) {
      await calls.delete(keyOf(location));
    },

    async isArchived(location) {
      return (await calls.head(keyOf(location)))?.archived ?? false;
    },

    archivesAt: () => isArchiveClass(config.storageClass),

    async *walk() {
      for await (const { key, ...found } of calls.list(folder)) {
        if (isKey(key)) yield { location: key as BlobLocation, ...found };
      }
    },

    async redirect(location, { contentType }) {
      return config.redirect ? calls.sign(keyOf(location), contentType, config.redirectExpiresSeconds) : undefined;
    },

    async probe(signal) {
      const key = `${prefix}probe/${randomUUID()}`;
      const bytes = randomBytes(64);
      try {
        await calls.put(key, bytes, signal);
        // What goes to an archive cannot be read back.
        if (isArchiveClass(config.storageClass)) return await calls.delete(key, signal);
        if (!(await readWhole(calls, key, signal)).equals(bytes)) {
          throw new RegistryError('storage-failed', 'The object store returned other bytes than were written.');
        }
        await calls.delete(key, signal);
      } catch (error) {
        // It may lie there all the same; nobody waits for that.
        void calls.delete(key, AbortSignal.timeout(idleTimeoutMs)).catch(() => undefined);
        throw error;
      }
    },

    async [Symbol.asyncDispose]() {
      calls.close();
    },
  };
}

async function readWhole(calls: ObjectCalls, key: string, signal: AbortSignal | undefined): Promise<Buffer> {
  const { body } = await calls.get(key, undefined, signal);
  try {
    const chunks: Buffer[] = await body.toArray(signal === undefined ? {} : { signal });
    return Buffer.concat(chunks);
  } catch (error) {
    throw s3Error(error, 'Reading a blob');
  }
}
