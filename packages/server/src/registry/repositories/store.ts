import type { RepositoryName } from '@entrepot/oci/repository-name';
import { RegistryError } from '#kernel/errors';
import type { Transaction } from '#kernel/transaction';
import type { Viewer } from '#kernel/viewer';
import type { Eventually } from '#kernel/eventually';
import { type Db, within } from '#platform/db';

export interface RepositoryFacts {
  readonly isPublic: boolean;
  readonly createdAt: number | undefined;
}

export interface RepositoryStore {
  find(projectId: number, name: RepositoryName): Eventually<{ readonly id: number } | undefined>;
  /** The repository's id; the repository is made if it is not there. */
  ensure(tx: Transaction, projectId: number, name: RepositoryName, at: number): Promise<number>;
  /** Writes what is said about a repository. */
  describe(tx: Transaction, id: number, description: string, at: number): Promise<void>;
  /** Says whether collection and retention leave the repository alone. Answers whether that is new. */
  setPinned(tx: Transaction, id: number, pinned: boolean): Promise<boolean>;
  /** Names of the repositories of a project that they leave alone. */
  pinned(projectId: number): Promise<string[]>;
  /** Whether the repository's project is public, and since when there is a repository of that name, if there is. */
  findFacts(tx: Transaction, projectId: number, name: string): Promise<RepositoryFacts>;
  /** Names of repositories that hold a manifest, in byte order after `after`, of the projects that the viewer sees. */
  list(viewer: Viewer, after: string, limit: number): Promise<string[]>;
}

export function createRepositoryStore(db: Db): RepositoryStore {
  const byName = db.prepareFirst<{ id: number }>((q, value) =>
    q
      .selectFrom('repository')
      .select('id')
      .where('name', '=', value('name'))
      .where('project_id', '=', value<number>('projectId')),
  );
  return {
    find: (projectId, name) => byName({ projectId, name }),
    async ensure(tx, projectId, name, at) {
      const q = within(tx);
      const named = q.selectFrom('repository').select('id').where('name', '=', name);
      const ours = named.where('project_id', '=', projectId);
      // The repository first, then what is in it: a deletion does so too, and neither waits for the other in a circle.
      const find = () => (db.kind === 'postgres' ? ours.forKeyShare() : ours).executeTakeFirst();
      const known = await find();
      if (known !== undefined) return known.id;
      const made = await q
        .insertInto('repository')
        .values({ project_id: projectId, name, created_at: at })
        .onConflict((conflict) => conflict.column('name').doNothing())
        .returning('id')
        .executeTakeFirst();
      // A push that ran at the same time made it first, or the project was removed and its name is another's now.
      return (made ?? (await find()) ?? fail(name)).id;
    },
    async describe(tx, id, description, at) {
      await within(tx).updateTable('repository').set({ description, updated_at: at }).where('id', '=', id).execute();
    },
    async setPinned(tx, id, pinned) {
      const set = await within(tx)
        .updateTable('repository')
        .set({ pinned: pinned ? 1 : 0 })
        .where('id', '=', id)
        .where('pinned', '=', pinned ? 0 : 1)
        .executeTakeFirst();
      return set.numUpdatedRows > 0n;
    },
    async pinned(projectId) {
      const rows = await db.read
        .selectFrom('repository')
        .select('name')
        .where('project_id', '=', projectId)
        .where('pinned', '=', 1)
        .orderBy('name')
        .execute();
      return rows.map(({ name }) => name);
    },
    async findFacts(tx, projectId, name) {
      const row = await within(tx)
        .selectFrom('project')
        .leftJoin('repository', (join) =>
          join.onRef('repository.project_id', '=', 'project.id').on('repository.name', '=', name),
        )
        .select(['project.public', 'repository.created_at'])
        .where('project.id', '=', projectId)
        .executeTakeFirst();
      return { isPublic: row?.public === 1, createdAt: row?.created_at ?? undefined };
    },
    async list(viewer, after, limit) {
      let query = db.read
        .selectFrom('repository')
        .select('name')
        .where('name', '>', after)
        .where((where) =>
          where.exists(
            where
              .selectFrom('manifest')
              .select('manifest.id')
              .whereRef('manifest.repository_id', '=', 'repository.id')
              .limit(1),
          ),
        );
      if (viewer.kind === 'some') {
        const { projectIds, publicToo } = viewer;
        query = query.where((where) =>
          where.or([
            ...(projectIds.length > 0 ? [where('project_id', 'in', projectIds)] : []),
            ...(publicToo
              ? [where('project_id', 'in', where.selectFrom('project').select('id').where('public', '=', 1))]
              : []),
          ]),
        );
      }
      const rows = await query.orderBy('name').limit(limit).execute();
      return rows.map((row) => row.name);
    },
  };
}

function fail(name: RepositoryName): never {
  throw new RegistryError('project-not-found', `The project of ${name} is not there any more.`);
}
