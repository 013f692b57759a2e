import type { Digest } from '#src/digest';
import type { RepositoryName } from '#src/repository-name';
import type { Scope } from '#src/scope';
import type { SourceReader } from './blob-source.ts';
import { RegistryProtocolError } from './errors.ts';
import type { RequestBody } from './http-exchange.ts';
import { repositoryScope, withSignal } from './repository-scope.ts';
import { type RegistryRequest, type RegistryResponse, readHeader, type Transport } from './transport.ts';
import { resolveTarget } from './trust.ts';

/** An upload that a registry has open. */
export interface UploadSession {
  /** Where the next request of this upload goes. Registries may change it with every answer. */
  readonly location: URL;
  /** Bytes the registry holds. */
  readonly offset: number;
  /** Smallest chunk it takes, the last one aside. */
  readonly chunkMinimum: number;
}

/** How the requests of one upload are made. */
export interface UploadContext {
  readonly transport: Transport;
  readonly repository: RepositoryName;
  readonly digest: Digest;
  readonly size: number;
  readonly reader: SourceReader;
  readonly signal: AbortSignal | undefined;
  readonly onBytes: (count: number) => void;
}

function pushScope(context: UploadContext): Scope {
  return repositoryScope(context.repository, 'pull', 'push');
}

function readLocation(response: RegistryResponse): URL {
  const location = readHeader(response, 'location');
  if (location === undefined) {
    throw new RegistryProtocolError(`${response.url.host} gave no Location for an upload`);
  }
  return resolveTarget(location, response.url);
}

/** The count of bytes in a `Range: 0-<last>`; undefined when the header is absent or unreadable. `0-0` is ambiguous. */
function readOffset(response: RegistryResponse): number | undefined {
  const last = /^(?:bytes=)?0-([0-9]{1,16})$/.exec(readHeader(response, 'range') ?? '')?.[1];
  return last === undefined ? undefined : last === '0' ? 0 : Number(last) + 1;
}

/** Appends the digest without touching the query the registry signed. */
function withDigest(location: URL, digest: Digest): URL {
  const url = new URL(location);
  url.search = `${location.search === '' ? '?' : `${location.search}&`}digest=${encodeURIComponent(digest)}`;
  return url;
}

function readSession(response: RegistryResponse): UploadSession {
  const minimum = Number(readHeader(response, 'oci-chunk-min-length') ?? 0);
  return { location: readLocation(response), offset: 0, chunkMinimum: Number.isSafeInteger(minimum) ? minimum : 0 };
}

/**
 * Opens an upload. Rejects as `Transport.send` does.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-blobs
 */
export async function openUpload(context: UploadContext): Promise<UploadSession> {
  const { transport, repository, signal } = context;
  const target = `/v2/${repository}/blobs/uploads/`;
  const response = await transport.send(
    { method: 'POST', target, scopes: [pushScope(context)], ...withSignal(signal) },
    [202],
  );
  response.discard();
  return readSession(response);
}

/**
 * Mounts a blob from another repository of the registry. Where the registry does not, because it will not or may not,
 * the answer is an upload to send the bytes to. Rejects as `Transport.send` does.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#mounting-a-blob-from-another-repository
 */
export async function mountBlob(context: UploadContext, from: RepositoryName): Promise<UploadSession | 'mounted'> {
  const { transport, repository, digest, signal } = context;
  const query = `mount=${encodeURIComponent(digest)}&from=${encodeURIComponent(from)}`;
  const response = await transport.send(
    {
      method: 'POST',
      target: `/v2/${repository}/blobs/uploads/?${query}`,
      scopes: [pushScope(context), repositoryScope(from, 'pull')],
      ...withSignal(signal),
    },
    [201, 202, 400, 401, 403, 404],
  );
  response.discard();
  if (response.status === 201) {
    return 'mounted';
  }
  return response.status === 202 ? readSession(response) : openUpload(context);
}

function uploadRequest(
  context: UploadContext,
  method: RegistryRequest['method'],
  target: URL,
): Pick<RegistryRequest, 'method' | 'target' | 'scopes' | 'signal'> {
  return { method, target, scopes: [pushScope(context)], ...withSignal(context.signal) };
}

function bodyFrom(context: UploadContext, offset: number, size: number): RequestBody {
  return {
    size,
    async *open() {
      for await (const chunk of context.reader.read(offset, size)) {
        yield chunk;
        context.onBytes(chunk.length);
      }
    },
  };
}

/**
 * Sends the chunk that begins at the session's offset, and answers with the session after it. Rejects as
 * `Transport.send` does: 416 when the registry holds another count of bytes.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-a-blob-in-chunks
 */
export async function sendChunk(context: UploadContext, session: UploadSession, size: number): Promise<UploadSession> {
  const first = session.offset;
  const response = await context.transport.send(
    {
      ...uploadRequest(context, 'PATCH', session.location),
      headers: { 'content-type': 'application/octet-stream', 'content-range': `${first}-${first + size - 1}` },
      body: bodyFrom(context, first, size),
      // A repeated chunk would be out of order if the first attempt arrived; the offset is asked for instead.
      repeatable: false,
    },
    [201, 202, 204],
  );
  response.discard();
  const told = readOffset(response);
  // `0-0` stands for one byte as well as for none.
  const offset = told === undefined || (told === 0 && size === 1) ? first + size : told;
  if (offset <= first || offset > first + size) {
    throw new RegistryProtocolError(
      `${response.url.host} says it holds ${offset} bytes after ${first + size} were sent`,
    );
  }
  return { ...session, location: readLocation(response), offset };
}

/**
 * Closes the upload under its digest, with the whole blob as body when the registry holds nothing yet.
 * Rejects as `Transport.send` does: 400 when the bytes do not have the digest.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#post-then-put
 */
export async function closeUpload(context: UploadContext, session: UploadSession): Promise<void> {
  const whole = session.offset === 0 && context.size > 0;
  const response = await context.transport.send(
    {
      ...uploadRequest(context, 'PUT', withDigest(session.location, context.digest)),
      ...(whole
        ? {
            headers: { 'content-type': 'application/octet-stream' },
            body: bodyFrom(context, 0, context.size),
          }
        : {}),
      repeatable: false,
    },
    [201, 204],
  );
  response.discard();
}

/**
 * Asks how much of an upload the registry holds; undefined when it does not know the upload any more or cannot say.
 * Rejects as `Transport.send` does.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-a-blob-in-chunks
 */
export async function findUpload(context: UploadContext, session: UploadSession): Promise<UploadSession | undefined> {
  const response = await context.transport.send(
    uploadRequest(context, 'GET', session.location),
    [200, 202, 204, 400, 404, 405],
  );
  response.discard();
  const offset = response.status < 300 ? readOffset(response) : undefined;
  if (offset === undefined) {
    return undefined;
  }
  const moved = readHeader(response, 'location') !== undefined;
  return { ...session, location: moved ? readLocation(response) : session.location, offset };
}

/** Gives an upload up, so that the registry need not keep it. Never rejects: it is courtesy, not duty. */
export async function cancelUpload(context: UploadContext, session: UploadSession): Promise<void> {
  try {
    const { signal: _, ...request } = uploadRequest(context, 'DELETE', session.location);
    const response = await context.transport.send({ ...request, repeatable: false }, [200, 202, 204, 400, 404, 405]);
    response.discard();
  } catch {
    // The registry ends abandoned uploads by itself.
  }
}
