import { hasDigest } from '#src/client/content-hash';
import type { Descriptor } from '#src/descriptor';
import type { Digest } from '#src/digest';
import { type ParsedManifest, parseManifest } from '#src/manifest';
import { describeReferrer } from '#src/referrers';
import type { RepositoryName } from '#src/repository-name';
import { isTagName, type TagName } from '#src/tag';

/** A manifest a double holds. */
export interface HeldManifest {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  readonly parsed: ParsedManifest;
}

/** An upload a double has open. */
export interface HeldUpload {
  readonly chunks: Uint8Array[];
  size: number;
  /** Changes with every answer, as some registries sign the state into the location. */
  state: number;
}

/** One repository in memory. Blobs are held by repository: that another one has them does not count. */
export interface HeldRepository {
  readonly blobs: Map<Digest, Uint8Array>;
  readonly manifests: Map<Digest, HeldManifest>;
  readonly tags: Map<TagName, Digest>;
  readonly uploads: Map<string, HeldUpload>;
}

/** What a manifest refers to and the repository does not hold. */
export function findMissing(repository: HeldRepository, manifest: ParsedManifest): readonly Descriptor[] {
  return [
    ...manifest.blobs.filter(({ digest }) => !repository.blobs.has(digest)),
    ...manifest.manifests.filter(({ digest }) => !repository.manifests.has(digest) && !repository.blobs.has(digest)),
  ];
}

/** Describes everything in a repository whose subject is `digest`. */
export function findReferrers(repository: HeldRepository, digest: Digest): Descriptor[] {
  return [...repository.manifests]
    .filter(([, held]) => held.parsed.subject?.digest === digest)
    .map(([own, held]) => describeReferrer(held.parsed, own, held.bytes.length));
}

/** The memory of a double. */
export interface DoubleStore {
  readonly repositories: ReadonlyMap<RepositoryName, HeldRepository>;
  /** The repository, made when it is not there. */
  open(name: RepositoryName): HeldRepository;
  /** Puts content where a push would put it. Throws TypeError when bytes and digest disagree. */
  putBlob(name: RepositoryName, digest: Digest, bytes: Uint8Array): void;
  /** Puts a manifest under its digest and, if given, a tag. Throws as `parseManifest` does. */
  putManifest(name: RepositoryName, digest: Digest, mediaType: string, bytes: Uint8Array, tag?: string): void;
}

/** Creates an empty memory. Never fails. */
export function createDoubleStore(): DoubleStore {
  const repositories = new Map<RepositoryName, HeldRepository>();

  function open(name: RepositoryName): HeldRepository {
    const found = repositories.get(name) ?? {
      blobs: new Map(),
      manifests: new Map(),
      tags: new Map(),
      uploads: new Map(),
    };
    repositories.set(name, found);
    return found;
  }

  function assertDigest(digest: Digest, bytes: Uint8Array): void {
    if (!hasDigest(bytes, digest)) {
      throw new TypeError(`the bytes do not have the digest ${digest}`);
    }
  }

  return {
    repositories,
    open,
    putBlob: (name, digest, bytes) => {
      assertDigest(digest, bytes);
      open(name).blobs.set(digest, bytes);
    },
    putManifest: (name, digest, mediaType, bytes, tag) => {
      assertDigest(digest, bytes);
      const repository = open(name);
      repository.manifests.set(digest, { mediaType, bytes, parsed: parseManifest(bytes, mediaType) });
      if (tag !== undefined && isTagName(tag)) {
        repository.tags.set(tag, digest);
      }
    },
  };
}
