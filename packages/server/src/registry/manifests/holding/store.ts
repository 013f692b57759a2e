import type { Digest } from '@entrepot/oci/digest';
import { sql } from 'kysely';
import type { Transaction } from '#kernel/transaction';
import { type Db, within } from '#platform/db';
import { slices } from '#platform/db/lists';

export interface HeldBlob {
  readonly id: number;
  readonly size: number;
  /** Whether no manifest of the repository needs it just now, so that it does not count. */
  readonly loose: boolean;
}

/** Which blobs of a repository its manifests need, and since when nobody relied on them. */
export interface BlobHolds {
  /** The blobs of the repository among these digests. In the transaction they cannot be taken out of it meanwhile. */
  holdBlobs(
    tx: Transaction,
    repositoryId: number,
    digests: readonly Digest[],
    at: number,
  ): Promise<Map<Digest, HeldBlob>>;
  /** After manifests are gone: what they needed and nothing else in the repository needs does not count any more. */
  loosen(tx: Transaction, repositoryId: number, blobIds: readonly number[]): Promise<void>;
  /** Blobs that a manifest needs again count again. */
  tighten(tx: Transaction, repositoryId: number, blobIds: readonly number[]): Promise<void>;
}

export interface BlobHoldsOptions {
  /** How old the last note that somebody relies on a blob may be, in milliseconds; 0 notes it each time. */
  readonly touchEveryMs?: number;
}

export function createBlobHolds(db: Db, { touchEveryMs = 0 }: BlobHoldsOptions = {}): BlobHolds {
  /** Only where it is due: a base layer is shared by pushes that would wait for each other. */
  async function touchBlobs(tx: Transaction, ids: readonly number[], at: number): Promise<void> {
    await within(tx)
      .updateTable('blob')
      .set({ touched_at: db.stamp(at) })
      .where('id', 'in', ids)
      .where(sql<boolean>`touched_at <= ${db.stamp(at)} - ${touchEveryMs}`)
      .execute();
  }
  async function setLoose(
    tx: Transaction,
    repositoryId: number,
    blobIds: readonly number[],
    loose: 0 | 1,
  ): Promise<void> {
    await within(tx)
      .updateTable('repository_blob')
      .set({ loose })
      .where('repository_id', '=', repositoryId)
      .where('blob_id', 'in', blobIds)
      .where('loose', '!=', loose)
      .execute();
  }

  return {
    async holdBlobs(tx, repositoryId, digests, at) {
      const held = new Map<Digest, HeldBlob>();
      for (const some of slices(digests)) {
        const query = within(tx)
          .selectFrom('repository_blob')
          .innerJoin('blob', 'blob.id', 'repository_blob.blob_id')
          .select(['blob.id', 'blob.digest', 'blob.size', 'repository_blob.loose'])
          .where('repository_blob.repository_id', '=', repositoryId)
          .where('blob.digest', 'in', some)
          .where('blob.damaged_at', 'is', null)
          .orderBy('blob.id');
        const rows = await (db.kind === 'postgres' ? query.forShare('repository_blob') : query).execute();
        for (const row of rows) {
          held.set(row.digest as Digest, { id: row.id, size: row.size, loose: row.loose === 1 });
        }
        const ids = rows.map((row) => row.id);
        if (ids.length > 0) await touchBlobs(tx, ids, at);
      }
      return held;
    },

    async loosen(tx: Transaction, repositoryId: number, blobIds: readonly number[]): Promise<void> {
      for (const some of slices(blobIds)) {
        const ours = within(tx)
          .selectFrom('repository_blob')
          .select('blob_id')
          .where('repository_id', '=', repositoryId)
          .where('blob_id', 'in', some)
          .orderBy('blob_id');
        // A push that holds the links is waited for; the next statement sees what it did.
        if (db.kind === 'postgres') await ours.forUpdate().execute();
        const free = await ours
          .where((where) =>
            where.not(
              where.exists(
                where
                  .selectFrom('manifest_blob')
                  .select('manifest_id')
                  .whereRef('manifest_blob.blob_id', '=', 'repository_blob.blob_id')
                  .where('manifest_blob.repository_id', '=', repositoryId),
              ),
            ),
          )
          .execute();
        const ids = free.map((row) => row.blob_id);
        if (ids.length > 0) await setLoose(tx, repositoryId, ids, 1);
      }
    },

    async tighten(tx, repositoryId, blobIds) {
      for (const some of slices(blobIds)) await setLoose(tx, repositoryId, some, 0);
    },
  };
}
