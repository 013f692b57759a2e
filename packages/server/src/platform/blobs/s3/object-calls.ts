import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Readable } from 'node:stream';
import type { GetObjectCommandOutput, S3ClientConfig, StorageClass } from '@aws-sdk/client-s3';
import type { ByteRange } from '#platform/blobs';
import { RegistryError } from '#kernel/errors';
import { createArchive, isArchived } from './archive.ts';
import { hashElsewhere } from './payload-hash.ts';
import type { S3BlobsConfig } from './s3-blobs-config.ts';
import { s3Code, s3Error } from './s3-error.ts';
import type { StoredPart } from './stage-state.ts';

/** The calls to one bucket that the store is made of. They retry by themselves and reject with a RegistryError. */
export interface ObjectCalls {
  put(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void>;
  /** Undefined when there is no such object. */
  head(key: string): Promise<{ readonly size: number; readonly archived: boolean } | undefined>;
  /** Rejects with `blob-not-found`, or `storage-failed` when the object is shorter than the range. */
  get(
    key: string,
    range?: ByteRange,
    signal?: AbortSignal,
  ): Promise<{ readonly body: Readable; readonly size: number }>;
  /** Silent when there is no such object. */
  delete(key: string, signal?: AbortSignal): Promise<void>;
  beginUpload(key: string): Promise<string>;
  putPart(key: string, uploadId: string, number: number, bytes: Uint8Array): Promise<StoredPart>;
  completeUpload(key: string, uploadId: string, parts: readonly StoredPart[]): Promise<void>;
  /** Silent when there is no such upload. */
  abortUpload(key: string, uploadId: string): Promise<void>;
  /** The objects whose keys begin so, a page at a time. */
  list(prefix: string): AsyncIterable<{ readonly key: string; readonly size: number; readonly modifiedAt: number }>;
  /** An address that anybody can read the object from for a limited time. */
  sign(key: string, contentType: string, seconds: number): Promise<string>;
  /** Closes the connections. */
  close(): void;
}

/** One try and three more; the SDK waits between them for a random time below a growing bound. */
const maxAttempts = 4;
/** The SDK's 50 would let pulls wait for each other. */
const maxSockets = 1024;

/** Loads the AWS SDK and opens a bucket with it. No call is made yet. */
export async function openBucketCalls(config: S3BlobsConfig): Promise<ObjectCalls> {
  const sdk = await import('@aws-sdk/client-s3');
  const { getSignedUrl } = await import('@aws-sdk/s3-request-presigner');
  const { connectTimeoutMs = 5000, idleTimeoutMs = 30_000 } = config;
  const common = clientConfig(config);
  // Agents, not their options: for bodies over 2 MiB the SDK would open a connection of its own without the options.
  const agents = {
    httpAgent: new HttpAgent({ keepAlive: true, maxSockets }),
    httpsAgent: new HttpsAgent({ keepAlive: true, maxSockets, ...(config.ca === undefined ? {} : { ca: config.ca }) }),
  };
  const client = new sdk.S3Client({
    ...common,
    requestHandler: { ...agents, connectionTimeout: connectTimeoutMs, socketTimeout: idleTimeoutMs },
  });
  // A consumer may take its time with a body, so only the wait for the headers is limited here.
  const reader = new sdk.S3Client({
    ...common,
    requestHandler: {
      ...agents,
      connectionTimeout: connectTimeoutMs,
      requestTimeout: idleTimeoutMs,
      throwOnRequestTimeout: true,
      socketTimeout: 0,
    },
  });
  hashElsewhere(client);
  const Bucket = config.bucket;
  const stored = config.storageClass === undefined ? {} : { StorageClass: config.storageClass as StorageClass };
  const { restoreDays = 7, restoreSpeed = 'Standard' } = config;
  const archive = createArchive(restoreSpeed, async (key) => {
    const RestoreRequest = { Days: restoreDays, GlacierJobParameters: { Tier: restoreSpeed } };
    await client.send(new sdk.RestoreObjectCommand({ Bucket, Key: key, RestoreRequest }));
  });

  return {
    async put(key, bytes, signal) {
      const command = new sdk.PutObjectCommand({ Bucket, Key: key, Body: bytes, ...stored });
      await rejecting('Storing a blob', () => client.send(command, endingBy(signal)));
    },

    async head(key) {
      return rejecting('Looking for a blob', async () => {
        try {
          const answer = await client.send(new sdk.HeadObjectCommand({ Bucket, Key: key }));
          return { size: answer.ContentLength ?? 0, archived: isArchived(answer) };
        } catch (error) {
          if (isAbsent(error)) {
            return undefined;
          }
          throw error;
        }
      });
    },

    async get(key, range, signal) {
      return rejecting('Reading a blob', async () => {
        const Range = range === undefined ? undefined : `bytes=${range.first}-${range.last}`;
        let answer: GetObjectCommandOutput;
        try {
          answer = await reader.send(new sdk.GetObjectCommand({ Bucket, Key: key, Range }), endingBy(signal));
        } catch (error) {
          if (isAbsent(error)) {
            throw new RegistryError('blob-not-found', 'The bytes of the blob are not in the store.', { cause: error });
          }
          if (s3Code(error) === 'InvalidObjectState') throw await archive.bringBack(key, error);
          throw s3Code(error) === 'InvalidRange' ? tooShort() : error;
        }
        const body = answer.Body as unknown as Readable;
        const size = answer.ContentLength ?? 0;
        if (range !== undefined && size !== range.last - range.first + 1) {
          body.destroy();
          throw tooShort();
        }
        return { body, size };
      });
    },

    async delete(key, signal) {
      await rejecting('Deleting a blob', async () => {
        try {
          await client.send(new sdk.DeleteObjectCommand({ Bucket, Key: key }), endingBy(signal));
        } catch (error) {
          if (!isAbsent(error)) {
            throw error;
          }
        }
      });
    },

    async beginUpload(key) {
      return rejecting('Beginning an upload', async () => {
        const command = new sdk.CreateMultipartUploadCommand({ Bucket, Key: key, ...stored });
        const { UploadId } = await client.send(command);
        if (UploadId === undefined) {
          throw new RegistryError('storage-failed', 'The object store began an upload without naming it.');
        }
        return UploadId;
      });
    },

    async putPart(key, uploadId, number, bytes) {
      return rejecting('Writing an upload', async () => {
        const names = { Bucket, Key: key, UploadId: uploadId, PartNumber: number };
        const { ETag } = await client.send(new sdk.UploadPartCommand({ ...names, Body: bytes }));
        if (ETag === undefined) {
          throw new RegistryError('storage-failed', 'The object store took a part without giving its ETag.');
        }
        return { etag: ETag, size: bytes.byteLength };
      });
    },

    async completeUpload(key, uploadId, parts) {
      const Parts = parts.map(({ etag }, index) => ({ PartNumber: index + 1, ETag: etag }));
      const command = { Bucket, Key: key, UploadId: uploadId, MultipartUpload: { Parts } };
      await rejecting('Storing a blob', () => client.send(new sdk.CompleteMultipartUploadCommand(command)));
    },

    async abortUpload(key, uploadId) {
      await rejecting('Dropping an upload', async () => {
        try {
          await client.send(new sdk.AbortMultipartUploadCommand({ Bucket, Key: key, UploadId: uploadId }));
        } catch (error) {
          if (s3Code(error) !== 'NoSuchUpload') {
            throw error;
          }
        }
      });
    },

    async *list(prefix) {
      let from: string | undefined;
      do {
        const command = new sdk.ListObjectsV2Command({ Bucket, Prefix: prefix, ContinuationToken: from });
        const page = await rejecting('Listing the blob store', () => client.send(command));
        for (const { Key, Size, LastModified } of page.Contents ?? []) {
          if (Key !== undefined) yield { key: Key, size: Size ?? 0, modifiedAt: LastModified?.getTime() ?? 0 };
        }
        from = page.IsTruncated === true ? page.NextContinuationToken : undefined;
      } while (from !== undefined);
    },

    async sign(key, contentType, seconds) {
      const command = new sdk.GetObjectCommand({
        Bucket,
        Key: key,
        ResponseContentType: contentType,
        ResponseContentDisposition: 'attachment',
      });
      return rejecting('Signing an address', () => getSignedUrl(client, command, { expiresIn: seconds }));
    },

    close() {
      client.destroy();
      reader.destroy();
    },
  };
}

function clientConfig(config: S3BlobsConfig): S3ClientConfig {
  const { accessKeyId, secretAccessKey, sessionToken } = config;
  const checksums = config.requestChecksums === 'when-supported' ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED';
  return {
    region: config.region,
    forcePathStyle: config.forcePathStyle,
    maxAttempts,
    retryMode: 'standard',
    // The SDK would send the header and not wait for the answer.
    expectContinueHeader: false,
    requestChecksumCalculation: checksums,
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(config.endpoint === undefined ? {} : { endpoint: config.endpoint }),
    ...(accessKeyId === undefined || secretAccessKey === undefined
      ? {}
      : { credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) } }),
  };
}

const endingBy = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { abortSignal: signal });

async function rejecting<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw s3Error(error, doing);
  }
}

function isAbsent(error: unknown): boolean {
  const code = s3Code(error);
  return code === 'NoSuchKey' || code === 'NotFound';
}

/** The failure for an object that ends before it should. */
export function tooShort(): RegistryError {
  return new RegistryError('storage-failed', 'The stored blob is shorter than it was when it was pushed.');
}
