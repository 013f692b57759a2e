import type { Digest } from '@entrepot/oci/digest';
import { isFault, type Fault } from './fault.ts';
import type { Group, Item, PreparedBatch, ReadyManifest, TargetRepository } from './batch.ts';
import { type ReadManifest, readManifest } from './read-manifest.ts';
import type { ImportStore } from './store.ts';
import type { TakeBlobs, TakenBlob } from './take-blobs.ts';
import type { ImportOptions, Skipped, SourceBlobs } from './types.ts';

export interface PrepareBatchDeps {
  readonly store: Pick<ImportStore, 'findBlobs' | 'findManifests'>;
  readonly takeBlobs: Pick<TakeBlobs, 'take'>;
  readonly options: Pick<ImportOptions, 'sparse'>;
  /** The largest manifest that is taken, in bytes. */
  readonly most: number;
  /** Whether an index needs all of its manifests here. */
  readonly requireChildren: boolean;
  readonly skip: (skipped: Skipped) => void;
}

interface Read {
  readonly item: Item;
  readonly read: ReadManifest;
}

/** What is known of a blob: its size, or why it cannot be had. */
type BlobState = number | Fault;

/**
 * Gets everything ready that the transaction of a batch needs: manifests read and checked, blobs in the blob store.
 * `arriving` are the blobs of the batch before, which is being written meanwhile.
 */
export function createPrepareBatch(deps: PrepareBatchDeps) {
  const { store, takeBlobs, options, skip } = deps;

  function refuse({ target, node, tags }: Item, fault: Fault): void {
    target.refused.add(node.digest);
    const names = tags.map(({ name }) => name);
    skip({ repository: target.source, reference: names.join(', ') || node.digest, ...fault });
  }

  async function readGroup(target: TargetRepository, items: readonly Item[]) {
    const digests = items.map(({ node }) => node.digest);
    const here = await store.findManifests(target.project.id, target.name, digests);
    const present = items.filter(({ node }) => here.has(node.digest));
    const reads: Read[] = [];
    for (const item of items) {
      const { digest } = item.node;
      const known = target.reads.get(digest);
      target.reads.delete(digest);
      if (here.has(digest)) continue;
      const read = known ?? readManifest(target.blobs, digest, deps.most);
      if (isFault(read)) refuse(item, read);
      else reads.push({ item, read });
    }
    return { target, present, reads };
  }

  async function findStates(reads: readonly Read[], arriving: ReadonlyMap<Digest, { readonly size: number }>) {
    const states = new Map<Digest, BlobState>();
    const wanted = new Map<Digest, SourceBlobs>();
    for (const { item, read } of reads) {
      for (const { digest } of read.parsed.blobs) wanted.set(digest, item.target.blobs);
    }
    for (const [digest, size] of await store.findBlobs([...wanted.keys()])) states.set(digest, size);
    const bySource = new Map<SourceBlobs['folder'], { source: SourceBlobs; digests: Digest[] }>();
    for (const [digest, source] of wanted) {
      const coming = arriving.get(digest);
      if (coming !== undefined) states.set(digest, coming.size);
      if (states.has(digest)) continue;
      const known = bySource.get(source.folder) ?? { source, digests: [] };
      known.digests.push(digest);
      bySource.set(source.folder, known);
    }
    const taken = new Map<Digest, TakenBlob>();
    for (const { source, digests } of bySource.values()) {
      for (const [digest, outcome] of await takeBlobs.take(digests, source)) {
        if (isFault(outcome)) states.set(digest, outcome);
        else {
          taken.set(digest, outcome);
          states.set(digest, outcome.size);
        }
      }
    }
    return { states, taken };
  }

  function judgeChildren({ item, read }: Read): Fault | undefined {
    const { target } = item;
    const lost = read.parsed.manifests.find(({ digest }) => target.refused.has(digest));
    if (lost !== undefined && !options.sparse) {
      return { reason: 'child-not-taken', message: `The index names ${lost.digest}, which was not taken.` };
    }
    const absent = read.parsed.manifests.find(({ digest }) => !target.known.has(digest));
    if (!deps.requireChildren || (absent ?? lost) === undefined) return undefined;
    const message = `The index names ${(absent ?? lost)?.digest}, which is not there (indexes.require_children).`;
    return { reason: 'child-not-taken', message };
  }

  function judge({ item, read }: Read, states: ReadonlyMap<Digest, BlobState>): ReadyManifest | Fault {
    const blobs: { digest: Digest; size: number }[] = [];
    const missing: Digest[] = [];
    let first: Fault | undefined;
    for (const { digest, size: told } of read.parsed.blobs) {
      const state = states.get(digest) ?? { reason: 'blob-missing' as const, message: `${digest} is not there.` };
      if (typeof state !== 'number') {
        missing.push(digest);
        first ??= state;
      } else if (state === told) blobs.push({ digest, size: state });
      else {
        const message = `The manifest gives ${digest} a size of ${told}, it has ${state} bytes.`;
        return { reason: 'manifest-invalid', message };
      }
    }
    if (first !== undefined) {
      // As with pushes of sparse images: enough has to be here to tell what it is.
      const { config, layers } = read.parsed;
      const here = new Set(blobs.map(({ digest }) => digest));
      const isRecognisable =
        config !== undefined && here.has(config.digest) && layers.some((layer) => here.has(layer.digest));
      if (!options.sparse || !isRecognisable) return first;
    }
    return judgeChildren({ item, read }) ?? { item, read, blobs, missing };
  }

  return async function prepareBatch(
    items: readonly Item[],
    arriving: ReadonlyMap<Digest, { readonly size: number }>,
  ): Promise<PreparedBatch> {
    const byTarget = Map.groupBy(items, ({ target }) => target);
    const parts: Awaited<ReturnType<typeof readGroup>>[] = [];
    for (const [target, own] of byTarget) parts.push(await readGroup(target, own));
    const { states, taken } = await findStates(
      parts.flatMap(({ reads }) => reads),
      arriving,
    );
    const groups = parts.map(({ target, present, reads }): Group => {
      const manifests: ReadyManifest[] = [];
      for (const read of reads) {
        const judged = judge(read, states);
        if ('reason' in judged) refuse(read.item, judged);
        else manifests.push(judged);
      }
      return { target, manifests, present };
    });
    return { items, groups, taken };
  };
}
