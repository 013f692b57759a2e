import { parseDigest } from '@entrepot/oci/digest';
import { RegistryError } from '#kernel/errors';
import { BackupUnusable } from './backup-unusable.ts';
import { blobObject, readBlob, storedSize } from './blob-objects.ts';
import { listChanges, readChange } from './changes.ts';
import { eachInParallel } from './in-parallel.ts';
import type { Place } from './place.ts';
import { listSnapshots, readPart } from './snapshot.ts';
import { splitLines } from './split-lines.ts';
import type { ListedBlob, Report } from './types.ts';

const atOnce = 4;

export interface Verified {
  readonly snapshots: number;
  readonly changes: number;
  readonly blobs: number;
  readonly bytes: number;
  /** What is not as it was written, in words. */
  readonly faults: readonly string[];
}

/** Reads every object of a place and holds it against its hash, and each snapshot against the blobs it names. */
export async function verify(place: Place, report: Report, signal?: AbortSignal): Promise<Verified> {
  const faults: string[] = [];
  const { whole, damaged } = await listSnapshots(place);
  faults.push(...damaged.map(({ why }) => why));
  const named = new Map<string, ListedBlob>();
  for (const facts of whole) {
    const known = new Set(facts.blobs.missing.map(({ digest }) => digest));
    await noting(faults, async () => drain(readPart(place, facts, 'database')));
    await noting(faults, async () => {
      for await (const line of splitLines(readPart(place, facts, 'blobs'))) {
        const blob = JSON.parse(line) as ListedBlob;
        if (facts.blobs.mode === 'copy' && !known.has(blob.digest)) named.set(blob.digest, blob);
      }
    });
    report({ doing: 'snapshots', done: whole.indexOf(facts) + 1, total: whole.length });
  }
  const changes = await verifyChanges(place, faults, report);
  let [done, bytes] = [0, 0];
  await eachInParallel(named.values(), atOnce, async (blob) => {
    signal?.throwIfAborted();
    await noting(faults, async () => verifyBlob(place, blob));
    done += 1;
    bytes += blob.size;
    report({ doing: 'blobs', done, total: named.size, bytes });
  });
  return { snapshots: whole.length, changes, blobs: done, bytes, faults };
}

async function verifyChanges(place: Place, faults: string[], report: Report): Promise<number> {
  const changes = await listChanges(place);
  let done = 0;
  for (const [index, shipped] of changes.entries()) {
    const before = changes[index - 1];
    if (before?.lineage === shipped.lineage && before.number + 1 !== shipped.number) {
      faults.push(`Change ${before.number + 1} of changes/${shipped.lineage} is missing.`);
    }
    await noting(faults, async () => void (await readChange(place, shipped)));
    done += 1;
    report({ doing: 'changes', done, total: changes.length });
  }
  return done;
}

async function verifyBlob(place: Place, blob: ListedBlob): Promise<void> {
  const name = blobObject(place, parseDigest(blob.digest));
  const found = await place.folder.stat(name);
  if (found === undefined) throw new BackupUnusable(`${name} is missing.`);
  const expected = storedSize(place, blob.size);
  if (found.size !== expected) throw new BackupUnusable(`${name} has ${found.size} bytes instead of ${expected}.`);
  await drain(readBlob(place, blob));
}

async function drain(source: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of source) void chunk;
}

async function noting(faults: string[], work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const isFault =
      error instanceof BackupUnusable || (error instanceof RegistryError && error.code === 'object-not-found');
    if (!isFault) throw error;
    faults.push(error.message);
  }
}
