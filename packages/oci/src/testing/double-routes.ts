import type { IncomingMessage } from 'node:http';
import { digestOf, hasDigest } from '#src/client/content-hash';
import { isDigest } from '#src/digest';
import type { DistributionPath } from '#src/distribution-path';
import { parseManifest } from '#src/manifest';
import { ManifestError } from '#src/manifest-error';
import { parseRangeHeader } from '#src/range';
import { buildReferrersIndex, filterReferrers } from '#src/referrers';
import { isRepositoryName, type RepositoryName } from '#src/repository-name';
import { isTagName, type TagName } from '#src/tag';
import { type DoubleStore, findMissing, findReferrers, type HeldManifest } from './double-store.ts';
import { continueUpload, type DoubleAnswer, failed, startUpload } from './double-uploads.ts';

/** Which parts of the specification the double leaves out, as registries do. */
export interface DoubleFeatures {
  readonly referrersApi?: boolean;
  readonly mounts?: boolean;
  readonly ranges?: boolean;
  /** False: Docker-Content-Digest is not sent. */
  readonly digestHeader?: boolean;
  /** Names on a page at most. */
  readonly pageSize?: number;
  readonly chunkMinimum?: number;
  /** Sends readers of blobs to another address. */
  readonly redirectBlob?: (digest: string) => string | undefined;
}

export interface DoubleRequest {
  readonly incoming: IncomingMessage;
  readonly path: DistributionPath;
  readonly query: URLSearchParams;
}

function json(value: unknown, headers: Readonly<Record<string, string>> = {}): DoubleAnswer {
  const body = new TextEncoder().encode(JSON.stringify(value));
  return { status: 200, headers: { 'content-type': 'application/json', ...headers }, body };
}

async function readAll(incoming: IncomingMessage): Promise<Uint8Array> {
  return Buffer.concat(await Array.fromAsync(incoming as AsyncIterable<Uint8Array>));
}

/** One page of sorted names, and the link to the next. */
function page(names: readonly string[], field: string, request: DoubleRequest, features: DoubleFeatures): DoubleAnswer {
  const last = request.query.get('last') ?? '';
  const size = Math.min(Number(request.query.get('n') ?? Number.POSITIVE_INFINITY), features.pageSize ?? 1000);
  const rest = names.toSorted().filter((name) => name > last);
  const shown = rest.slice(0, size);
  const end = shown.at(-1);
  const path = request.incoming.url?.split('?')[0] ?? '';
  const link =
    end === undefined || shown.length === rest.length
      ? {}
      : { link: `<${path}?last=${encodeURIComponent(end)}&n=${size}>; rel="next"` };
  return json({ [field]: shown }, link);
}

function findHeld(store: DoubleStore, name: RepositoryName, reference: string): HeldManifest | undefined {
  const repository = store.repositories.get(name);
  const digest = isDigest(reference) ? reference : repository?.tags.get(reference as TagName);
  return digest === undefined ? undefined : repository?.manifests.get(digest);
}

function getManifest(
  store: DoubleStore,
  features: DoubleFeatures,
  name: RepositoryName,
  reference: string,
): DoubleAnswer {
  const held = findHeld(store, name, reference);
  if (held === undefined) {
    return failed(404, 'MANIFEST_UNKNOWN', `there is no manifest ${reference}`);
  }
  const digest = isDigest(reference) ? reference : (store.open(name).tags.get(reference as TagName) ?? '');
  const headers = { 'content-type': held.mediaType, 'docker-content-digest': digest };
  return {
    status: 200,
    headers: features.digestHeader === false ? { 'content-type': held.mediaType } : headers,
    body: held.bytes,
  };
}

async function putManifest(
  store: DoubleStore,
  features: DoubleFeatures,
  request: DoubleRequest,
  name: RepositoryName,
  reference: string,
): Promise<DoubleAnswer> {
  const bytes = await readAll(request.incoming);
  const digest = isDigest(reference) ? reference : digestOf(bytes);
  if (!isDigest(reference) && !isTagName(reference)) {
    return failed(400, 'MANIFEST_INVALID', 'the reference is no tag and no digest');
  }
  if (!hasDigest(bytes, digest)) {
    return failed(400, 'DIGEST_INVALID', 'the bytes do not have the digest');
  }
  const parsed = parseManifest(bytes, request.incoming.headers['content-type']);
  const missing = findMissing(store.open(name), parsed);
  if (missing.length > 0) {
    return failed(400, 'MANIFEST_BLOB_UNKNOWN', `${missing[0]?.digest} is not in the repository`);
  }
  store.putManifest(name, digest, parsed.mediaType, bytes, isDigest(reference) ? undefined : reference);
  const tags = request.query.getAll('tag').filter(isTagName);
  for (const tag of tags) {
    store.open(name).tags.set(tag, digest);
  }
  return {
    status: 201,
    headers: {
      location: `/v2/${name}/manifests/${digest}`,
      'docker-content-digest': digest,
      ...(tags.length === 0 ? {} : { 'oci-tag': tags.join(', ') }),
      ...(parsed.subject === undefined || features.referrersApi === false
        ? {}
        : { 'oci-subject': parsed.subject.digest }),
    },
  };
}

