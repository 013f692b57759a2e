import { sql } from 'kysely';
import type { ListQuery } from '#kernel/list-query';
import type { Transaction } from '#kernel/transaction';
import { applyConditions, applyPage, type Db, type ListColumns, within } from '#platform/db';
import type { Label, LabelFields } from './types.ts';

export interface LabelStore {
  find(id: number): Promise<Label | undefined>;
  /** Of a project, or of the registry where there is none. Fails with `query-invalid`. */
  list(projectId: number | undefined, list: ListQuery): Promise<{ entries: Label[]; total: number }>;
  /** The new label's id; undefined when there is one of that name. */
  insert(
    tx: Transaction,
    label: LabelFields & { projectId: number | undefined; at: number },
  ): Promise<number | undefined>;
  /** False when there is another one of that name. */
  update(tx: Transaction, label: Label, fields: LabelFields, at: number): Promise<boolean>;
  delete(tx: Transaction, id: number): Promise<boolean>;
  /** False when the label is on the artifact already. */
  attach(tx: Transaction, manifestId: number, labelId: number, at: number): Promise<boolean>;
  /** False when the label was not on the artifact. */
  detach(tx: Transaction, manifestId: number, labelId: number): Promise<boolean>;
  /** The labels on these artifacts. */
  on(manifestIds: readonly number[]): Promise<{ manifestId: number; label: Label }[]>;
}

const columns: ListColumns = {
  id: { ref: 'label.id', kind: 'number' },
  name: { ref: 'label.name', kind: 'text' },
  color: { ref: 'label.color', kind: 'text' },
  creation_time: { ref: 'label.created_at', kind: 'time' },
  update_time: { ref: 'label.updated_at', kind: 'time' },
};

interface LabelRow {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly color: string;
  readonly project_id: number | null;
  readonly created_at: number;
  readonly updated_at: number;
}

const toLabel = (row: LabelRow): Label => ({
  id: row.id,
  name: row.name,
  description: row.description,
  color: row.color,
  projectId: row.project_id ?? undefined,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

export function createLabelStore(db: Db): LabelStore {
  const inProject = (projectId: number | undefined) => sql<boolean>`coalesce(project_id, 0) = ${projectId ?? 0}`;
  return {
    async find(id) {
      const row = await db.read.selectFrom('label').selectAll().where('id', '=', id).executeTakeFirst();
      return row && toLabel(row);
    },
    async list(projectId, list) {
      const query = applyConditions(db.read.selectFrom('label').where(inProject(projectId)), list.conditions, columns);
      const page = applyPage(query, list, columns, {
        tie: 'label.id',
        first: [{ field: 'creation_time', descending: true }],
      });
      const { total } = await query.select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow();
      return { entries: (await page.selectAll().execute()).map(toLabel), total: Number(total) };
    },
    async insert(tx, { projectId, at, name, description, color }) {
      const values = { name, description, color, project_id: projectId ?? null, created_at: at, updated_at: at };
      const row = await within(tx)
        .insertInto('label')
        .values(values)
        .onConflict((conflict) => conflict.doNothing())
        .returning('id')
        .executeTakeFirst();
      return row?.id;
    },
    async update(tx, label, { name, description, color }, at) {
      const q = within(tx);
      const other = await q
        .selectFrom('label')
        .select('id')
        .where(inProject(label.projectId))
        .where('name', '=', name)
        .where('id', '!=', label.id)
        .executeTakeFirst();
      if (other !== undefined) return false;
      const values = { name, description, color, updated_at: at };
      await q.updateTable('label').set(values).where('id', '=', label.id).execute();
      return true;
    },
    async delete(tx, id) {
      const result = await within(tx).deleteFrom('label').where('id', '=', id).executeTakeFirst();
      return result.numDeletedRows > 0n;
    },
    async attach(tx, manifestId, labelId, at) {
      const row = await within(tx)
        .insertInto('artifact_label')
        .values({ manifest_id: manifestId, label_id: labelId, created_at: at })
        .onConflict((conflict) => conflict.doNothing())
        .returning('label_id')
        .executeTakeFirst();
      return row !== undefined;
    },
    async detach(tx, manifestId, labelId) {
      const result = await within(tx)
        .deleteFrom('artifact_label')
        .where('manifest_id', '=', manifestId)
        .where('label_id', '=', labelId)
        .executeTakeFirst();
      return result.numDeletedRows > 0n;
    },
    async on(manifestIds) {
      if (manifestIds.length === 0) return [];
      const rows = await db.read
        .selectFrom('artifact_label')
        .innerJoin('label', 'label.id', 'artifact_label.label_id')
        .selectAll('label')
        .select('artifact_label.manifest_id')
        .where('artifact_label.manifest_id', 'in', manifestIds)
        .orderBy('label.id')
        .execute();
      return rows.map((row) => ({ manifestId: row.manifest_id, label: toLabel(row) }));
    },
  };
}
