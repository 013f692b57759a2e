import { listChanges } from './changes.ts';
import type { Place } from './place.ts';
import { listSnapshots } from './snapshot.ts';
import type { SnapshotFacts } from './types.ts';

export interface ListedBackup extends SnapshotFacts {
  /** Changes that were shipped after it, and the time of the last one. */
  readonly changes: number;
  readonly until: number;
}

export interface BackupList {
  readonly place: string;
  readonly encryption: 'none' | 'aes-256-gcm';
  /** The oldest first. */
  readonly backups: readonly ListedBackup[];
  readonly damaged: readonly { readonly id: string; readonly why: string }[];
}

/** What can be restored from a place. */
export async function listBackups(place: Place): Promise<BackupList> {
  const { whole, damaged } = await listSnapshots(place);
  const changes = await listChanges(place);
  const backups = whole.map((facts, index) => {
    const { shipped } = facts;
    const next = whole.slice(index + 1).find((later) => later.shipped?.lineage === shipped?.lineage)?.shipped?.change;
    const own = changes.filter(
      ({ lineage, number }) =>
        shipped !== null &&
        lineage === shipped.lineage &&
        number > shipped.change &&
        number <= (next ?? Number.POSITIVE_INFINITY),
    );
    return { ...facts, changes: own.length, until: own.at(-1)?.at ?? facts.at };
  });
  return { place: place.folder.description, encryption: place.facts.encryption, backups, damaged };
}
