import type { Digest } from '@entrepot/oci/digest';
import { isFault } from './fault.ts';
import { chooseManifests, type ManifestNode } from './manifest-graph.ts';
import { type ReadManifest, readManifest } from './read-manifest.ts';
import type { Skipped, SourceRepository, SourceTag } from './types.ts';

/** What is to be taken of a repository, children before what names them. */
export interface RepositoryPlan {
  readonly manifests: readonly { readonly node: ManifestNode; readonly tags: readonly SourceTag[] }[];
  /** Contents that were read on the way, as far as they are kept. */
  readonly reads: Map<Digest, ReadManifest>;
  /** Manifests that are there and that nothing asked for. */
  readonly untagged: number;
  /** Manifests that are there and cannot be taken. */
  readonly faulty: ReadonlySet<Digest>;
  /** What the source has of the names that indexes give. */
  readonly known: ReadonlySet<Digest>;
  readonly skipped: readonly Skipped[];
}

/** Contents kept, in bytes; parsed they take several times as much. */
const mostKept = 16 * 1024 * 1024;

/**
 * Reads all manifests of a repository, as much as is needed to say which are wanted and in which order. Of the contents
 * only the first are kept: a repository may have more of them than there is memory.
 */
export function planRepository(
  repository: SourceRepository,
  { untagged, most }: { readonly untagged: boolean; readonly most: number },
): RepositoryPlan {
  const graph = new Map<Digest, ManifestNode>();
  const faulty = new Map<Digest, Skipped>();
  const reads = new Map<Digest, ReadManifest>();
  let kept = 0;
  const { blobs, manifests, reachesUnlisted } = repository;
  // What is not listed came when what names it did.
  const open = [...manifests].reverse();
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [digest, at] = next;
    if (graph.has(digest) || faulty.has(digest)) continue;
    const read = readManifest(blobs, digest, most);
    if (isFault(read)) {
      // Not everything that an index names is here: it may be sparse.
      if (read.reason !== 'manifest-missing' || manifests.has(digest)) {
        faulty.set(digest, { repository: repository.name, reference: digest, ...read });
      }
      continue;
    }
    const { parsed, content } = read;
    kept += content.length;
    if (kept <= mostKept) reads.set(digest, read);
    const children = parsed.manifests.map((child) => child.digest);
    graph.set(digest, {
      digest,
      size: content.length,
      at,
      children,
      subject: parsed.subject?.digest,
    });
    if (reachesUnlisted) for (const child of children) open.push([child, at]);
  }
  const tags = groupTags(repository.tags);
  const everything = untagged || repository.wantsUntagged;
  const order = chooseManifests(graph, everything ? graph.keys() : tags.keys());
  const skipped = [...repository.skipped];
  // What is damaged and nobody asked for is no loss; whether a tag or an index asks is known of the ones that are read.
  const asked = new Set<Digest>([...tags.keys(), ...order.flatMap(({ children }) => children)]);
  for (const [digest, fault] of faulty) if (everything || asked.has(digest)) skipped.push(fault);
  for (const { name, digest } of repository.tags) {
    if (graph.has(digest)) continue;
    const message = faulty.get(digest)?.message ?? `The manifest ${digest} is not in this repository.`;
    skipped.push({ repository: repository.name, reference: name, reason: 'manifest-missing', message });
  }
  return {
    manifests: order.map((node) => ({ node, tags: tags.get(node.digest) ?? [] })),
    reads,
    untagged: graph.size - order.length,
    faulty: new Set(faulty.keys()),
    known: new Set([...graph.keys(), ...faulty.keys()]),
    skipped,
  };
}

function groupTags(tags: readonly SourceTag[]): Map<Digest, SourceTag[]> {
  const grouped = new Map<Digest, SourceTag[]>();
  for (const tag of tags) {
    const known = grouped.get(tag.digest);
    if (known === undefined) grouped.set(tag.digest, [tag]);
    else known.push(tag);
  }
  return grouped;
}
