import { sql } from 'kysely';
import type { Clock } from '#kernel/clock';
import type { Transaction } from '#kernel/transaction';
import { type Db, within } from '#platform/db';

/** Empties the bin of what can be had back no more. */
export interface ExpiredStore {
  /**
   * Removes some deletions whose time is over, and the contents of manifests that nobody else has; their blobs are
   * looked at by the collection from then on. Answers how much went: nothing when there is no more.
   */
  expire(tx: Transaction, limit: number): Promise<{ readonly count: number; readonly bytes: number }>;
}

export function createExpiredStore(db: Db, clock: Clock): ExpiredStore {
  const forUpdate = db.kind === 'postgres' ? sql`for update skip locked` : sql``;

  /** Contents that a push is about to need are held by it, and stay. */
  async function dropContents(tx: Transaction, digests: readonly string[]): Promise<void> {
    if (digests.length === 0) return;
    const these = sql`digest in (${sql.join(digests)})`;
    if (db.kind === 'postgres') {
      await sql`select 1 from manifest_content where ${these} order by digest for update`.execute(within(tx));
    }
    await sql`delete from manifest_content where ${these}
      and not exists (select 1 from manifest where manifest.digest = manifest_content.digest)
      and not exists (select 1 from deleted_artifact where deleted_artifact.digest = manifest_content.digest)`.execute(
      within(tx),
    );
  }

  return {
    async expire(tx, limit) {
      const q = within(tx);
      const over = await sql<{ id: number }>`select id from deletion where expires_at <= ${db.stamp(clock())}
        order by expires_at, id limit ${limit} ${forUpdate}`.execute(q);
      const ids = over.rows.map((row) => row.id);
      if (ids.length === 0) return { count: 0, bytes: 0 };
      // A repository of thousands goes in several strokes.
      const gone = await sql<{ digest: string; total_size: number }>`delete from deleted_artifact where id in (
        select id from deleted_artifact where deletion_id in (${sql.join(ids)}) order by id limit ${limit})
        returning digest, total_size`.execute(q);
      await dropContents(tx, [...new Set(gone.rows.map((row) => row.digest))]);
      const emptied = await sql`delete from deletion where id in (${sql.join(ids)})
        and not exists (select 1 from deleted_artifact where deleted_artifact.deletion_id = deletion.id)`.execute(q);
      return {
        count: gone.rows.length + Number(emptied.numAffectedRows ?? 0n),
        bytes: gone.rows.reduce((sum, row) => sum + row.total_size, 0),
      };
    },
  };
}
