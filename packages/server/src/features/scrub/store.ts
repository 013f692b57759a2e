import type { Digest } from '@entrepot/oci/digest';
import type { Transaction } from '#kernel/transaction';
import type { BlobLocation } from '#platform/blobs';
import { type Db, within } from '#platform/db';
import type { Damage, DamageReason, Kept } from './types.ts';

/** After which blob a list goes on, in the order of the last look. */
export interface Cursor {
  readonly checkedAt: number;
  readonly id: number;
}

export interface DueBlob extends Kept {
  readonly checkedAt: number;
}

export interface DamagedBlob extends Kept {
  readonly damagedAt: number;
}

export interface KeptManifest {
  readonly digest: Digest;
  readonly content: Uint8Array;
}

/** Good bytes may lie there. */
export interface Copy {
  readonly location: BlobLocation;
  readonly from: 'trash' | 'misplaced';
}

export interface ScrubStore {
  /** Blobs that nobody has looked at since, those longest ago first. Damaged ones are not among them. */
  listDue(before: number, after: Cursor | undefined, limit: number): Promise<DueBlob[]>;
  /** All that are not known to be damaged, in the order of their coming. */
  listSound(afterId: number, limit: number): Promise<Kept[]>;
  listDueManifests(before: number, after: Digest | undefined, limit: number): Promise<KeptManifest[]>;
  markChecked(tx: Transaction, blobIds: readonly number[], at: number): Promise<void>;
  markManifests(tx: Transaction, digests: readonly Digest[], at: number): Promise<void>;
  /** The blob as it is now, unless it is damaged. */
  findSound(digest: Digest): Promise<Kept | undefined>;
  /** Takes a blob out of use where it still lies there. False when it was moved, mended or removed meanwhile. */
  quarantine(tx: Transaction, blob: Kept, damage: Damage, at: number): Promise<boolean>;
  quarantineManifest(tx: Transaction, manifest: KeptManifest, actual: Digest, at: number): Promise<boolean>;
  listDamaged(afterId: number, limit: number): Promise<DamagedBlob[]>;
  listDamagedManifests(after: string, limit: number): Promise<Digest[]>;
  /** Places where the bytes of the digest may lie besides: what was thrown away, and what lies under other names. */
  listCopies(digest: Digest, size: number): Promise<Copy[]>;
  /** Gives a damaged blob good bytes, where it still is as it was; the old ones go the way of what nobody names. */
  mend(tx: Transaction, blob: Kept, location: BlobLocation, by: string, at: number): Promise<boolean>;
  mendManifest(tx: Transaction, digest: Digest, content: Uint8Array, by: string, at: number): Promise<boolean>;
  /** Says of known damage that it is none any more, where the blob was pushed again or removed. */
  closeHealed(tx: Transaction, at: number): Promise<void>;
  /** Repositories that hold the blob or the manifest, some of them, by full name. */
  listHolders(digest: Digest, limit: number): Promise<string[]>;
  /** Every location that a row names, in no order. */
  eachLocation(): AsyncIterable<string>;
  /** What uploads under way say of where their bytes lie. */
  listStages(): Promise<string[]>;
  /** Which of the locations no row names, asked anew. */
  findUnnamed(tx: Transaction, locations: readonly BlobLocation[]): Promise<BlobLocation[]>;
  discard(tx: Transaction, orphan: { location: BlobLocation; size: number; digest: string }, at: number): Promise<void>;
}

const step = 5000;

const toKept = (row: { id: number; digest: string; size: number; location: string }): Kept => ({
  id: row.id,
  digest: row.digest as Digest,
  size: Number(row.size),
  location: row.location as BlobLocation,
});

