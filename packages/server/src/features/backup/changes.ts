import { Readable } from 'node:stream';
import { BackupUnusable } from './backup-unusable.ts';
import { gather, type Place } from './place.ts';
import { seal, unseal } from './seal.ts';
import { type Change, decodeChange, encodeChange } from './store.ts';
import type { ShippedChange } from './types.ts';

const changeFolder = 'changes/';
const namePattern = /^changes\/([0-9A-Za-z-]+)\/(\d{8,})-(\d{13})$/;

const nameOf = (lineage: string, number: number, at: number) =>
  `${changeFolder}${lineage}/${String(number).padStart(8, '0')}-${at}`;

/** What came with a change. */
interface Brought {
  /** Digests. */
  readonly blobs: readonly string[];
  /** Blobs of larger ids came later. */
  readonly newestBlob: number;
}

export interface ReadChange extends Brought {
  readonly change: Change;
}

/** Writes a change; it is safe when this resolves. */
export async function writeChange(
  place: Place,
  { lineage, number, at }: Pick<ShippedChange, 'lineage' | 'number' | 'at'>,
  change: Change,
  brought: Brought,
): Promise<void> {
  const facts = Buffer.from(`${JSON.stringify(brought)}\n`);
  const name = nameOf(lineage, number, at);
  // Compressed already, so only sealed.
  await place.folder.write(name, seal(name, Readable.from([facts, encodeChange(change)]), place.key));
  await place.folder.flush();
}

/** Rejects with `BackupUnusable` when it is not what was written. */
export async function readChange(place: Place, { name }: Pick<ShippedChange, 'name'>): Promise<ReadChange> {
  const stored = await place.folder.read(name);
  const bytes = await gather(unseal(name, stored, place.key));
  const end = bytes.indexOf('\n');
  try {
    const brought = JSON.parse(bytes.toString('utf8', 0, end)) as Brought;
    return { ...brought, change: decodeChange(bytes.subarray(end + 1)) };
  } catch (error) {
    throw new BackupUnusable(`${name} of the backup is damaged.`, error);
  }
}

/** The changes of a lineage, or of all, in order. */
export async function listChanges(place: Place, lineage?: string): Promise<readonly ShippedChange[]> {
  const found: ShippedChange[] = [];
  const below = lineage === undefined ? changeFolder : `${changeFolder}${lineage}/`;
  for await (const { name, size } of place.folder.list(below)) {
    const [, of, number, at] = namePattern.exec(name) ?? [];
    if (of !== undefined) found.push({ name, lineage: of, number: Number(number), at: Number(at), size });
  }
  return found.sort((a, b) => (a.lineage === b.lineage ? a.number - b.number : a.lineage < b.lineage ? -1 : 1));
}
