import { type Digest, isDigest } from '#src/digest';
import { type ParsedManifest, parseManifest } from '#src/manifest';
import { isImageManifestType, isIndexType, manifestMediaTypes, mediaTypeWithoutParameters } from '#src/media-types';
import type { RepositoryName } from '#src/repository-name';
import type { TagName } from '#src/tag';
import { digestOf, hasDigest } from './content-hash.ts';
import { ContentMismatchError, RegistryProtocolError, RegistryResponseError } from './errors.ts';
import { repositoryScope, withSignal } from './repository-scope.ts';
import { readBytes } from './response-body.ts';
import { type RegistryRequest, type RegistryResponse, readHeader, type Transport } from './transport.ts';

/** A manifest with the exact bytes its digest was verified on. */
export interface PulledManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  readonly manifest: ParsedManifest;
}

/** What a registry says of a manifest without sending it. */
export interface FoundManifest {
  readonly digest: Digest;
  readonly mediaType: string | undefined;
  readonly size: number | undefined;
}

export interface PullOptions {
  readonly signal?: AbortSignal;
  /** Largest manifest that is read; 4 MiB by default, what registries are expected to hold. */
  readonly largestManifest?: number;
}

const defaultLargest = 4 * 1024 * 1024;
const accept = manifestMediaTypes.join(', ');

function manifestRequest(
  method: 'GET' | 'HEAD',
  repository: RepositoryName,
  reference: TagName | Digest,
  options: PullOptions,
): RegistryRequest {
  return {
    method,
    target: `/v2/${repository}/manifests/${reference}`,
    scopes: [repositoryScope(repository, 'pull')],
    headers: { accept },
    ...withSignal(options.signal),
  };
}

/** The digest to trust: the one that was asked for, else the registry's if it fits the bytes, else our own. */
function verifyDigest(reference: TagName | Digest, bytes: Uint8Array, response: RegistryResponse): Digest {
  const told = readHeader(response, 'docker-content-digest') ?? '';
  const claimed = isDigest(reference) ? reference : isDigest(told) ? told : undefined;
  if (claimed === undefined) {
    return digestOf(bytes);
  }
  if (!hasDigest(bytes, claimed)) {
    throw new ContentMismatchError(
      `the manifest ${reference} of ${response.url.host} does not have the digest ${claimed}`,
    );
  }
  return claimed;
}

/** The Content-Type where it names a manifest type; registries that serve files say all kinds of things. */
function usableType(response: RegistryResponse): string | undefined {
  const type = mediaTypeWithoutParameters(readHeader(response, 'content-type') ?? '');
  return isImageManifestType(type) || isIndexType(type) ? type : undefined;
}

/**
 * Pulls a manifest and verifies it. Rejects with RegistryResponseError (404: no such manifest), ContentMismatchError,
 * ManifestError when it cannot be read, RegistryProtocolError when it is too large, and as `Transport.send` does.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
 */
export async function pullManifest(
  transport: Transport,
  repository: RepositoryName,
  reference: TagName | Digest,
  options: PullOptions = {},
): Promise<PulledManifest> {
  const response = await transport.send(manifestRequest('GET', repository, reference, options), [200]);
  const limit = options.largestManifest ?? defaultLargest;
  let bytes: Uint8Array;
  try {
    bytes = await readBytes(response, limit);
  } catch (cause) {
    if (cause instanceof RangeError) {
      throw new RegistryProtocolError(`the manifest ${reference} of ${transport.registry} exceeds ${limit} bytes`, {
        cause,
      });
    }
    throw cause;
  }
  const digest = verifyDigest(reference, bytes, response);
  const manifest = parseManifest(bytes, usableType(response));
  return { digest, mediaType: manifest.mediaType, bytes, manifest };
}

/**
 * Asks for a manifest without reading it; undefined when there is none. Where a registry does not tell the digest, the
 * manifest is pulled to know it. Rejects as `pullManifest` does.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#checking-if-content-exists-in-the-registry
 */
export async function findManifest(
  transport: Transport,
  repository: RepositoryName,
  reference: TagName | Digest,
  options: PullOptions = {},
): Promise<FoundManifest | undefined> {
  const response = await transport.send(manifestRequest('HEAD', repository, reference, options), [200, 404, 405]);
  response.discard();
  if (response.status === 404) {
    return undefined;
  }
  const told = readHeader(response, 'docker-content-digest') ?? '';
  const digest = isDigest(reference) ? reference : isDigest(told) ? told : undefined;
  if (response.status === 200 && digest !== undefined) {
    const size = readHeader(response, 'content-length');
    return { digest, mediaType: usableType(response), size: size === undefined ? undefined : Number(size) };
  }
  try {
    const pulled = await pullManifest(transport, repository, reference, options);
    return { digest: pulled.digest, mediaType: pulled.mediaType, size: pulled.bytes.length };
  } catch (error) {
    if (error instanceof RegistryResponseError && error.status === 404) {
      return undefined;
    }
    throw error;
  }
}
