import { parseDigest } from '@entrepot/oci/digest';
import { BackupUnusable } from './backup-unusable.ts';
import { type BlobSource, blobObject, storedSize } from './blob-objects.ts';
import { listChanges, readChange, writeChange } from './changes.ts';
import { copyOne } from './copy-blobs.ts';
import { eachInParallel } from './in-parallel.ts';
import type { Place } from './place.ts';
import { prune } from './prune.ts';
import { listSnapshots, newSnapshotId, takeSnapshot } from './snapshot.ts';
import { type Change, openSqliteCopy, type SqliteLog } from './store.ts';
import type { ShippedFrom } from './types.ts';
import { enterPlace } from './users.ts';

export interface ShipperDeps {
  readonly log: SqliteLog;
  readonly place: Place;
  /** False leaves the blobs where they are, as on S3. */
  readonly copiesBlobs: boolean;
  readonly source: BlobSource;
  /** The live database, and a file for copies of it on the same disk. */
  readonly database: string;
  readonly scratch: string;
  readonly clock: () => number;
  readonly snapshotIntervalMs: number;
  /** So many snapshots stay. */
  readonly keep: number;
  readonly onEvent: (event: ShipEvent) => void;
}

export type ShipEvent =
  /** Everything that was committed by then is at the place, and can be restored. */
  | { readonly kind: 'shipped'; readonly at: number }
  | { readonly kind: 'note'; readonly message: string; readonly facts: Readonly<Record<string, unknown>> }
  | { readonly kind: 'failed'; readonly message: string; readonly error: string };

export interface Shipper {
  /** Ships what is there. Rejects when it cannot; what was not shipped is tried again by the next round. */
  round(): Promise<void>;
  /** Ships the rest and waits for what runs. */
  end(): Promise<void>;
}

/** Pages of one change at most, but for the last transaction: 16 MiB of them. */
const pagesPerChange = 4096;
/** From so much on the log starts over: as SQLite by itself, 1000 pages. */
const restartBytes = 4 * 1024 * 1024;
/** A place that is away for so long costs a new snapshot instead of the disk. */
export const mostLogBytes = 1024 * 1024 * 1024;
const blobsAtOnce = 4;
const blobsPerLook = 1000;
const retryMs = 60_000;

