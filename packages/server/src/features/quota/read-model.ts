import { type Kysely, type SelectQueryBuilder, sql } from 'kysely';
import type { Condition, ListQuery } from '#kernel/list-query';
import type { Transaction } from '#kernel/transaction';
import { applyConditions, applyPage, type Db, type ListColumns, within } from '#platform/db';
import type { Amounts, Holdings, Quota, Recount } from './types.ts';

export interface QuotaReadModel {
  find(id: number): Promise<Quota | undefined>;
  findByProject(projectId: number): Promise<Quota | undefined>;
  /** Sorts by what was folded last. */
  list(
    list: ListQuery,
    conditions: readonly Condition[],
  ): Promise<{ readonly quotas: readonly Quota[]; readonly total: number }>;
  holdingsOf(projectId: number): Promise<Holdings | undefined>;
  /** Compares the running figure with what is there, as both are at one moment. */
  recount(projectId: number, tx?: Transaction): Promise<Recount | undefined>;
  /** Makes the account what is there. */
  mend(tx: Transaction, projectId: number, at: number): Promise<void>;
}

const columns: ListColumns = {
  id: { ref: 'quota.id', kind: 'number' },
  reference_id: { ref: 'quota.project_id', kind: 'number' },
  'used.storage': { ref: 'quota.used', kind: 'number' },
  'hard.storage': { ref: 'quota.hard', kind: 'number' },
  'used.count': { ref: 'quota.used_count', kind: 'number' },
  'hard.count': { ref: 'quota.hard_count', kind: 'number' },
  creation_time: { ref: 'quota.created_at', kind: 'time' },
  update_time: { ref: 'quota.updated_at', kind: 'time' },
};

type Database = Db['read'] extends Kysely<infer D> ? D : never;

interface Row {
  readonly id: number;
  readonly project_id: number;
  readonly name: string;
  readonly owner_name: string;
  readonly hard: number;
  readonly used: number;
  readonly hardCount: number;
  readonly usedCount: number;
  readonly created_at: number;
  readonly updated_at: number;
}

