import type { Transact, Transaction } from '#kernel/transaction';
import type { BlobStore } from '#platform/blobs';
import { type Courtesy, createCourtesy } from '#platform/pace';
import type { CollectionStore, JudgedReview } from '#registry/collection';
import { forEachAtOnce } from './at-once.ts';
import { describeAmount, describeReview } from './describe.ts';
import type { Ages, Collected, CollectionOptions, Sources } from './types.ts';

export interface CollectionDeps extends Sources {
  readonly store: CollectionStore;
  readonly bytes: Pick<BlobStore, 'delete'>;
  readonly transact: Transact;
  readonly ages: Ages;
  /** Told of bytes that the store did not give back; they stay for the next collection. */
  readonly onKept: (error: unknown) => void;
  /** How it lets others go first; the simulator has no time for that. */
  readonly courtesy?: Courtesy;
}

/** Collects what nobody needs any more while pushes and pulls go on. Any number may run at once, in any process. */
export interface Collection {
  /**
   * Goes through all stages once: what was deleted long enough ago, artifacts that nothing holds, blobs that no manifest
   * needs, condemned blobs, trash. Rejects when the signal is aborted; what is done by then is done, and the next one
   * goes on. What it looks at is what changed since the last one, however much the store holds.
   */
  collect(options: CollectionOptions): Promise<Collected>;
  /** Whether a collection would find anything to do. */
  hasWork(untagged: boolean): Promise<boolean>;
  measure: CollectionStore['measure'];
}

/** Rows looked at together, by a reader that holds nobody up. */
const lookedAt = 2000;
/** The most rows changed in one transaction. */
const changedAtOnce = 1000;
/** Artifacts and deletions that end in one go: each has rows of its own. */
const endedAtOnce = 50;
/** Files removed before their rows go. */
const filesAtOnce = 200;
/** Files removed side by side. */
const removedAtOnce = 8;