function deleteManifest(store: DoubleStore, name: RepositoryName, reference: string): DoubleAnswer {
  const repository = store.open(name);
  if (findHeld(store, name, reference) === undefined) {
    return failed(404, 'MANIFEST_UNKNOWN', `there is no manifest ${reference}`);
  }
  if (isDigest(reference)) {
    repository.manifests.delete(reference);
    for (const [tag, digest] of [...repository.tags]) {
      if (digest === reference) {
        repository.tags.delete(tag);
      }
    }
  } else {
    repository.tags.delete(reference as TagName);
  }
  return { status: 202 };
}

function getBlob(
  store: DoubleStore,
  features: DoubleFeatures,
  request: DoubleRequest,
  name: RepositoryName,
  digest: string,
): DoubleAnswer {
  const bytes = isDigest(digest) ? store.repositories.get(name)?.blobs.get(digest) : undefined;
  if (bytes === undefined) {
    return failed(404, 'BLOB_UNKNOWN', `there is no blob ${digest}`);
  }
  const elsewhere = features.redirectBlob?.(digest);
  if (elsewhere !== undefined) {
    return { status: 307, headers: { location: elsewhere } };
  }
  const headers = { 'content-type': 'application/octet-stream', 'docker-content-digest': digest };
  const range = parseRangeHeader(features.ranges === false ? undefined : request.incoming.headers.range, bytes.length);
  if (range.kind === 'unsatisfiable') {
    return { status: 416, headers: { 'content-range': `bytes */${bytes.length}` } };
  }
  const [only, second] = range.kind === 'ranges' ? range.ranges : [];
  if (only === undefined || second !== undefined) {
    return { status: 200, headers, body: bytes };
  }
  return {
    status: 206,
    headers: { ...headers, 'content-range': `bytes ${only.first}-${only.last}/${bytes.length}` },
    body: bytes.subarray(only.first, only.last + 1),
  };
}

function getReferrers(
  store: DoubleStore,
  features: DoubleFeatures,
  request: DoubleRequest,
  name: RepositoryName,
  digest: string,
): DoubleAnswer {
  if (features.referrersApi === false) {
    return failed(404, 'UNSUPPORTED', 'there is no referrers API');
  }
  if (!isDigest(digest)) {
    return failed(400, 'DIGEST_INVALID', 'the subject is no digest');
  }
  const type = request.query.get('artifactType') ?? undefined;
  const all = findReferrers(store.open(name), digest);
  const last = request.query.get('last') ?? '';
  const rest = filterReferrers(all, type)
    .toSorted((a, b) => (a.digest < b.digest ? -1 : 1))
    .filter((descriptor) => descriptor.digest > last);
  const shown = rest.slice(0, features.pageSize ?? 1000);
  const more =
    shown.length < rest.length
      ? { link: `</v2/${name}/referrers/${digest}?last=${shown.at(-1)?.digest}>; rel="next"` }
      : {};
  const index = buildReferrersIndex(shown);
  return json(index, {
    'content-type': index.mediaType,
    ...more,
    ...(type === undefined ? {} : { 'oci-filters-applied': 'artifactType' }),
  });
}

async function answerIn(
  store: DoubleStore,
  features: DoubleFeatures,
  request: DoubleRequest,
  name: RepositoryName,
): Promise<DoubleAnswer> {
  const { incoming, path, query } = request;
  const upload = { incoming, name, query, mounts: features.mounts !== false, chunkMinimum: features.chunkMinimum };
  switch (`${incoming.method === 'HEAD' ? 'GET' : incoming.method} ${path.kind}`) {
    case 'GET tags':
      return store.repositories.has(name)
        ? page([...store.open(name).tags.keys()], 'tags', request, features)
        : failed(404, 'NAME_UNKNOWN', `there is no repository ${name}`);
    case 'POST uploads':
      return startUpload(store, upload);
    default:
  }
  switch (path.kind) {
    case 'manifest':
      return answerManifest(store, features, request, name, path.reference);
    case 'blob':
      return incoming.method === 'DELETE' && isDigest(path.digest)
        ? { status: store.open(name).blobs.delete(path.digest) ? 202 : 404 }
        : getBlob(store, features, request, name, path.digest);
    case 'upload':
      return continueUpload(store, upload, path.id);
    case 'referrers':
      return getReferrers(store, features, request, name, path.digest);
    default:
      return failed(405, 'UNSUPPORTED', 'there is no such endpoint');
  }
}

function answerManifest(
  store: DoubleStore,
  features: DoubleFeatures,
  request: DoubleRequest,
  name: RepositoryName,
  reference: string,
): DoubleAnswer | Promise<DoubleAnswer> {
  switch (request.incoming.method) {
    case 'PUT':
      return putManifest(store, features, request, name, reference);
    case 'DELETE':
      return deleteManifest(store, name, reference);
    default:
      return getManifest(store, features, name, reference);
  }
}

/** Answers one request under /v2, after it passed the guard. Rejects only when the connection fails. */
export async function answerDouble(
  store: DoubleStore,
  features: DoubleFeatures,
  request: DoubleRequest,
): Promise<DoubleAnswer> {
  const { path } = request;
  if (path.kind === 'base') {
    return json({});
  }
  if (path.kind === 'catalog') {
    return page([...store.repositories.keys()], 'repositories', request, features);
  }
  if (path.kind === 'extensions') {
    return json({ extensions: [] });
  }
  if (!isRepositoryName(path.name)) {
    return failed(400, 'NAME_INVALID', `${path.name} is no repository name`);
  }
  try {
    return await answerIn(store, features, request, path.name);
  } catch (error) {
    if (error instanceof ManifestError) {
      return failed(400, 'MANIFEST_INVALID', error.message);
    }
    throw error;
  }
}
