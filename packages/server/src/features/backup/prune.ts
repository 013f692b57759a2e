import { parseDigest } from '@entrepot/oci/digest';
import { blobFolder, blobObject, shardOf } from './blob-objects.ts';
import { listChanges, readChange } from './changes.ts';
import type { Place } from './place.ts';
import { listSnapshots, readPart, snapshotFolder } from './snapshot.ts';
import { splitLines } from './split-lines.ts';
import type { ListedBlob, Report, SnapshotFacts } from './types.ts';

export interface Pruned {
  readonly kept: readonly SnapshotFacts[];
  readonly snapshots: number;
  readonly changes: number;
  readonly blobs: number;
  readonly bytes: number;
}

export interface PruneOptions {
  readonly place: Place;
  /** So many of the newest snapshots stay. */
  readonly keep: number;
  /** A lineage whose first snapshot is still being made. */
  readonly lineage?: string | undefined;
  /** Objects of blobs that somebody is about to name. */
  readonly isWanted?: (name: string) => boolean;
  readonly report: Report;
}

/**
 * Removes all but the newest snapshots, the changes that no snapshot left needs, and the blobs that nothing left names.
 * Nobody else may be at work in the place. A snapshot goes before what it needs, so that one that is listed is whole.
 */
export async function prune({ place, keep, lineage, isWanted, report }: PruneOptions): Promise<Pruned> {
  const { whole } = await listSnapshots(place);
  const kept = whole.slice(-keep);
  const keptIds = new Set(kept.map(({ id }) => id));
  const gone: string[] = [];
  for await (const { name } of place.folder.list(snapshotFolder)) {
    const id = name.slice(snapshotFolder.length).split('/')[0] ?? '';
    if (!keptIds.has(id)) gone.push(name);
  }
  // What makes it a snapshot first.
  gone.sort((a, b) => Number(b.endsWith('.json')) - Number(a.endsWith('.json')));
  for (const name of gone) await place.folder.remove(name);
  const { removed, blobs: shipped } = await pruneChanges(place, kept, lineage);
  const isNamed = (name: string) => shipped.has(name) || isWanted?.(name) === true;
  const { blobs, bytes } = await pruneBlobs(place, kept, isNamed, report);
  return { kept, snapshots: whole.length - kept.length, changes: removed, blobs, bytes };
}

async function pruneChanges(place: Place, kept: readonly SnapshotFacts[], current: string | undefined) {
  const oldest = new Map<string, number>();
  for (const { shipped } of kept) {
    if (shipped === null) continue;
    oldest.set(shipped.lineage, Math.min(shipped.change, oldest.get(shipped.lineage) ?? shipped.change));
  }
  if (current !== undefined && !oldest.has(current)) oldest.set(current, 0);
  const blobs = new Set<string>();
  let removed = 0;
  for (const shipped of await listChanges(place)) {
    if (shipped.number > (oldest.get(shipped.lineage) ?? Number.POSITIVE_INFINITY)) {
      for (const digest of (await readChange(place, shipped)).blobs) blobs.add(blobObject(place, parseDigest(digest)));
    } else {
      await place.folder.remove(shipped.name);
      removed += 1;
    }
  }
  return { removed, blobs };
}

/** Goes through the lists and the folders of blobs side by side: both are in the order of the digests. */
async function pruneBlobs(
  place: Place,
  kept: readonly SnapshotFacts[],
  isNamed: (name: string) => boolean,
  report: Report,
): Promise<{ blobs: number; bytes: number }> {
  const lists = await Promise.all(kept.map((facts) => createNamesReader(place, facts)));
  let [blobs, bytes, seen] = [0, 0, 0];
  for (const shard of allShards()) {
    const named = new Set<string>();
    for (const list of lists) await list.takeShard(shard, named);
    const entries = [];
    for await (const entry of place.folder.list(shard)) entries.push(entry);
    for (const { name, size } of entries) {
      seen += 1;
      if (named.has(name) || isNamed(name)) continue;
      await place.folder.remove(name);
      blobs += 1;
      bytes += size;
    }
    report({ doing: 'blobs', done: seen });
  }
  return { blobs, bytes };
}

function* allShards(): Generator<string, void, void> {
  for (const algorithm of ['sha256', 'sha512']) {
    for (let at = 0; at < 256; at += 1) yield `${blobFolder}${algorithm}/${at.toString(16).padStart(2, '0')}/`;
  }
}

async function createNamesReader(place: Place, facts: SnapshotFacts) {
  const lines = splitLines(readPart(place, facts, 'blobs'))[Symbol.asyncIterator]();
  const next = async () => {
    const line = await lines.next();
    if (line.done === true) return undefined;
    return blobObject(place, parseDigest((JSON.parse(line.value) as ListedBlob).digest));
  };
  let waiting = await next();
  return {
    async takeShard(shard: string, into: Set<string>): Promise<void> {
      for (; waiting !== undefined && shardOf(waiting) <= shard; waiting = await next()) into.add(waiting);
    },
  };
}
