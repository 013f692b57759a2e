import { type Digest, isDigest } from '#src/digest';
import type { RepositoryName } from '#src/repository-name';
import type { TagName } from '#src/tag';
import { digestOf, hasDigest } from './content-hash.ts';
import { ContentMismatchError } from './errors.ts';
import { bodyOf } from './http-exchange.ts';
import { repositoryScope, withSignal } from './repository-scope.ts';
import { readHeader, type Transport } from './transport.ts';

/** A manifest as it travels. */
export interface ManifestToPush {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}

export interface PushedManifest {
  readonly digest: Digest;
  /** The subject the registry took note of; absent when it has no referrers API, and clients must keep the list. */
  readonly subject?: Digest;
  /** The further tags the registry set, of those that were asked for. */
  readonly tags: readonly string[];
}

export interface PushManifestOptions {
  /** Further tags to set in the same request; only together with a digest, and only where the registry can. */
  readonly tags?: readonly TagName[];
  readonly signal?: AbortSignal;
}

/**
 * Pushes the exact bytes of a manifest under a tag or its digest. Rejects with ContentMismatchError when the bytes do
 * not have the digest, or the registry reports another one, and as `Transport.send` does (400 MANIFEST_BLOB_UNKNOWN:
 * something it names is missing).
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-manifests
 */
export async function pushManifest(
  transport: Transport,
  repository: RepositoryName,
  reference: TagName | Digest,
  manifest: ManifestToPush,
  options: PushManifestOptions = {},
): Promise<PushedManifest> {
  if (isDigest(reference) && !hasDigest(manifest.bytes, reference)) {
    throw new ContentMismatchError(`the manifest to push does not have the digest ${reference}`);
  }
  const query = (options.tags ?? []).map((tag) => `tag=${encodeURIComponent(tag)}`).join('&');
  const response = await transport.send(
    {
      method: 'PUT',
      target: `/v2/${repository}/manifests/${reference}${query === '' ? '' : `?${query}`}`,
      scopes: [repositoryScope(repository, 'pull', 'push')],
      headers: { 'content-type': manifest.mediaType },
      body: bodyOf(manifest.bytes),
      ...withSignal(options.signal),
    },
    [201],
  );
  response.discard();
  const told = readHeader(response, 'docker-content-digest') ?? '';
  if (isDigest(told) && !hasDigest(manifest.bytes, told)) {
    throw new ContentMismatchError(`${transport.registry} stored the manifest ${reference} as ${told}`);
  }
  const subject = readHeader(response, 'oci-subject') ?? '';
  const tags = (readHeader(response, 'oci-tag') ?? '').split(',').map((tag) => tag.trim());
  return {
    digest: isDigest(reference) ? reference : isDigest(told) ? told : digestOf(manifest.bytes),
    ...(isDigest(subject) ? { subject } : {}),
    tags: tags.filter((tag) => tag !== ''),
  };
}

/**
 * Deletes a manifest with all its tags, or a single tag. False when it was not there. Rejects as `Transport.send` does
 * (405: the registry does not delete).
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#deleting-manifests
 */
export async function deleteManifest(
  transport: Transport,
  repository: RepositoryName,
  reference: TagName | Digest,
  options: { readonly signal?: AbortSignal } = {},
): Promise<boolean> {
  const response = await transport.send(
    {
      method: 'DELETE',
      target: `/v2/${repository}/manifests/${reference}`,
      scopes: [repositoryScope(repository, 'pull', 'delete')],
      ...withSignal(options.signal),
    },
    [200, 202, 204, 404],
  );
  response.discard();
  return response.status !== 404;
}