export function createScrubStore(db: Db): ScrubStore {
  const { background } = db;

  async function note(
    tx: Transaction,
    found: { kind: 'blob' | 'manifest'; digest: Digest; size: number; location: string },
    reason: DamageReason,
    actual: Digest | undefined,
    at: number,
  ): Promise<void> {
    await within(tx)
      .insertInto('storage_damage')
      .values({ ...found, reason, actual: actual ?? null, found_at: at })
      .execute();
  }

  async function close(tx: Transaction, digest: Digest, by: string, at: number): Promise<void> {
    await within(tx)
      .updateTable('storage_damage')
      .set({ mended_at: at, mended_by: by })
      .where('digest', '=', digest)
      .where('mended_at', 'is', null)
      .execute();
  }

  async function lock(tx: Transaction, id: number) {
    const query = within(tx).selectFrom('blob').select(['location', 'damaged_at']).where('id', '=', id);
    return (db.kind === 'postgres' ? query.forUpdate() : query).executeTakeFirst();
  }

  return {
    async listDue(before, after, limit) {
      const rows = await background
        .selectFrom('blob')
        .select(['id', 'digest', 'size', 'location', 'checked_at'])
        .where('checked_at', '<', before)
        .where('damaged_at', 'is', null)
        .$if(after !== undefined, (query) =>
          query.where(({ eb, refTuple, tuple }) =>
            eb(refTuple('checked_at', 'id'), '>', tuple(after?.checkedAt ?? 0, after?.id ?? 0)),
          ),
        )
        .orderBy('checked_at')
        .orderBy('id')
        .limit(limit)
        .execute();
      return rows.map((row) => ({ ...toKept(row), checkedAt: Number(row.checked_at) }));
    },

    async listSound(afterId, limit) {
      const rows = await background
        .selectFrom('blob')
        .select(['id', 'digest', 'size', 'location'])
        .where('id', '>', afterId)
        .where('damaged_at', 'is', null)
        .orderBy('id')
        .limit(limit)
        .execute();
      return rows.map(toKept);
    },

    async listDueManifests(before, after, limit) {
      const rows = await background
        .selectFrom('manifest_content')
        .select(['digest', 'content'])
        .where('checked_at', '<', before)
        .where('damaged_at', 'is', null)
        .$if(after !== undefined, (query) => query.where('digest', '>', after ?? ''))
        .orderBy('digest')
        .limit(limit)
        .execute();
      return rows.map((row) => ({ digest: row.digest as Digest, content: row.content }));
    },

    async markChecked(tx, blobIds, at) {
      if (blobIds.length === 0) return;
      await within(tx).updateTable('blob').set({ checked_at: at }).where('id', 'in', blobIds).execute();
    },

    async markManifests(tx, digests, at) {
      if (digests.length === 0) return;
      await within(tx).updateTable('manifest_content').set({ checked_at: at }).where('digest', 'in', digests).execute();
    },

    async findSound(digest) {
      const row = await db.read
        .selectFrom('blob')
        .select(['id', 'digest', 'size', 'location'])
        .where('digest', '=', digest)
        .where('damaged_at', 'is', null)
        .executeTakeFirst();
      return row && toKept(row);
    },

    async quarantine(tx, blob, { reason, actual }, at) {
      const now = await lock(tx, blob.id);
      if (now === undefined || now.location !== blob.location || now.damaged_at !== null) return false;
      await within(tx).updateTable('blob').set({ damaged_at: at, checked_at: at }).where('id', '=', blob.id).execute();
      const { digest, size, location } = blob;
      await note(tx, { kind: 'blob', digest, size, location }, reason, actual, at);
      return true;
    },

    async quarantineManifest(tx, { digest, content }, actual, at) {
      const result = await within(tx)
        .updateTable('manifest_content')
        .set({ damaged_at: at, checked_at: at })
        .where('digest', '=', digest)
        .where('damaged_at', 'is', null)
        .executeTakeFirst();
      if (result.numUpdatedRows === 0n) return false;
      await note(tx, { kind: 'manifest', digest, size: content.length, location: '' }, 'bytes', actual, at);
      return true;
    },

    async listDamaged(afterId, limit) {
      const rows = await db.read
        .selectFrom('blob')
        .select(['id', 'digest', 'size', 'location', 'damaged_at'])
        .where('damaged_at', 'is not', null)
        .where('id', '>', afterId)
        .orderBy('id')
        .limit(limit)
        .execute();
      return rows.map((row) => ({ ...toKept(row), damagedAt: Number(row.damaged_at) }));
    },

    async listDamagedManifests(after, limit) {
      const rows = await db.read
        .selectFrom('manifest_content')
        .select('digest')
        .where('damaged_at', 'is not', null)
        .where('digest', '>', after)
        .orderBy('digest')
        .limit(limit)
        .execute();
      return rows.map((row) => row.digest as Digest);
    },

    async listCopies(digest, size) {
      // The trash is no large table, and damage no daily business: no index for this.
      const thrown = await background
        .selectFrom('trash')
        .select('location')
        .where('digest', '=', digest)
        .where('size', '=', size)
        .orderBy('id', 'desc')
        .limit(20)
        .execute();
      const misplaced = await background
        .selectFrom('storage_damage')
        .select('location')
        .where('actual', '=', digest)
        .where('location', '!=', '')
        .orderBy('id', 'desc')
        .limit(20)
        .execute();
      return [
        ...thrown.map((row) => ({ location: row.location as BlobLocation, from: 'trash' as const })),
        ...misplaced.map((row) => ({ location: row.location as BlobLocation, from: 'misplaced' as const })),
      ];
    },

    async mend(tx, blob, location, by, at) {
      const now = await lock(tx, blob.id);
      if (now === undefined || now.location !== blob.location || now.damaged_at === null) return false;
      const q = within(tx);
      await q
        .updateTable('blob')
        .set({ location, damaged_at: null, checked_at: at })
        .where('id', '=', blob.id)
        .execute();
      if (location !== blob.location) {
        const { digest, size } = blob;
        await q
          .insertInto('trash')
          .values({ location: blob.location, digest, size, at: db.stamp(at) })
          .execute();
      }
      await close(tx, blob.digest, by, at);
      return true;
    },

    async mendManifest(tx, digest, content, by, at) {
      const result = await within(tx)
        .updateTable('manifest_content')
        .set({ content, damaged_at: null, checked_at: at })
        .where('digest', '=', digest)
        .where('damaged_at', 'is not', null)
        .executeTakeFirst();
      if (result.numUpdatedRows > 0n) await close(tx, digest, by, at);
      return result.numUpdatedRows > 0n;
    },

    async closeHealed(tx, at) {
      const q = within(tx);
      await q
        .updateTable('storage_damage')
        .set({ mended_at: at, mended_by: 'pushed again' })
        .where('mended_at', 'is', null)
        .where('kind', '=', 'blob')
        .where('digest', 'in', q.selectFrom('blob').select('digest').where('damaged_at', 'is', null))
        .execute();
      await q
        .updateTable('storage_damage')
        .set({ mended_at: at, mended_by: 'pushed again' })
        .where('mended_at', 'is', null)
        .where('kind', '=', 'manifest')
        .where('digest', 'in', q.selectFrom('manifest_content').select('digest').where('damaged_at', 'is', null))
        .execute();
      await q
        .updateTable('storage_damage')
        .set({ mended_at: at, mended_by: 'removed' })
        .where('mended_at', 'is', null)
        .where('digest', 'not in', q.selectFrom('blob').select('digest'))
        .where('digest', 'not in', q.selectFrom('manifest_content').select('digest'))
        .execute();
    },

    async listHolders(digest, limit) {
      const ofBlob = db.read
        .selectFrom('blob')
        .innerJoin('repository_blob', 'repository_blob.blob_id', 'blob.id')
        .innerJoin('repository', 'repository.id', 'repository_blob.repository_id')
        .select('repository.name')
        .where('blob.digest', '=', digest);
      const ofManifest = db.read
        .selectFrom('manifest')
        .innerJoin('repository', 'repository.id', 'manifest.repository_id')
        .select('repository.name')
        .where('manifest.digest', '=', digest);
      const rows = await ofBlob.union(ofManifest).limit(limit).execute();
      return rows.map((row) => row.name);
    },

    async *eachLocation() {
      for (const table of ['blob', 'trash'] as const) {
        let last = 0;
        for (;;) {
          const rows = await background
            .selectFrom(table)
            .select(['id', 'location'])
            .where('id', '>', last)
            .orderBy('id')
            .limit(step)
            .execute();
          for (const row of rows) yield row.location;
          const end = rows.at(-1);
          if (end === undefined) break;
          last = end.id;
        }
      }
    },

    async listStages() {
      const open = await background.selectFrom('upload').select('stage').execute();
      const abandoned = await background.selectFrom('abandoned_stage').select('stage').execute();
      return [...open, ...abandoned].map((row) => row.stage);
    },

    async findUnnamed(tx, locations) {
      const q = within(tx);
      const named = await q
        .selectFrom('blob')
        .select('location')
        .where('location', 'in', locations)
        .union(q.selectFrom('trash').select('location').where('location', 'in', locations))
        .execute();
      const known = new Set(named.map((row) => row.location));
      return locations.filter((location) => !known.has(location));
    },

    async discard(tx, { location, size, digest }, at) {
      await within(tx)
        .insertInto('trash')
        .values({ location, digest, size, at: db.stamp(at) })
        .execute();
    },
  };
}
