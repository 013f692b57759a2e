import type { Digest } from '@entrepot/oci/digest';
import type { RepositoryName } from '@entrepot/oci/repository-name';
import type { Project } from '#tenancy/projects';
import type { ManifestNode } from './manifest-graph.ts';
import type { ReadManifest } from './read-manifest.ts';
import type { TakenBlob } from './take-blobs.ts';
import type { SourceBlobs, SourceTag } from './types.ts';

/** A repository of the source, and where it goes. */
export interface TargetRepository {
  /** As the source calls it. */
  readonly source: string;
  readonly name: RepositoryName;
  readonly project: Project;
  readonly blobs: SourceBlobs;
  /** What the source has of the names that indexes give. */
  readonly known: ReadonlySet<Digest>;
  /** Contents that were read already; each is given up when it is used. */
  readonly reads: Map<Digest, ReadManifest>;
  /** Manifests that are not taken; what names them is not whole. Grows. */
  readonly refused: Set<Digest>;
}

export interface Item {
  readonly target: TargetRepository;
  readonly node: ManifestNode;
  readonly tags: readonly SourceTag[];
}

/** A manifest with everything that it needs. */
export interface ReadyManifest {
  readonly item: Item;
  readonly read: ReadManifest;
  /** Those of its blobs that are here. */
  readonly blobs: readonly { readonly digest: Digest; readonly size: number }[];
  /** Those that are not, in a sparse image. */
  readonly missing: readonly Digest[];
}

/** What goes to one repository in one transaction. */
export interface Group {
  readonly target: TargetRepository;
  readonly manifests: ReadyManifest[];
  /** Manifests that are here already, whose tags may not be. */
  readonly present: Item[];
}

export interface PreparedBatch {
  readonly items: readonly Item[];
  readonly groups: readonly Group[];
  /** Blobs whose bytes were brought in for this batch. */
  readonly taken: ReadonlyMap<Digest, TakenBlob>;
}

/** Manifests of one transaction. More save little and make the loss of an interruption larger. */
const mostManifests = 250;
/** Contents that are in memory at a time. */
const mostBytes = 32 * 1024 * 1024;

/** Cuts the stream of items into batches. */
export async function* cutBatches(items: AsyncIterable<Item>): AsyncGenerator<Item[]> {
  let batch: Item[] = [];
  let bytes = 0;
  for await (const item of items) {
    if (batch.length === mostManifests || (batch.length > 0 && bytes + item.node.size > mostBytes)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(item);
    bytes += item.node.size;
  }
  if (batch.length > 0) yield batch;
}
