import type { Transaction } from '#kernel/transaction';
import type { Eventually } from '#kernel/eventually';
import { type Db, within } from '#platform/db';
import type { Project } from '#tenancy/access';

export interface ProjectStore {
  find(name: string): Eventually<Project | undefined>;
  findById(id: number): Promise<Project | undefined>;
  insert(
    tx: Transaction,
    project: { name: string; public: boolean; ownerId: number | undefined; ownerName?: string; at: number },
  ): Promise<number | undefined>;
  /** False when the project is not there any more. Holds it against other changes until the transaction ends. */
  touch(tx: Transaction, id: number, at: number): Promise<boolean>;
  setPublic(tx: Transaction, id: number, isPublic: boolean): Promise<void>;
  /** Sets an entry that is not `public`. */
  putMetadata(tx: Transaction, id: number, name: string, value: string): Promise<void>;
  removeMetadata(tx: Transaction, id: number, name: string): Promise<void>;
  holdsRepositories(tx: Transaction, id: number): Promise<boolean>;
  /** Removes the project and all in it. The stages of its uploads are left in `abandoned_stage`. */
  delete(tx: Transaction, id: number): Promise<void>;
}

interface ProjectRow {
  readonly id: number;
  readonly name: string;
  readonly public: number;
}

const toProject = (row: ProjectRow): Project => ({ id: row.id, name: row.name, public: row.public === 1 });

export function createProjectStore(db: Db): ProjectStore {
  const byName = db.prepareFirst<ProjectRow>((q, value) =>
    q.selectFrom('project').select(['id', 'name', 'public']).where('name', '=', value('name')),
  );
  return {
    find(name) {
      const row = byName({ name });
      return row instanceof Promise ? row.then((found) => found && toProject(found)) : row && toProject(row);
    },
    async findById(id) {
      const row = await db.read
        .selectFrom('project')
        .select(['id', 'name', 'public'])
        .where('id', '=', id)
        .executeTakeFirst();
      return row && toProject(row);
    },
    async insert(tx, project) {
      const row = await within(tx)
        .insertInto('project')
        .values({
          name: project.name,
          public: project.public ? 1 : 0,
          owner_id: project.ownerId ?? null,
          owner_name: project.ownerName ?? '',
          created_at: project.at,
          updated_at: project.at,
        })
        .onConflict((conflict) => conflict.column('name').doNothing())
        .returning('id')
        .executeTakeFirst();
      return row?.id;
    },
    async touch(tx, id, at) {
      const touched = await within(tx)
        .updateTable('project')
        .set({ updated_at: at })
        .where('id', '=', id)
        .executeTakeFirst();
      return touched.numUpdatedRows > 0n;
    },
    async setPublic(tx, id, isPublic) {
      await within(tx)
        .updateTable('project')
        .set({ public: isPublic ? 1 : 0 })
        .where('id', '=', id)
        .execute();
    },
    async putMetadata(tx, id, name, value) {
      await within(tx)
        .insertInto('project_metadata')
        .values({ project_id: id, name, value })
        .onConflict((conflict) => conflict.columns(['project_id', 'name']).doUpdateSet({ value }))
        .execute();
    },
    async removeMetadata(tx, id, name) {
      await within(tx).deleteFrom('project_metadata').where('project_id', '=', id).where('name', '=', name).execute();
    },
    async holdsRepositories(tx, id) {
      const held = await within(tx)
        .selectFrom('manifest')
        .innerJoin('repository', 'repository.id', 'manifest.repository_id')
        .select('manifest.id')
        .where('repository.project_id', '=', id)
        .limit(1)
        .executeTakeFirst();
      return held !== undefined;
    },
    async delete(tx, id) {
      const q = within(tx);
      const repositories = q.selectFrom('repository').select('id').where('project_id', '=', id);
      // Their bytes are not the database's: who stages them drops them after the commit.
      await q
        .insertInto('abandoned_stage')
        .columns(['id', 'stage', 'held_until'])
        .expression(
          q.selectFrom('upload').select(['id', 'stage', 'locked_until']).where('repository_id', 'in', repositories),
        )
        .execute();
      await q.deleteFrom('upload').where('repository_id', 'in', repositories).execute();
      await q.deleteFrom('repository_blob').where('repository_id', 'in', repositories).execute();
      await q.deleteFrom('repository').where('project_id', '=', id).execute();
      await q.deleteFrom('project').where('id', '=', id).execute();
    },
  };
}
