import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { hasDigest } from '#src/client/content-hash';
import { type Digest, isDigest } from '#src/digest';
import { type OciErrorCode, ociErrors } from '#src/errors';
import { formatUploadRange, parseContentRange } from '#src/range';
import { isRepositoryName, type RepositoryName } from '#src/repository-name';
import type { DoubleStore, HeldUpload } from './double-store.ts';

/** An answer of the double, before it is written. */
export interface DoubleAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** A failure in the form of the specification. Never fails. */
export function failed(status: number, code: OciErrorCode, message: string): DoubleAnswer {
  const body = new TextEncoder().encode(JSON.stringify(ociErrors(code, message)));
  return { status, headers: { 'content-type': 'application/json' }, body };
}

export interface UploadRequest {
  readonly incoming: IncomingMessage;
  readonly name: RepositoryName;
  readonly query: URLSearchParams;
  readonly mounts: boolean;
  readonly chunkMinimum: number | undefined;
}

/** Where an upload goes on. The state in the query must come back, as with registries that sign it. */
function locate(name: RepositoryName, id: string, upload: HeldUpload): Record<string, string> {
  return {
    location: `/v2/${name}/blobs/uploads/${id}?_state=${upload.state}%3D`,
    range: formatUploadRange(upload.size),
  };
}

function stored(name: RepositoryName, digest: Digest): DoubleAnswer {
  return {
    status: 201,
    headers: { location: `/v2/${name}/blobs/${digest}`, 'docker-content-digest': digest },
  };
}

/** Opens an upload, or mounts. */
export function startUpload(store: DoubleStore, request: UploadRequest): DoubleAnswer {
  const { name, query, chunkMinimum } = request;
  const mount = query.get('mount') ?? '';
  const from = query.get('from') ?? '';
  const bytes = isDigest(mount) && isRepositoryName(from) ? store.repositories.get(from)?.blobs.get(mount) : undefined;
  if (request.mounts && bytes !== undefined && isDigest(mount)) {
    store.putBlob(name, mount, bytes);
    return stored(name, mount);
  }
  const id = randomUUID();
  const upload: HeldUpload = { chunks: [], size: 0, state: 0 };
  store.open(name).uploads.set(id, upload);
  const minimum = chunkMinimum === undefined ? {} : { 'oci-chunk-min-length': String(chunkMinimum) };
  return { status: 202, headers: { ...locate(name, id, upload), ...minimum } };
}

/** Keeps what arrives, also when the client goes away in the middle. */
async function receive(incoming: IncomingMessage, upload: HeldUpload): Promise<void> {
  for await (const chunk of incoming as AsyncIterable<Uint8Array>) {
    upload.chunks.push(chunk);
    upload.size += chunk.length;
  }
}

function isInOrder(incoming: IncomingMessage, upload: HeldUpload): boolean {
  const header = incoming.headers['content-range'];
  return header === undefined || parseContentRange(header)?.first === upload.size;
}

/** Goes on with an upload: a chunk, the end, a question, or giving up. */
export async function continueUpload(store: DoubleStore, request: UploadRequest, id: string): Promise<DoubleAnswer> {
  const { incoming, name, query } = request;
  const repository = store.open(name);
  const upload = repository.uploads.get(id);
  if (upload === undefined || query.get('_state') !== `${upload.state}=`) {
    return failed(404, 'BLOB_UPLOAD_UNKNOWN', 'there is no such upload');
  }
  const method = incoming.method ?? '';
  if (method === 'GET') {
    return { status: 204, headers: locate(name, id, upload) };
  }
  if (method === 'DELETE') {
    repository.uploads.delete(id);
    return { status: 204 };
  }
  if (!isInOrder(incoming, upload)) {
    const refused = failed(416, 'BLOB_UPLOAD_INVALID', 'the chunk is out of order');
    return { ...refused, headers: { ...refused.headers, ...locate(name, id, upload) } };
  }
  await receive(incoming, upload);
  if (method === 'PATCH') {
    upload.state++;
    return { status: 202, headers: locate(name, id, upload) };
  }
  repository.uploads.delete(id);
  const digest = query.get('digest') ?? '';
  const bytes = Buffer.concat(upload.chunks);
  if (!isDigest(digest) || !hasDigest(bytes, digest)) {
    return failed(400, 'DIGEST_INVALID', 'the bytes do not have the digest');
  }
  store.putBlob(name, digest, bytes);
  return stored(name, digest);
}
