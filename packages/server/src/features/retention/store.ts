import type { Transaction } from '#kernel/transaction';
import { type Db, within } from '#platform/db';
import type { NewRetentionPolicy, RetentionPolicy, RetentionRule, RunningImage, RunningReport } from './types.ts';

export interface RetentionStore {
  find(id: number): Promise<RetentionPolicy | undefined>;
  findOf(projectId: number): Promise<RetentionPolicy | undefined>;
  /** Undefined where the project has one. */
  insert(tx: Transaction, projectId: number, policy: NewRetentionPolicy, at: number): Promise<number | undefined>;
  /** False where it is gone. */
  update(tx: Transaction, id: number, policy: NewRetentionPolicy, at: number): Promise<boolean>;
  delete(tx: Transaction, id: number): Promise<boolean>;
  listReports(projectId: number): Promise<RunningReport[]>;
  /** What clusters said they run. */
  listRunning(projectId: number): Promise<RunningImage[]>;
  /** Replaces what the cluster said before. False where too many clusters said something. */
  putReport(
    tx: Transaction,
    projectId: number,
    report: { cluster: string; images: readonly Omit<RunningImage, 'reportedAt'>[]; at: number },
    mostClusters: number,
  ): Promise<boolean>;
  deleteReport(tx: Transaction, projectId: number, cluster: string): Promise<boolean>;
}

interface Row {
  readonly id: number;
  readonly project_id: number;
  readonly rules: string;
  readonly cron: string;
}

const rowsPerStatement = 200;

const toPolicy = (row: Row): RetentionPolicy => ({
  id: row.id,
  projectId: row.project_id,
  rules: JSON.parse(row.rules) as RetentionRule[],
  cron: row.cron,
});

export function createRetentionStore(db: Db): RetentionStore {
  const findBy = async (column: 'id' | 'project_id', value: number) => {
    const row = await db.read
      .selectFrom('retention_policy')
      .select(['id', 'project_id', 'rules', 'cron'])
      .where(column, '=', value)
      .executeTakeFirst();
    return row && toPolicy(row);
  };
  return {
    find: (id) => findBy('id', id),
    findOf: (projectId) => findBy('project_id', projectId),

    async insert(tx, projectId, { rules, cron }, at) {
      const row = await within(tx)
        .insertInto('retention_policy')
        .values({ project_id: projectId, rules: JSON.stringify(rules), cron, created_at: at, updated_at: at })
        .onConflict((conflict) => conflict.column('project_id').doNothing())
        .returning('id')
        .executeTakeFirst();
      return row?.id;
    },

    async update(tx, id, { rules, cron }, at) {
      const updated = await within(tx)
        .updateTable('retention_policy')
        .set({ rules: JSON.stringify(rules), cron, updated_at: at })
        .where('id', '=', id)
        .executeTakeFirst();
      return updated.numUpdatedRows > 0n;
    },

    async delete(tx, id) {
      const deleted = await within(tx).deleteFrom('retention_policy').where('id', '=', id).executeTakeFirst();
      return deleted.numDeletedRows > 0n;
    },

    async listReports(projectId) {
      const rows = await db.read
        .selectFrom('running_report')
        .leftJoin('running_image', 'running_image.report_id', 'running_report.id')
        .select(({ fn }) => ['cluster', 'reported_at', fn.count<number>('running_image.id').as('images')])
        .where('project_id', '=', projectId)
        .groupBy(['cluster', 'reported_at'])
        .orderBy('cluster')
        .execute();
      return rows.map(({ cluster, reported_at: at, images }) => ({ cluster, images: Number(images), reportedAt: at }));
    },

    async listRunning(projectId) {
      const rows = await db.read
        .selectFrom('running_report')
        .innerJoin('running_image', 'running_image.report_id', 'running_report.id')
        .select(['repository', 'tag', 'digest', 'reported_at'])
        .where('project_id', '=', projectId)
        .execute();
      return rows.map((row) => ({
        repository: row.repository ?? undefined,
        tag: row.tag ?? undefined,
        digest: row.digest ?? undefined,
        reportedAt: row.reported_at,
      }));
    },

    async putReport(tx, projectId, { cluster, images, at }, mostClusters) {
      const q = within(tx);
      if (db.kind === 'postgres') {
        await q.selectFrom('project').select('id').where('id', '=', projectId).forNoKeyUpdate().execute();
      }
      await q.deleteFrom('running_report').where('project_id', '=', projectId).where('cluster', '=', cluster).execute();
      const { count } = await q
        .selectFrom('running_report')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('project_id', '=', projectId)
        .executeTakeFirstOrThrow();
      if (Number(count) >= mostClusters) return false;
      const { id } = await q
        .insertInto('running_report')
        .values({ project_id: projectId, cluster, reported_at: at })
        .returning('id')
        .executeTakeFirstOrThrow();
      const rows = images.map(({ repository, tag, digest }) => ({
        report_id: id,
        repository: repository ?? null,
        tag: tag ?? null,
        digest: digest ?? null,
      }));
      for (let from = 0; from < rows.length; from += rowsPerStatement) {
        await q
          .insertInto('running_image')
          .values(rows.slice(from, from + rowsPerStatement))
          .execute();
      }
      return true;
    },

    async deleteReport(tx, projectId, cluster) {
      const deleted = await within(tx)
        .deleteFrom('running_report')
        .where('project_id', '=', projectId)
        .where('cluster', '=', cluster)
        .executeTakeFirst();
      return deleted.numDeletedRows > 0n;
    },
  };
}
