import { type Kysely, sql } from 'kysely';
import type { Transaction } from '#kernel/transaction';
import { type Db, within } from '#platform/db';
import { archivedTables, type ArchivedTable } from './tables.ts';

/** A row as it was, by its columns. */
export type ArchivedRow = Readonly<Record<string, unknown>>;

export interface ArchivedProject {
  readonly deletionId: number;
  readonly projectId: number;
  readonly name: string;
}

export interface ProjectArchive {
  /** Copies every row of the project under the deletion, in the transaction that deletes it. */
  keep(tx: Transaction, deletionId: number, projectId: number): Promise<void>;
  /** Holds the deletion of a project until the end of the transaction, if its time is not over. */
  hold(tx: Transaction, deletionId: number, now: number): Promise<ArchivedProject | undefined>;
  /** Its rows of a table. */
  rowsOf(tx: Transaction, deletionId: number, table: string): Promise<ArchivedRow[]>;
  /** Makes the project again. False where there is one of its name by now. */
  putProject(tx: Transaction, row: ArchivedRow): Promise<boolean>;
  /** Writes rows of a table as they were. */
  put(tx: Transaction, table: string, rows: readonly ArchivedRow[]): Promise<void>;
  /** Gives the project the limits it had, under their id; the rest of its account begins anew. */
  putLimits(tx: Transaction, projectId: number, row: ArchivedRow): Promise<void>;
  /** Which of the ids are there. */
  present(tx: Transaction, table: 'user_account' | 'user_group' | 'role', ids: readonly number[]): Promise<Set<number>>;
  /** Takes the deletion out of the bin. */
  drop(tx: Transaction, deletionId: number): Promise<void>;
}

const rowsPerStatement = 200;

/** Tables by name: their columns are whatever they are when a project is deleted. */
const untyped = (tx: Transaction) => within(tx) as unknown as Kysely<Record<string, Record<string, unknown>>>;

export function createProjectArchive(db: Db): ProjectArchive {
  async function read(tx: Transaction, { name, by, of }: ArchivedTable, projectId: number): Promise<ArchivedRow[]> {
    const q = untyped(tx);
    if (of === undefined) return q.selectFrom(name).selectAll().where(by, '=', projectId).orderBy(by).execute();
    const owners = q.selectFrom(of).select('id').where('project_id', '=', projectId);
    return q.selectFrom(name).selectAll().where(by, 'in', owners).orderBy('id').execute();
  }
  async function inSlices<T>(rows: readonly T[], work: (some: T[]) => Promise<unknown>): Promise<void> {
    for (let at = 0; at < rows.length; at += rowsPerStatement) await work(rows.slice(at, at + rowsPerStatement));
  }
  return {
    async keep(tx, deletionId, projectId) {
      for (const table of archivedTables) {
        const rows = await read(tx, table, projectId);
        await inSlices(rows, (some) =>
          within(tx)
            .insertInto('deleted_project_row')
            .values(
              some.map((row) => ({
                deletion_id: deletionId,
                table_name: table.name,
                content: JSON.stringify(row),
              })),
            )
            .execute(),
        );
      }
    },
    async hold(tx, deletionId, now) {
      const query = within(tx)
        .selectFrom('deletion')
        .select(['id', 'project_id', 'project_name'])
        .where('id', '=', deletionId)
        .where('kind', '=', 'project')
        .where(sql<boolean>`expires_at > ${db.stamp(now)}`);
      const row = await (db.kind === 'postgres' ? query.forUpdate() : query).executeTakeFirst();
      return row && { deletionId, projectId: row.project_id, name: row.project_name };
    },
    async rowsOf(tx, deletionId, table) {
      const rows = await within(tx)
        .selectFrom('deleted_project_row')
        .select('content')
        .where('deletion_id', '=', deletionId)
        .where('table_name', '=', table)
        .orderBy('id')
        .execute();
      return rows.map(({ content }) => JSON.parse(content) as ArchivedRow);
    },
    async putProject(tx, row) {
      const made = await untyped(tx)
        .insertInto('project')
        .values(row)
        .onConflict((conflict) => conflict.column('name').doNothing())
        .executeTakeFirst();
      return made.numInsertedOrUpdatedRows === 1n;
    },
    put: (tx, table, rows) => inSlices(rows, (some) => untyped(tx).insertInto(table).values(some).execute()),
    async putLimits(tx, projectId, { id, hard, hard_count: hardCount }) {
      await within(tx)
        .updateTable('quota')
        .set({ id: Number(id), hard: Number(hard), hard_count: Number(hardCount) })
        .where('project_id', '=', projectId)
        .execute();
    },
    async present(tx, table, ids) {
      if (ids.length === 0) return new Set();
      const rows = await untyped(tx)
        .selectFrom(table)
        .select('id')
        .where('id', 'in', [...new Set(ids)])
        .execute();
      return new Set(rows.map(({ id }) => Number(id)));
    },
    async drop(tx, deletionId) {
      await within(tx).deleteFrom('deletion').where('id', '=', deletionId).execute();
    },
  };
}