export function createCollection(deps: CollectionDeps): Collection {
  const { store, transact, ages, courtesy = createCourtesy() } = deps;

  /** Changes them in pieces, each in a transaction, and lets others go first in between. */
  async function inPieces<T, Done>(
    all: readonly T[],
    signal: AbortSignal,
    change: (tx: Transaction, some: T[]) => Promise<Done>,
    onDone: (done: Done) => void,
  ) {
    for (let at = 0; at < all.length; ) {
      signal.throwIfAborted();
      const some = all.slice(at, at + courtesy.size(changedAtOnce));
      at += some.length;
      onDone(await transact((tx) => courtesy.timed(some.length, () => change(tx, some)), { durable: false }));
      await courtesy.rest();
    }
  }

  async function expire({ dryRun, signal, log }: CollectionOptions) {
    const total = { count: 0, bytes: 0 };
    if (dryRun) return total;
    for (;;) {
      signal.throwIfAborted();
      const { count, bytes } = await deps.expireDeletions(endedAtOnce);
      if (count === 0) break;
      total.count += count;
      total.bytes += bytes;
    }
    if (total.count > 0) log(`${total.count} deletions can be undone no more.`);
    return total;
  }

  async function collectArtifacts({ untagged, dryRun, signal, log, report }: CollectionOptions) {
    const total = { count: 0, bytes: 0 };
    if (!untagged) return total;
    if (!dryRun) while ((await transact((tx) => store.forgetHeld(tx, lookedAt))) === lookedAt) signal.throwIfAborted();
    for (let after = 0; ; ) {
      const found = await store.listUnheld(ages.graceMs, endedAtOnce, after);
      for (const manifest of found) {
        signal.throwIfAborted();
        after = manifest.manifestId;
        // Each waits for its own sync; the thread is free meanwhile.
        if (!dryRun && !(await deps.deleteUnheld(manifest))) continue;
        total.count += 1;
        total.bytes += manifest.size;
        log(`${dryRun ? 'Would delete' : 'Deleted'} ${manifest.repository}@${manifest.digest}: nothing refers to it.`);
        report(`${total.count} artifacts without a tag`);
      }
      if (found.length < endedAtOnce) return total;
    }
  }

  async function collectBlobs({ dryRun, signal, log, report }: CollectionOptions) {
    const total = { unlinked: 0, condemned: 0 };
    let seen = 0;
    let after: JudgedReview | undefined;
    for (;;) {
      signal.throwIfAborted();
      const found = await store.listDue(ages.graceMs, lookedAt, dryRun ? after : undefined);
      if (dryRun) {
        for (const review of found) {
          const line = describeReview(review);
          if (line !== undefined) log(line);
          if (review.verdict === 'unlink') total.unlinked += 1;
          if (review.verdict === 'condemn') total.condemned += 1;
        }
        after = found.at(-1);
      } else {
        const settle = (tx: Transaction, some: JudgedReview[]) => store.settle(tx, some, ages.graceMs);
        const add = (done: Awaited<ReturnType<typeof settle>>) => {
          total.unlinked += done.unlinked;
          total.condemned += done.condemned;
        };
        // Those that only end take far less time each than those that change something.
        const kept = ({ verdict }: JudgedReview) => verdict === 'keep';
        await inPieces(found.filter(kept), signal, settle, add);
        await inPieces(
          found.filter((review) => !kept(review)),
          signal,
          settle,
          add,
        );
      }
      seen += found.length;
      report(`${seen} blobs looked at`);
      if (found.length < lookedAt && (dryRun || found.every(({ verdict }) => verdict !== 'unlink'))) break;
    }
    if (!dryRun && total.unlinked > 0)
      log(`Took ${total.unlinked} blobs out of repositories that had no use for them.`);
    if (!dryRun && total.condemned > 0) log(`${total.condemned} blobs are referred to by nothing and wait to go.`);
    return total;
  }

  async function removeCondemned({ dryRun, signal, log, report }: CollectionOptions) {
    const total = { count: 0, bytes: 0 };
    if (dryRun) return (await store.measure()).condemned;
    for (;;) {
      const found = await store.listCondemned(ages.condemnedMs, lookedAt);
      const remove = (tx: Transaction, some: readonly { readonly id: number }[]) =>
        store.remove(
          tx,
          some.map(({ id }) => id),
          ages.condemnedMs,
        );
      await inPieces(found, signal, remove, ({ count, bytes }) => {
        total.count += count;
        total.bytes += bytes;
        report(`${total.count} blobs removed`);
      });
      if (found.length < lookedAt) break;
    }
    if (total.count > 0) log(`Removed ${describeAmount(total)}; the bytes wait in the trash.`);
    return total;
  }

  async function emptyTrash({ dryRun, signal, log, report }: CollectionOptions) {
    const total = { count: 0, bytes: 0 };
    if (dryRun) return (await store.measure()).trash;
    for (let after = 0; ; ) {
      const found = await store.listTrash(ages.trashMs, lookedAt, after);
      const named = await store.findNamed(found);
      // The rows are gone for good before their bytes go: a lost power supply must not bring them back alone.
      if (found[0] !== undefined) await transact((tx) => store.confirmTrash(tx, found[0]?.id ?? 0));
      for (let at = 0; at < found.length; at += filesAtOnce) {
        signal.throwIfAborted();
        const gone: number[] = [];
        await forEachAtOnce(found.slice(at, at + filesAtOnce), removedAtOnce, async ({ id, location, size }) => {
          if (!named.has(id)) {
            await deps.bytes.delete(location);
            total.count += 1;
            total.bytes += size;
          }
          gone.push(id);
        }).catch(deps.onKept);
        await inPieces(gone, signal, store.forgetTrash, () => report(`${total.count} blobs' bytes given back`));
      }
      after = found.at(-1)?.id ?? after;
      if (found.length < lookedAt) break;
    }
    if (total.count > 0) log(`Gave the bytes of ${describeAmount(total)} back to the store.`);
    return total;
  }

  return {
    hasWork: (untagged) => store.hasWork({ ...ages, untagged }),
    measure: store.measure,
    async collect(options) {
      const expired = await expire(options);
      const artifacts = await collectArtifacts(options);
      const { unlinked, condemned } = await collectBlobs(options);
      const removed = await removeCondemned(options);
      const freed = await emptyTrash(options);
      return { expired, artifacts, unlinked, condemned, removed, freed };
    },
  };
}
