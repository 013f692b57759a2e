import { sql } from 'kysely';
import type { Digest } from '@entrepot/oci/digest';
import type { Eventually } from '#kernel/eventually';
import type { Transaction } from '#kernel/transaction';
import { type Db, within } from '#platform/db';
import type { PushedContent } from '#registry/ports';
import type { Amounts, Usage } from './types.ts';

export interface QuotaStore {
  /** The limit of the project in bytes; undefined when there is no such project. */
  findLimit(projectId: number): Eventually<number | undefined>;
  /** Committed usage; inside a transaction also its own. */
  measure(projectId: number, tx?: Transaction): Promise<Usage | undefined>;
  /** Bytes that uploads under way in the project have so far. */
  measureUploads(projectId: number): Promise<number>;
  holdsBlob(projectId: number, digest: Digest): Promise<boolean>;
  /** Bytes of the content that the project does not hold yet. */
  measureNew(tx: Transaction, projectId: number, content: PushedContent): Promise<number>;
  /**
   * Waits for whoever has the project's account to himself, and until the end of the transaction keeps others from it.
   * `shared` many can have at once, `alone` one and nobody beside. False where there was nobody to wait for, so that
   * what was read before still holds.
   */
  lock(tx: Transaction, projectId: number, how: 'shared' | 'alone'): Promise<boolean>;
  /** Sets limits. What was told about the old ones may be told again. */
  setLimits(tx: Transaction, projectId: number, hard: Partial<Amounts>, at: number): Promise<void>;
  /** Notes that it is told; false when it was noted before. */
  mark(tx: Transaction, projectId: number, what: 'warned' | 'exceeded'): Promise<boolean>;
  /** Projects whose ledger has rows. */
  listUnfolded(limit: number): Promise<number[]>;
  /** Adds some of the ledger of a project to its running figure. Answers whether there may be more. */
  fold(tx: Transaction, projectId: number): Promise<boolean>;
}

/** Apart from other locks of this kind in the database; any constant will do. */
const lockSpace = 5_080_012;

const digestsPerStatement = 500;

interface UsageRow {
  readonly hard: number;
  readonly used: number;
  readonly hardCount: number;
  readonly usedCount: number;
  readonly pending: number;
  readonly warned: number;
  readonly exceeded: number;
}

/** Rows of a ledger added up in one transaction: a project that was emptied leaves one for each of its blobs. */
const foldedAtOnce = 1000;

