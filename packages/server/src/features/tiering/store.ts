import type { Digest } from '@entrepot/oci/digest';
import { type RawBuilder, sql } from 'kysely';
import type { Transaction } from '#kernel/transaction';
import type { BlobLocation } from '#platform/blobs';
import { type Db, within } from '#platform/db';
import type { Candidate, MovableBlob, ProjectTiering, TierFigures } from './types.ts';

/** A blob that was copied to another tier. */
export interface Move {
  readonly blob: MovableBlob;
  readonly to: BlobLocation;
  readonly at: number;
  /** By how much the old bytes go sooner than other trash, in milliseconds. */
  readonly soonerMs: number;
  /** Whether somebody read it just now, so that it is not moved back at once. */
  readonly used: boolean;
}

export interface TieringStore {
  /** Blobs of the hot tier that nobody relied on since and that are large enough, in the order of their coming. */
  listHot(filter: { before: number; minSize: number; afterId: number; limit: number }): Promise<Candidate[]>;
  find(digest: Digest): Promise<MovableBlob | undefined>;
  /** Says where a blob lies now, where it still lies where it did, sound; its old bytes go into the trash. */
  move(tx: Transaction, move: Move): Promise<boolean>;
  measure(): Promise<{ readonly hot: TierFigures; readonly cold: TierFigures }>;
  listRules(): Promise<Map<number, ProjectTiering>>;
  findRule(projectId: number): Promise<ProjectTiering | undefined>;
  putRule(tx: Transaction, projectId: number, rule: ProjectTiering, at: number): Promise<void>;
  deleteRule(tx: Transaction, projectId: number): Promise<boolean>;
}

/** `coldPrefix` is how the locations of the cold tier begin. */
export function createTieringStore(db: Db, coldPrefix: string): TieringStore {
  const { background } = db;
  // A location holds no wildcards, and a prefix is found without an index as well.
  const isCold: RawBuilder<boolean> = sql`substr(blob.location, 1, ${coldPrefix.length}) = ${coldPrefix}`;
  const isHot: RawBuilder<boolean> = sql`substr(blob.location, 1, ${coldPrefix.length}) <> ${coldPrefix}`;

  const toRule = (row: { enabled: number; after_ms: number | null; min_size: number | null }): ProjectTiering => ({
    enabled: row.enabled === 1,
    afterMs: row.after_ms === null ? undefined : Number(row.after_ms),
    minSize: row.min_size === null ? undefined : Number(row.min_size),
  });

  async function figures(which: RawBuilder<boolean>): Promise<TierFigures> {
    const row = await background
      .selectFrom('blob')
      .select(({ fn }) => [fn.countAll<number>().as('blobs'), fn.sum<number>('size').as('bytes')])
      .where(which)
      .executeTakeFirstOrThrow();
    return { blobs: Number(row.blobs), bytes: Number(row.bytes ?? 0) };
  }

  async function holdersOf(ids: readonly number[]): Promise<Map<number, number[]>> {
    const rows = await background
      .selectFrom('repository_blob')
      .innerJoin('repository', 'repository.id', 'repository_blob.repository_id')
      .select(['repository_blob.blob_id', 'repository.project_id'])
      .distinct()
      .where('repository_blob.blob_id', 'in', ids)
      .execute();
    const holders = new Map<number, number[]>();
    for (const row of rows) holders.set(row.blob_id, [...(holders.get(row.blob_id) ?? []), row.project_id]);
    return holders;
  }

  async function pullsOf(ids: readonly number[]): Promise<Map<number, number>> {
    const rows = await background
      .selectFrom('manifest_blob')
      .innerJoin('manifest', 'manifest.id', 'manifest_blob.manifest_id')
      .select(({ fn }) => ['manifest_blob.blob_id', fn.max('manifest.pulled_at').as('at')])
      .where('manifest_blob.blob_id', 'in', ids)
      .groupBy('manifest_blob.blob_id')
      .execute();
    return new Map(rows.map((row) => [row.blob_id, Number(row.at)]));
  }

  return {
    async listHot({ before, minSize, afterId, limit }) {
      const rows = await background
        .selectFrom('blob')
        .select(['id', 'digest', 'size', 'location', 'touched_at'])
        .where('id', '>', afterId)
        .where('size', '>=', minSize)
        .where('touched_at', '<=', before)
        .where('damaged_at', 'is', null)
        .where('condemned_at', 'is', null)
        .where(isHot)
        .orderBy('id')
        .limit(limit)
        .execute();
      if (rows.length === 0) return [];
      const ids = rows.map((row) => row.id);
      const [holders, pulls] = [await holdersOf(ids), await pullsOf(ids)];
      return rows.map((row) => ({
        id: row.id,
        digest: row.digest as Digest,
        size: Number(row.size),
        location: row.location as BlobLocation,
        usedAt: Math.max(Number(row.touched_at), pulls.get(row.id) ?? 0),
        projectIds: holders.get(row.id) ?? [],
      }));
    },

    async find(digest) {
      const row = await db.read
        .selectFrom('blob')
        .select(['id', 'digest', 'size', 'location'])
        .where('digest', '=', digest)
        .where('damaged_at', 'is', null)
        .executeTakeFirst();
      return row && { id: row.id, digest, size: Number(row.size), location: row.location as BlobLocation };
    },

    async move(tx, { blob, to, at, soonerMs, used }) {
      const q = within(tx);
      const query = q.selectFrom('blob').select(['location', 'damaged_at']).where('id', '=', blob.id);
      const now = await (db.kind === 'postgres' ? query.forUpdate() : query).executeTakeFirst();
      if (now === undefined || now.location !== blob.location || now.damaged_at !== null) return false;
      await q
        .updateTable('blob')
        .set({ location: to, checked_at: at, ...(used ? { touched_at: db.stamp(at), condemned_at: null } : {}) })
        .where('id', '=', blob.id)
        .execute();
      const { location, digest, size } = blob;
      await q
        .insertInto('trash')
        .values({ location, digest, size, at: sql<number>`${db.stamp(at)} - ${sql.lit(soonerMs)}` })
        .execute();
      return true;
    },

    async measure() {
      return { hot: await figures(isHot), cold: await figures(isCold) };
    },

    async listRules() {
      const rows = await background.selectFrom('tiering_rule').selectAll().execute();
      return new Map(rows.map((row) => [row.project_id, toRule(row)]));
    },

    async findRule(projectId) {
      const row = await db.read
        .selectFrom('tiering_rule')
        .selectAll()
        .where('project_id', '=', projectId)
        .executeTakeFirst();
      return row && toRule(row);
    },

    async putRule(tx, projectId, { enabled, afterMs, minSize }, at) {
      const values = {
        enabled: enabled ? 1 : 0,
        after_ms: afterMs ?? null,
        min_size: minSize ?? null,
        updated_at: at,
      };
      await within(tx)
        .insertInto('tiering_rule')
        .values({ project_id: projectId, ...values })
        .onConflict((conflict) => conflict.column('project_id').doUpdateSet(values))
        .execute();
    },

    async deleteRule(tx, projectId) {
      const result = await within(tx).deleteFrom('tiering_rule').where('project_id', '=', projectId).executeTakeFirst();
      return result.numDeletedRows > 0n;
    },
  };
}