const toQuota = (row: Row): Quota => ({
  id: row.id,
  project: { id: row.project_id, name: row.name, ownerName: row.owner_name },
  hard: { storage: row.hard, count: row.hardCount },
  used: { storage: row.used, count: row.usedCount },
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

const running = sql<number>`quota.used + cast((select coalesce(sum(delta), 0) from quota_ledger
  where quota_ledger.project_id = quota.project_id) as bigint)`;

const runningCount = sql<number>`quota.used_count + cast((select coalesce(sum(count_delta), 0) from quota_ledger
  where quota_ledger.project_id = quota.project_id) as bigint)`;

const artifactsThere = sql<number>`cast((select count(*) from manifest where manifest.project_id = quota.project_id
  and manifest.listed = 1) as bigint)`;

/** Content that some other project holds too. */
const sharedBytes = sql<number>`cast((select coalesce(sum(mine.size), 0) from project_blob as mine
    where mine.project_id = quota.project_id and exists (
      select 1 from repository_blob join repository on repository.id = repository_blob.repository_id
      where repository_blob.blob_id = mine.blob_id and repository_blob.loose = 0
        and repository.project_id <> quota.project_id)) as bigint)
  + cast((select coalesce(sum(mine.size), 0) from project_manifest as mine
    where mine.project_id = quota.project_id and exists (
      select 1 from manifest where manifest.digest = mine.digest
        and manifest.project_id <> quota.project_id)) as bigint)`;

const blobsThere = sql`select distinct repository_blob.blob_id from repository_blob
  join repository on repository.id = repository_blob.repository_id
  where repository.project_id = quota.project_id and repository_blob.loose = 0`;

const manifestsThere = sql`select manifest.digest, max(manifest.size) as size from manifest
  join repository on repository.id = manifest.repository_id where repository.project_id = quota.project_id
  group by manifest.digest`;

export function createQuotaReadModel(db: Db): QuotaReadModel {
  const joined = () => db.read.selectFrom('quota').innerJoin('project', 'project.id', 'quota.project_id');
  const shown = <O>(query: SelectQueryBuilder<Database, 'quota' | 'project', O>) =>
    query.select([
      'quota.id',
      'quota.project_id',
      'project.name',
      'project.owner_name',
      'quota.hard',
      running.as('used'),
      'quota.hard_count as hardCount',
      runningCount.as('usedCount'),
      'quota.created_at',
      'quota.updated_at',
    ]);
  const find = async (by: 'quota.id' | 'quota.project_id', id: number) => {
    const row = await shown(joined()).where(by, '=', id).executeTakeFirst();
    return row && toQuota(row);
  };

  return {
    find: (id) => find('quota.id', id),
    findByProject: (projectId) => find('quota.project_id', projectId),

    async list(list, conditions) {
      const asked = applyConditions(joined(), [...list.conditions, ...conditions], columns);
      const page = applyPage(shown(asked), list, columns, {
        tie: 'quota.id',
        first: [{ field: 'creation_time', descending: true }],
      });
      const rows = await page.execute();
      const { total } = await asked.select((q) => q.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
      return { quotas: rows.map(toQuota), total: Number(total) };
    },

    async holdingsOf(projectId) {
      const row = await db.read
        .selectFrom('quota')
        .select([
          'hard',
          'hard_count as hardCount',
          running.as('unique'),
          sharedBytes.as('shared'),
          // An index counts with its parts, and what is attached to an artifact for itself.
          sql<number>`cast((select coalesce(sum(total_size), 0) from manifest where manifest.project_id = quota.project_id
            and (listed = 1 or accessory_of is not null)) as bigint)`.as('logical'),
          sql<number>`(select count(*) from project_blob where project_blob.project_id = quota.project_id)`.as('blobs'),
          sql<number>`(select count(*) from project_manifest
            where project_manifest.project_id = quota.project_id)`.as('manifests'),
          runningCount.as('artifacts'),
          sql<number>`cast((select coalesce(sum(upload.size), 0) from upload
            join repository on repository.id = upload.repository_id
            where repository.project_id = quota.project_id) as bigint)`.as('arriving'),
        ])
        .where('project_id', '=', projectId)
        .executeTakeFirst();
      if (row === undefined) return undefined;
      const { hard, hardCount, ...held } = row;
      return { ...held, hard: { storage: hard, count: hardCount } };
    },

    async recount(projectId, tx) {
      const row = await (tx === undefined ? db.read : within(tx))
        .selectFrom('quota')
        .select([
          running.as('counted'),
          sql<number>`cast((select coalesce(sum(size), 0) from blob where id in (${blobsThere})) as bigint)
            + cast((select coalesce(sum(size), 0) from (${manifestsThere}) as found) as bigint)`.as('found'),
          runningCount.as('artifactsCounted'),
          artifactsThere.as('artifactsFound'),
        ])
        .where('project_id', '=', projectId)
        .executeTakeFirst();
      if (row === undefined) return undefined;
      const amounts = (storage: number, count: number): Amounts => ({ storage, count });
      return {
        counted: amounts(row.counted, row.artifactsCounted),
        found: amounts(row.found, row.artifactsFound),
      };
    },

    async mend(tx, projectId, at) {
      const q = within(tx);
      // The row first: whoever links a blob just now is waited for, and seen by the statement after.
      if (db.kind === 'postgres') {
        await sql`select 1 from project_blob where project_id = ${projectId} order by blob_id for update`.execute(q);
        await sql`select 1 from project_manifest where project_id = ${projectId} order by digest for update`.execute(q);
      }
      const quota = sql`from quota where quota.project_id = ${projectId}`;
      await sql`delete from project_blob where project_id = ${projectId} and blob_id not in (
        select there.blob_id from (select distinct repository_blob.blob_id from repository_blob
          join repository on repository.id = repository_blob.repository_id
          where repository.project_id = ${projectId} and repository_blob.loose = 0) as there)`.execute(q);
      await sql`delete from project_manifest where project_id = ${projectId} and digest not in (
        select manifest.digest from manifest join repository on repository.id = manifest.repository_id
          where repository.project_id = ${projectId})`.execute(q);
      await sql`insert into project_blob (project_id, blob_id, size)
        select distinct repository.project_id, blob.id, blob.size from repository_blob
          join repository on repository.id = repository_blob.repository_id
          join blob on blob.id = repository_blob.blob_id
          where repository.project_id = ${projectId} and repository_blob.loose = 0 on conflict do nothing`.execute(q);
      await sql`insert into project_manifest (project_id, digest, size)
        select repository.project_id, manifest.digest, max(manifest.size) from manifest
          join repository on repository.id = manifest.repository_id
          where repository.project_id = ${projectId} group by repository.project_id, manifest.digest
          on conflict do nothing`.execute(q);
      await sql`insert into quota_ledger (project_id, delta, count_delta)
        select quota.project_id,
          cast((select coalesce(sum(size), 0) from project_blob where project_id = ${projectId}) as bigint)
          + cast((select coalesce(sum(size), 0) from project_manifest where project_id = ${projectId}) as bigint)
          - (${running}), ${artifactsThere} - (${runningCount}) ${quota}`.execute(q);
      await q.updateTable('quota').set({ updated_at: at }).where('project_id', '=', projectId).execute();
    },
  };
}
