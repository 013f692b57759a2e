import { createHash, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { BlobLocation, BlobStore, CommitRequest } from '#platform/blobs';
import type { BlobWalker } from '#platform/blobs/capabilities';
import { RegistryError } from '#kernel/errors';
import { digestAlgorithm, digestHex } from '@entrepot/oci/digest';

/** A blob store that can be looked into. */
export interface MemoryBlobs extends BlobStore, BlobWalker {
  /** Ids of the uploads that have staged bytes. */
  listStaged(): readonly string[];
  /** Locations that hold a blob. */
  listBlobs(): readonly BlobLocation[];
}

const readStep = 64 * 1024;

/** Keeps blobs in the memory of this process, for tests. It behaves as the other stores do, but for losing everything. */
export function createMemoryBlobs(): MemoryBlobs {
  const staged = new Map<string, Buffer>();
  const blobs = new Map<BlobLocation, Buffer>();
  const since = new Map<BlobLocation, number>();
  return {
    description: 'memory',

    async stat(location) {
      const bytes = blobs.get(location);
      return bytes === undefined ? undefined : { size: bytes.length };
    },

    async open(location, range) {
      const bytes = blobs.get(location);
      if (bytes === undefined) {
        throw new RegistryError('blob-not-found', 'The bytes of the blob are not in the store.');
      }
      if (range !== undefined && range.last >= bytes.length) {
        throw new RegistryError('storage-failed', 'The stored blob is shorter than it was when it was pushed.');
      }
      return Readable.from(steps(range === undefined ? bytes : bytes.subarray(range.first, range.last + 1)), {
        objectMode: false,
        highWaterMark: readStep,
      });
    },

    async create() {
      return '{}';
    },

    async append(id, state, offset, source, onChunk) {
      const before = staged.get(id) ?? Buffer.alloc(0);
      if (before.length < offset) {
        throw new RegistryError(
          'upload-invalid',
          `Only ${before.length} of the ${offset} bytes of this upload are still there; start it again.`,
        );
      }
      const kept = [before.subarray(0, offset)];
      let written = 0;
      let failure: unknown;
      try {
        for await (const chunk of source) {
          onChunk(chunk);
          kept.push(Buffer.from(chunk));
          written += chunk.byteLength;
        }
      } catch (error) {
        failure = error ?? new Error('The source ended without saying why.');
      }
      staged.set(id, Buffer.concat(kept));
      return failure === undefined ? { state, written } : { state, written, failure };
    },

    async commit(id, _state, request) {
      const bytes = staged.get(id) ?? Buffer.alloc(0);
      assertAsked(bytes, request);
      staged.delete(id);
      const location = `memory/${request.digest}.${randomUUID()}` as BlobLocation;
      blobs.set(location, bytes);
      since.set(location, Date.now());
      return location;
    },

    async cancel(id) {
      staged.delete(id);
    },

    async delete(location) {
      blobs.delete(location);
      since.delete(location);
    },

    async *walk() {
      for (const [location, bytes] of blobs) {
        yield { location, size: bytes.length, modifiedAt: since.get(location) ?? 0 };
      }
    },

    async probe() {},

    listStaged: () => [...staged.keys()],
    listBlobs: () => [...blobs.keys()],

    async [Symbol.asyncDispose]() {},
  };
}

function* steps(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += readStep) {
    yield bytes.subarray(at, at + readStep);
  }
}

function assertAsked(bytes: Buffer, request: CommitRequest): void {
  if (bytes.length !== request.size) {
    throw new RegistryError('size-invalid', `The upload has ${bytes.length} bytes; expected ${request.size}.`);
  }
  if (
    !request.verified &&
    createHash(digestAlgorithm(request.digest)).update(bytes).digest('hex') !== digestHex(request.digest)
  ) {
    throw new RegistryError('digest-mismatch', `The uploaded bytes are not ${request.digest}.`);
  }
}