export function createShipper(deps: ShipperDeps): Shipper {
  const { log, place, clock, onEvent } = deps;
  /** The last change that is at the place. */
  let from: ShippedFrom | undefined;
  let isRestorable = false;
  let resumed = false;
  let snapshotAt = 0;
  let snapshot: Promise<void> | undefined;
  /** Objects of blobs that the next change will name, and of those before, until they were looked at as named. */
  let recent = new Set<string>();
  const ending = new AbortController();

  async function round(): Promise<void> {
    if (!resumed) await resume();
    try {
      await shipAll();
    } finally {
      if (log.logBytes() > mostLogBytes) giveUp();
    }
    if (snapshot === undefined && clock() - snapshotAt >= deps.snapshotIntervalMs) await beginSnapshot();
    if (log.logBytes() > restartBytes) log.restart();
  }

  async function resume(): Promise<void> {
    const { whole } = await listSnapshots(place);
    const last = whole.findLast(({ shipped }) => shipped !== null);
    resumed = true;
    if (last?.shipped == null) return;
    const changes = await listChanges(place, last.shipped.lineage);
    const newest = changes.at(-1);
    const point: ShippedFrom =
      newest === undefined || newest.number <= last.shipped.change ? last.shipped : await pointAfter(newest);
    if (log.resume(point.position)) {
      from = point;
      isRestorable = true;
      snapshotAt = last.at;
    } else {
      onEvent({
        kind: 'note',
        message: 'The changes since the last one shipped cannot be shown to be all there: shipping begins anew.',
        facts: { lineage: point.lineage, change: point.change },
      });
    }
  }

  async function pointAfter(shipped: {
    readonly name: string;
    readonly lineage: string;
    readonly number: number;
  }): Promise<ShippedFrom> {
    const { change, newestBlob } = await readChange(place, shipped);
    return { lineage: shipped.lineage, change: shipped.number, position: change.to, newestBlob };
  }

  async function shipAll(): Promise<void> {
    while (from !== undefined) {
      const at = clock();
      const change = log.take(pagesPerChange);
      if (change === 'lost') {
        onEvent({
          kind: 'note',
          message: 'The write-ahead log was changed by others: shipping begins anew.',
          facts: { lineage: from.lineage },
        });
        startOver();
      } else if (change === undefined) {
        if (isRestorable) onEvent({ kind: 'shipped', at });
        return;
      } else await ship(from, change, at);
    }
  }

  /** The blobs first: what can be restored has all its bytes. */
  async function ship(before: ShippedFrom, change: Change, at: number): Promise<void> {
    const { digests, newest } = await shipBlobs(before.newestBlob);
    const number = before.change + 1;
    await writeChange(place, { lineage: before.lineage, number, at }, change, { blobs: digests, newestBlob: newest });
    log.confirm(change);
    if (from === before) from = { ...before, change: number, position: change.to, newestBlob: newest };
  }

  async function shipBlobs(after: number): Promise<{ digests: string[]; newest: number }> {
    const digests: string[] = [];
    for (let newest = after; ; ) {
      const blobs = log.listBlobs(newest, blobsPerLook);
      await eachInParallel(deps.copiesBlobs ? blobs : [], blobsAtOnce, async (blob) => {
        digests.push(blob.digest);
        const name = blobObject(place, parseDigest(blob.digest));
        recent.add(name);
        const there = await place.folder.stat(name);
        if (there?.size === storedSize(place, blob.size)) return;
        const findNow = async (digest: string) => log.findBlob(digest);
        const why = await copyOne({ place, source: deps.source, findNow }, blob);
        if (why !== undefined && log.findBlob(blob.digest) !== undefined) {
          onEvent({ kind: 'failed', message: 'A blob cannot be backed up.', error: `${blob.digest}: ${why}` });
        }
      });
      newest = blobs.at(-1)?.id ?? newest;
      if (blobs.length < blobsPerLook) return { digests, newest };
    }
  }

  function startOver(): void {
    from = undefined;
    isRestorable = false;
    snapshotAt = 0;
  }

  function giveUp(): void {
    log.giveUp();
    startOver();
    onEvent({
      kind: 'note',
      message: 'The place of the backup was away until the write-ahead log was too large: shipping begins anew.',
      facts: {},
    });
  }

  /** Copies the database as it is now, and writes it to the place while rounds go on. */
  async function beginSnapshot(): Promise<void> {
    // Before the copy: what comes in between is shipped once more.
    const newestBlob = log.newestBlobId();
    const open = log.openCopy();
    try {
      const at = clock();
      if (open.isNew) startOver();
      if (from !== undefined && open.change !== undefined) await ship(from, open.change, at);
      from ??= { lineage: newSnapshotId(at), change: 0, position: open.position, newestBlob };
      const begin = from;
      snapshotAt = at;
      snapshot = finishSnapshot(open, begin, at).finally(() => {
        snapshot = undefined;
      });
    } catch (error) {
      open[Symbol.dispose]();
      throw error;
    }
  }

  async function finishSnapshot(
    open: ReturnType<SqliteLog['openCopy']>,
    begin: ShippedFrom,
    at: number,
  ): Promise<void> {
    try {
      await using copy = await (async () => {
        using done = open;
        await done.write(deps.scratch);
        return openSqliteCopy(deps.scratch, deps.database, at);
      })();
      const { facts } = await takeSnapshot({
        place,
        copy,
        mode: deps.copiesBlobs ? 'copy' : 'reference',
        source: deps.source,
        findNow: copy.findNow,
        shipped: begin,
        report: () => undefined,
        signal: ending.signal,
      });
      if (from?.lineage === begin.lineage) isRestorable = true;
      const { id, blobs, database } = facts;
      onEvent({
        kind: 'note',
        message: 'A snapshot was taken.',
        facts: { id, databaseBytes: database.bytes, blobs: blobs.count, missing: blobs.missing.length },
      });
      await tidy();
    } catch (error) {
      if (ending.signal.aborted) return;
      snapshotAt = Math.min(snapshotAt, clock() - deps.snapshotIntervalMs + retryMs);
      const reason = error instanceof Error ? error.message : String(error);
      onEvent({ kind: 'failed', message: 'A snapshot could not be taken; another one is tried.', error: reason });
    }
  }

  async function tidy(): Promise<void> {
    try {
      await using _pruning = await enterPlace(place, 'prune', ['ship']);
      const before = recent;
      recent = new Set();
      const isWanted = (name: string) => before.has(name) || recent.has(name);
      await prune({ place, keep: deps.keep, lineage: from?.lineage, isWanted, report: () => undefined });
    } catch (error) {
      // Somebody makes a backup by hand: the next snapshot's turn.
      if (!(error instanceof BackupUnusable)) throw error;
    }
  }

  return {
    round,
    async end() {
      ending.abort();
      await snapshot;
      if (resumed) await shipAll();
    },
  };
}