export function createQuotaStore(db: Db): QuotaStore {
  const limitOf = db.prepareFirst<{ hard: number }>((q, value) =>
    q.selectFrom('quota').select('hard').where('project_id', '=', value<number>('projectId')),
  );

  const selectUsage = (q: Db['read']) =>
    q.selectFrom('quota').select([
      'hard',
      'hard_count as hardCount',
      'warned',
      'exceeded',
      sql<number>`used + cast((select coalesce(sum(delta), 0) from quota_ledger
          where quota_ledger.project_id = quota.project_id) as bigint)`.as('used'),
      sql<number>`used_count + cast((select coalesce(sum(count_delta), 0) from quota_ledger
          where quota_ledger.project_id = quota.project_id) as bigint)`.as('usedCount'),
      sql<number>`(select count(*) from quota_ledger where quota_ledger.project_id = quota.project_id)`.as('pending'),
    ]);
  const usageOf = db.prepareFirst<UsageRow>((q, value) =>
    selectUsage(q).where('project_id', '=', value<number>('projectId')),
  );
  const arriving = db.prepareFirst<{ bytes: number }>((q, value) =>
    q
      .selectFrom('upload')
      .innerJoin('repository', 'repository.id', 'upload.repository_id')
      .select(sql<number>`cast(coalesce(sum(upload.size), 0) as bigint)`.as('bytes'))
      .where('repository.project_id', '=', value<number>('projectId')),
  );

  async function sizeOfNew(
    held: (digests: readonly Digest[]) => Promise<readonly { readonly digest: string }[]>,
    content: readonly { readonly digest: Digest; readonly size: number }[],
  ): Promise<number> {
    const sizes = new Map(content.map(({ digest, size }) => [digest as string, size]));
    const digests = [...sizes.keys()] as Digest[];
    for (let at = 0; at < digests.length; at += digestsPerStatement) {
      for (const { digest } of await held(digests.slice(at, at + digestsPerStatement))) sizes.delete(digest);
    }
    return [...sizes.values()].reduce((sum, size) => sum + size, 0);
  }

  return {
    findLimit(projectId) {
      const row = limitOf({ projectId });
      return row instanceof Promise ? row.then((found) => found?.hard) : row?.hard;
    },

    async measure(projectId, tx) {
      const row = await (tx === undefined
        ? usageOf({ projectId })
        : selectUsage(within(tx)).where('project_id', '=', projectId).executeTakeFirst());
      return (
        row && {
          hard: { storage: row.hard, count: row.hardCount },
          used: { storage: row.used, count: row.usedCount },
          pending: row.pending,
          warned: row.warned === 1,
          exceeded: row.exceeded === 1,
        }
      );
    },

    measureUploads: async (projectId) => (await arriving({ projectId }))?.bytes ?? 0,

    async holdsBlob(projectId, digest) {
      const row = await db.read
        .selectFrom('blob')
        .innerJoin('project_blob', 'project_blob.blob_id', 'blob.id')
        .select('blob.id')
        .where('blob.digest', '=', digest)
        .where('project_blob.project_id', '=', projectId)
        .executeTakeFirst();
      return row !== undefined;
    },

    async measureNew(tx, projectId, { blobs = [], manifests = [] }) {
      const q = within(tx);
      const ofBlobs = await sizeOfNew(
        (digests) =>
          q
            .selectFrom('blob')
            .innerJoin('project_blob', 'project_blob.blob_id', 'blob.id')
            .select('blob.digest')
            .where('blob.digest', 'in', digests)
            .where('project_blob.project_id', '=', projectId)
            .execute(),
        blobs,
      );
      const ofManifests = await sizeOfNew(
        (digests) =>
          q
            .selectFrom('project_manifest')
            .select('digest')
            .where('project_id', '=', projectId)
            .where('digest', 'in', digests)
            .execute(),
        manifests,
      );
      return ofBlobs + ofManifests;
    },

    async lock(tx, projectId, how) {
      // SQLite has one writer at a time anyway.
      if (db.kind === 'sqlite') return false;
      // A lock of its own rather than the row's: many hold it at once without writing to the row.
      const key = sql`(${lockSpace}::bigint << 32) + ${projectId}`;
      const taken = how === 'alone' ? sql`pg_advisory_xact_lock(${key})` : sql`pg_advisory_xact_lock_shared(${key})`;
      await sql`select ${taken}`.execute(within(tx));
      return true;
    },

    async setLimits(tx, projectId, { storage, count }, at) {
      await within(tx)
        .updateTable('quota')
        .set({
          ...(storage === undefined ? {} : { hard: storage }),
          ...(count === undefined ? {} : { hard_count: count }),
          warned: 0,
          exceeded: 0,
          updated_at: at,
        })
        .where('project_id', '=', projectId)
        .execute();
    },

    async mark(tx, projectId, what) {
      const marked = await within(tx)
        .updateTable('quota')
        .set({ [what]: 1 })
        .where('project_id', '=', projectId)
        .where(what, '=', 0)
        .executeTakeFirst();
      return marked.numUpdatedRows > 0n;
    },

    async listUnfolded(limit) {
      const rows = await db.read.selectFrom('quota_ledger').select('project_id').distinct().limit(limit).execute();
      return rows.map((row) => row.project_id);
    },

    async fold(tx, projectId) {
      const q = within(tx);
      const rows = await q
        .deleteFrom('quota_ledger')
        .where('id', 'in', (ledger) =>
          ledger.selectFrom('quota_ledger').select('id').where('project_id', '=', projectId).limit(foldedAtOnce),
        )
        .returning(['delta', 'count_delta'])
        .execute();
      const used = sql<number>`used + ${rows.reduce((total, { delta }) => total + delta, 0)}`;
      const count = sql<number>`used_count + ${rows.reduce((total, { count_delta }) => total + count_delta, 0)}`;
      const hasRoom = sql`(hard < 0 or (${used}) * 100 <= hard * 85)
        and (hard_count < 0 or (${count}) * 100 <= hard_count * 85)`;
      await q
        .updateTable('quota')
        .set({
          used,
          used_count: count,
          // With room again, the next time is worth telling again.
          warned: sql<number>`case when ${hasRoom} then 0 else warned end`,
          exceeded: sql<number>`case when ${hasRoom} then 0 else exceeded end`,
        })
        .where('project_id', '=', projectId)
        .execute();
      return rows.length === foldedAtOnce;
    },
  };
}
