import type { Descriptor } from '#src/descriptor';
import type { Digest } from '#src/digest';
import { type ParsedManifest, parseManifest } from '#src/manifest';
import { ociImageIndex } from '#src/media-types';
import { buildReferrersIndex, describeReferrer, filterReferrers, referrersFallbackTag } from '#src/referrers';
import type { RepositoryName } from '#src/repository-name';
import type { TagName } from '#src/tag';
import { RegistryResponseError } from './errors.ts';
import { readPages } from './link-pages.ts';
import { pullManifest } from './pull.ts';
import { type ManifestToPush, type PushedManifest, pushManifest } from './push.ts';
import { repositoryScope, withSignal } from './repository-scope.ts';
import type { Transport } from './transport.ts';

export interface ListReferrersOptions {
  readonly artifactType?: string;
  readonly signal?: AbortSignal;
}

/** The index under the fallback tag; undefined when there is none. */
async function pullFallback(
  transport: Transport,
  repository: RepositoryName,
  subject: Digest,
  signal: AbortSignal | undefined,
): Promise<readonly Descriptor[] | undefined> {
  try {
    const tag = referrersFallbackTag(subject);
    const { manifest } = await pullManifest(transport, repository, tag, withSignal(signal));
    return manifest.manifests;
  } catch (error) {
    if (error instanceof RegistryResponseError && error.status === 404) {
      return undefined;
    }
    throw error;
  }
}

/**
 * Lists what refers to a digest, each digest once, from the referrers API or, where the registry has none, from the
 * fallback tag. Rejects as `Transport.send` and `pullManifest` do, and with ManifestError when a list cannot be read.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers
 */
export async function listReferrers(
  transport: Transport,
  repository: RepositoryName,
  subject: Digest,
  options: ListReferrersOptions = {},
): Promise<readonly Descriptor[]> {
  const { artifactType, signal } = options;
  const query = artifactType === undefined ? '' : `?artifactType=${encodeURIComponent(artifactType)}`;
  const pages = readPages(
    transport,
    `/v2/${repository}/referrers/${subject}${query}`,
    [repositoryScope(repository, 'pull')],
    // Registries older than this endpoint take it for a malformed path in several ways.
    { absent: [400, 404, 405], ...withSignal(signal) },
  );
  const found: Descriptor[] = [];
  let answered = false;
  for await (const { bytes } of pages) {
    answered = true;
    found.push(...parseManifest(bytes, ociImageIndex).manifests);
  }
  const all = answered ? found : await pullFallback(transport, repository, subject, signal);
  // A registry need not filter, so the filter is ours.
  return filterReferrers(buildReferrersIndex(all ?? []).manifests, artifactType);
}

/** Adds a descriptor to the fallback tag of its subject. Two clients at once may lose one of the two additions. */
async function addToFallback(
  transport: Transport,
  repository: RepositoryName,
  subject: Digest,
  referrer: Descriptor,
  signal: AbortSignal | undefined,
): Promise<void> {
  const present = (await pullFallback(transport, repository, subject, signal)) ?? [];
  if (present.some((descriptor) => descriptor.digest === referrer.digest)) {
    return;
  }
  const bytes = new TextEncoder().encode(JSON.stringify(buildReferrersIndex([...present, referrer])));
  const index: ManifestToPush = { bytes, mediaType: ociImageIndex };
  await pushManifest(transport, repository, referrersFallbackTag(subject), index, withSignal(signal));
}

/**
 * Pushes a manifest under a tag or its digest, and if it has a subject keeps the fallback tag where the registry does
 * not keep the list of referrers itself. Rejects as `pushManifest` and `listReferrers` do.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-manifests-with-subject
 */
export async function pushReferrer(
  transport: Transport,
  repository: RepositoryName,
  reference: TagName | Digest,
  referrer: { readonly bytes: Uint8Array; readonly manifest: ParsedManifest },
  options: { readonly signal?: AbortSignal } = {},
): Promise<PushedManifest> {
  const { bytes, manifest } = referrer;
  const pushed = await pushManifest(
    transport,
    repository,
    reference,
    { bytes, mediaType: manifest.mediaType },
    options,
  );
  if (manifest.subject !== undefined && pushed.subject === undefined) {
    const described = describeReferrer(manifest, pushed.digest, bytes.length);
    await addToFallback(transport, repository, manifest.subject.digest, described, options.signal);
  }
  return pushed;
}
