import { BackupUnusable } from './backup-unusable.ts';
import { listChanges } from './changes.ts';
import type { Place } from './place.ts';
import { listSnapshots } from './snapshot.ts';
import type { ShippedChange, SnapshotFacts } from './types.ts';

/** A moment that can be restored: a snapshot, and the changes to be applied to it. */
export interface State {
  readonly snapshot: SnapshotFacts;
  readonly changes: readonly ShippedChange[];
  /** The state is that of this time, or younger by less than one change. */
  readonly at: number;
}

const show = (at: number) => new Date(at).toISOString();

/**
 * The last state at or before a time, or the last of all. Rejects with `BackupUnusable` when there is none, or when a
 * part that belongs to it is missing: what is there is not passed off for what was asked for.
 */
export async function findState(place: Place, before = Number.POSITIVE_INFINITY): Promise<State> {
  const { whole, damaged } = await listSnapshots(place);
  const candidates = whole.filter(({ at }) => at <= before);
  const chosen = candidates.at(-1);
  if (chosen === undefined) {
    const first = whole[0];
    const when = first === undefined ? 'it holds no whole backup' : `the first one is of ${show(first.at)}`;
    const why = damaged[0] === undefined ? '' : ` ${damaged[0].why}`;
    throw new BackupUnusable(`There is no state to restore in ${place.folder.description}: ${when}.${why}`);
  }
  // A backup by hand between two shipped changes is older than the newest of them.
  const states = [await readOn(place, chosen, before)];
  const shipped = candidates.findLast((snapshot) => snapshot.shipped !== null);
  if (shipped !== undefined && shipped !== chosen) states.push(await readOn(place, shipped, before));
  const newest = states.reduce((best, state) => (state.at > best.at ? state : best));
  const spoilt = damaged.find(({ id }) => id > newest.snapshot.id);
  if (spoilt !== undefined) {
    throw new BackupUnusable(
      `${spoilt.why} The last state before it is of ${show(newest.at)}: remove snapshots/${spoilt.id} to restore that.`,
    );
  }
  return newest;
}

async function readOn(place: Place, snapshot: SnapshotFacts, before: number): Promise<State> {
  if (snapshot.shipped === null) return { snapshot, changes: [], at: snapshot.at };
  const { lineage, change: base } = snapshot.shipped;
  const after = (await listChanges(place, lineage)).filter(({ number, at }) => number > base && at <= before);
  after.forEach(({ number, at }, index) => {
    if (number === base + index + 1) return;
    const last = after[index - 1]?.at ?? snapshot.at;
    throw new BackupUnusable(
      `Change ${base + index + 1} of changes/${lineage} is missing, although there are later ones, to ${show(at)}. ` +
        `The last state before the gap is of ${show(last)}: restore it with --at ${show(last)}.`,
    );
  });
  return { snapshot, changes: after, at: after.at(-1)?.at ?? snapshot.at };
}
