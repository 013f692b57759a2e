import { type Digest, parseDigest } from './digest.ts';
import { OciNameError, quoteForMessage } from './name-error.ts';
import { longestRepositoryName, parseRepositoryName, type RepositoryName } from './repository-name.ts';
import { parseTagName, type TagName } from './tag.ts';

/** The last part of a manifest path. */
export type TagOrDigest =
  | { readonly kind: 'tag'; readonly tag: TagName }
  | { readonly kind: 'digest'; readonly digest: Digest };

/** An image as a user names it. `tag` and `digest` are absent when the text has none; clients then mean `latest`. */
export interface ImageReference {
  /** `host` or `host:port`, as written; `docker.io` when the text has none. */
  readonly registry: string;
  readonly repository: RepositoryName;
  readonly tag?: TagName;
  readonly digest?: Digest;
}

/**
 * Reads the reference of a manifest path. Whatever contains ':' is a digest, never a tag.
 * Throws OciNameError of kind `digest`, `digest-algorithm` or `tag`.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
 */
export function parseTagOrDigest(text: string): TagOrDigest {
  return text.includes(':') ? { kind: 'digest', digest: parseDigest(text) } : { kind: 'tag', tag: parseTagName(text) };
}

const host = /^(?:\[[0-9a-fA-F:]{2,45}\]|[a-zA-Z0-9](?:[a-zA-Z0-9.-]{0,251}[a-zA-Z0-9])?)(?::[0-9]{1,5})?$/;

/** Docker's rule for telling a host from the first component of a repository name. */
function looksLikeHost(first: string): boolean {
  return first === 'localhost' || /[.:A-Z[]/.test(first);
}

function assertHost(text: string): void {
  if (!host.test(text) || text.includes('..')) {
    throw new OciNameError(
      'reference',
      `registry host ${quoteForMessage(text)} is invalid; expected host or host:port`,
    );
  }
}

/**
 * Reads `[host[:port]/]name[:tag][@digest]` with docker's defaults: no host means `docker.io`, and a name of one
 * component there lies under `library/`. Throws OciNameError; `reference` when the text has no sound outline.
 * @see https://github.com/distribution/reference/blob/main/reference.go
 */
export function parseImageReference(text: string): ImageReference {
  if (text.length > 1024 || text.length === 0) {
    throw new OciNameError('reference', `image reference ${quoteForMessage(text)} is empty or too long`);
  }
  const at = text.indexOf('@');
  const digest = at < 0 ? undefined : parseDigest(text.slice(at + 1));
  let rest = at < 0 ? text : text.slice(0, at);

  const slash = rest.indexOf('/');
  let registry = 'docker.io';
  if (slash > 0 && looksLikeHost(rest.slice(0, slash))) {
    registry = rest.slice(0, slash);
    assertHost(registry);
    rest = rest.slice(slash + 1);
  }
  if (registry === 'index.docker.io') {
    registry = 'docker.io';
  }

  const colon = rest.lastIndexOf(':');
  const tag = colon < 0 ? undefined : parseTagName(rest.slice(colon + 1));
  let name = colon < 0 ? rest : rest.slice(0, colon);
  if (slash < 0 && /^[a-f0-9]{64}$/.test(name)) {
    throw new OciNameError('reference', `image reference ${quoteForMessage(text)} looks like an image id, not a name`);
  }
  if (registry === 'docker.io' && !name.includes('/')) {
    name = `library/${name}`;
  }
  const repository = parseRepositoryName(name);
  if (registry.length + 1 + repository.length > longestRepositoryName) {
    throw new OciNameError(
      'reference',
      `image reference ${quoteForMessage(text)} has a host and name over 255 characters`,
    );
  }
  return { registry, repository, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
}

/** Writes a reference in full, so that `parseImageReference` reads the same back. Never fails. */
export function formatImageReference(reference: ImageReference): string {
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
  const digest = reference.digest === undefined ? '' : `@${reference.digest}`;
  return `${reference.registry}/${reference.repository}${tag}${digest}`;
}
