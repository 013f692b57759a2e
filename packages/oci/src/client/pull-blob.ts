import { createHash } from 'node:crypto';
import { type Digest, digestAlgorithm, digestHex } from '#src/digest';
import type { RepositoryName } from '#src/repository-name';
import { ContentMismatchError, RegistryConnectionError, RegistryProtocolError } from './errors.ts';
import { repositoryScope, withSignal } from './repository-scope.ts';
import { realRetryClock, type RetryClock, retryDelayMs } from './retry.ts';
import { type RegistryResponse, readHeader, type Transport } from './transport.ts';

/** Which blob to read. The size, where it is known, bounds what is read. */
export interface BlobToPull {
  readonly digest: Digest;
  readonly size?: number;
}

export interface PullBlobOptions {
  /** First byte to read. From a later byte than the first the digest cannot be verified, only the size. */
  readonly offset?: number;
  /** How often in a row a broken download is taken up again without a byte of progress; 5 by default. */
  readonly attempts?: number;
  readonly clock?: RetryClock;
  readonly signal?: AbortSignal;
}

function blobTarget(repository: RepositoryName, digest: Digest): string {
  return `/v2/${repository}/blobs/${digest}`;
}

/**
 * Asks whether a repository holds a blob, and for its size; undefined when it does not hold it.
 * Rejects as `Transport.send` does.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#checking-if-content-exists-in-the-registry
 */
export async function findBlob(
  transport: Transport,
  repository: RepositoryName,
  digest: Digest,
  options: { readonly signal?: AbortSignal } = {},
): Promise<{ readonly size: number | undefined } | undefined> {
  const response = await transport.send(
    {
      method: 'HEAD',
      target: blobTarget(repository, digest),
      scopes: [repositoryScope(repository, 'pull')],
      ...withSignal(options.signal),
    },
    [200, 404],
  );
  response.discard();
  const size = readHeader(response, 'content-length');
  return response.status === 404 ? undefined : { size: size === undefined ? undefined : Number(size) };
}

/** How many bytes at the front of the answer lie before `position`, because the registry ignored the range. */
function countSurplus(response: RegistryResponse, position: number): number {
  if (response.status === 200) {
    return position;
  }
  const first = /^bytes ([0-9]+)-/.exec(readHeader(response, 'content-range') ?? '')?.[1];
  if (first === undefined || Number(first) !== position) {
    response.discard();
    throw new RegistryProtocolError(`${response.url.host} answered with another range than was asked for`);
  }
  return 0;
}

/** The bytes of one answer from `position` on. */
async function* readFrom(response: RegistryResponse, position: number): AsyncGenerator<Uint8Array> {
  let surplus = countSurplus(response, position);
  for await (const chunk of response.body) {
    const kept = surplus === 0 ? chunk : chunk.subarray(surplus);
    surplus = Math.max(surplus - chunk.length, 0);
    if (kept.length > 0) {
      yield kept;
    }
  }
}

/**
 * Streams a blob. A download that breaks off is taken up where it ended. The loop ends normally only when the bytes
 * have the digest (and the size, if given); else it throws ContentMismatchError, and what was read must be dropped.
 * Throws as `Transport.send` rejects otherwise.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-blobs
 */
export async function* pullBlob(
  transport: Transport,
  repository: RepositoryName,
  blob: BlobToPull,
  options: PullBlobOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const { attempts = 5, clock = realRetryClock, offset = 0, signal } = options;
  const { digest, size } = blob;
  const hash = offset === 0 ? createHash(digestAlgorithm(digest)) : undefined;
  let position = offset;

  function request(): Promise<RegistryResponse> {
    return transport.send(
      {
        method: 'GET',
        target: blobTarget(repository, digest),
        scopes: [repositoryScope(repository, 'pull')],
        headers: position === 0 ? {} : { range: `bytes=${position}-` },
        ...withSignal(signal),
      },
      [200, 206],
    );
  }

  async function* readRest(response: RegistryResponse): AsyncGenerator<Uint8Array, void> {
    for await (const chunk of readFrom(response, position)) {
      position += chunk.length;
      if (size !== undefined && position > size) {
        throw new ContentMismatchError(`${digest} from ${transport.registry} has more than its ${size} bytes`);
      }
      hash?.update(chunk);
      yield chunk;
    }
    if (size !== undefined && position < size) {
      throw new RegistryConnectionError(`${transport.registry} sent ${position} of the ${size} bytes of ${digest}`);
    }
  }

  for (let failures = 0, done = offset > 0 && offset === size; !done; ) {
    const response = await request();
    const before = position;
    try {
      yield* readRest(response);
      done = true;
    } catch (error) {
      failures = position > before ? 1 : failures + 1;
      if (!(error instanceof RegistryConnectionError) || failures >= attempts) {
        throw error;
      }
      done = position === size;
      if (!done) {
        await clock.sleep(retryDelayMs(failures, clock.random()), signal);
      }
    }
  }
  if (hash !== undefined && hash.digest('hex') !== digestHex(digest)) {
    throw new ContentMismatchError(`the blob ${digest} from ${transport.registry} does not have that digest`);
  }
}

/**
 * Reads a small blob, such as a config, into memory. Throws RangeError when it exceeds `limit`, and as `pullBlob` does.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-blobs
 */
export async function readBlob(
  transport: Transport,
  repository: RepositoryName,
  blob: BlobToPull,
  limit: number,
  options: PullBlobOptions = {},
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of pullBlob(transport, repository, blob, options)) {
    size += chunk.length;
    if (size > limit) {
      throw new RangeError(`the blob ${blob.digest} has more than ${limit} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
