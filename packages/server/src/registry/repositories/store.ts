import type { RepositoryName } from '@entrepot/oci/repository-name';
import { RegistryError } from '#kernel/errors';
import type { Transaction } from '#kernel/transaction';
import type { Eventually } from '#kernel/eventually';
import { type Db, within } from '#platform/db';

export interface RepositoryStore {
  find(projectId: number, name: RepositoryName): Eventually<{ readonly id: number } | undefined>;
  /** The repository's id; the repository is made if it is not there. */
  ensure(tx: Transaction, projectId: number, name: RepositoryName, at: number): Promise<number>;
  /**
   * Names of repositories that hold a manifest, in byte order after `after`: of the given projects, or of all.
   */
  list(projects: readonly number[] | 'all', after: string, limit: number): Promise<string[]>;
  /** The projects an account may list: public ones and those it is a member of. */
  listableProjects(userId: number | undefined, publicToo: boolean): Promise<number[]>;
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
      const find = () => named.where('project_id', '=', projectId).executeTakeFirst();
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
    async list(projects, after, limit) {
      if (projects !== 'all' && projects.length === 0) return [];
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
      if (projects !== 'all') query = query.where('project_id', 'in', projects);
      const rows = await query.orderBy('name').limit(limit).execute();
      return rows.map((row) => row.name);
    },
    async listableProjects(userId, publicToo) {
      const rows = await db.read
        .selectFrom('project')
        .select('id')
        .where((where) =>
          where.or([
            ...(publicToo ? [where('public', '=', 1)] : []),
            where(
              'id',
              'in',
              where
                .selectFrom('project_member')
                .select('project_id')
                .where('user_id', '=', userId ?? -1),
            ),
          ]),
        )
        .execute();
      return rows.map((row) => row.id);
    },
  };
}

function fail(name: RepositoryName): never {
  throw new RegistryError('project-not-found', `The project of ${name} is not there any more.`);
}
