import { type Kysely, type SelectQueryBuilder, sql } from 'kysely';
import { RegistryError } from '#kernel/errors';
import type { Condition, ListQuery } from '#kernel/list-query';
import type { Viewer } from '#kernel/viewer';
import { applyConditions, applyPage, type Db, escapeLike, type ListColumns } from '#platform/db';

/** A repository as lists show it. Times are milliseconds since the Unix epoch. */
export interface RepositoryOverview {
  readonly id: number;
  readonly projectId: number;
  readonly projectName: string;
  readonly projectPublic: boolean;
  /** With its project's. */
  readonly name: string;
  readonly description: string;
  readonly artifactCount: number;
  readonly pullCount: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface RepositoryReadModel {
  /** Repositories that hold something: of a project, or of all that the viewer sees. Fails with `query-invalid`. */
  list(
    scope: { readonly projectId: number } | { readonly viewer: Viewer },
    list: ListQuery,
  ): Promise<{ entries: RepositoryOverview[]; total: number }>;
  /** The repository if it holds something. */
  find(projectId: number, name: string): Promise<RepositoryOverview | undefined>;
  /** Repositories with the text in their name, in the order of names. */
  search(viewer: Viewer, text: string, limit: number): Promise<RepositoryOverview[]>;
}

const columns: ListColumns = {
  id: { ref: 'repository.id', kind: 'number' },
  repository_id: { ref: 'repository.id', kind: 'number' },
  project_id: { ref: 'repository.project_id', kind: 'number' },
  name: { ref: 'repository.name', kind: 'text' },
  pull_count: { ref: 'repository.pull_count', kind: 'number' },
  creation_time: { ref: 'repository.created_at', kind: 'time' },
  update_time: { ref: 'repository.updated_at', kind: 'time' },
};

type Tables = Db['read'] extends Kysely<infer T> ? T : never;
type Query = SelectQueryBuilder<Tables, 'repository', Record<never, never>>;

export function createRepositoryReadModel(db: Db): RepositoryReadModel {
  // Written out, not as a value: SQLite takes its partial index only then.
  const held = (): Query => db.read.selectFrom('repository').where(sql<boolean>`repository.held = 1`);

  async function load(ids: readonly number[]): Promise<RepositoryOverview[]> {
    if (ids.length === 0) return [];
    const [rows, counts] = await Promise.all([
      db.read
        .selectFrom('repository')
        .innerJoin('project', 'project.id', 'repository.project_id')
        .selectAll('repository')
        .select(['project.name as projectName', 'project.public as projectPublic'])
        .where('repository.id', 'in', ids)
        .execute(),
      db.read
        .selectFrom('manifest')
        .select(['repository_id', sql<number>`count(*)`.as('artifacts')])
        .where('repository_id', 'in', ids)
        .where(sql<boolean>`listed = 1`)
        .groupBy('repository_id')
        .execute(),
    ]);
    const artifacts = new Map(counts.map((row) => [row.repository_id, Number(row.artifacts)]));
    const byId = new Map(
      rows.map((row) => [
        row.id,
        {
          id: row.id,
          projectId: row.project_id,
          projectName: row.projectName,
          projectPublic: row.projectPublic === 1,
          name: row.name,
          description: row.description,
          artifactCount: artifacts.get(row.id) ?? 0,
          pullCount: row.pull_count,
          createdAt: row.created_at,
          updatedAt: row.updated_at,
        },
      ]),
    );
    return ids.flatMap((id) => byId.get(id) ?? []);
  }

  return {
    async list(scope, list) {
      const place = 'viewer' in scope ? seenBy(held(), scope.viewer) : held().where('project_id', '=', scope.projectId);
      const own = list.conditions.filter(({ field }) => field !== 'blob_digest');
      const query = list.conditions
        .filter((condition) => !own.includes(condition))
        .reduce(whereBlob, applyConditions(place, own, columns) as Query);
      const page = applyPage(query, list, columns, {
        tie: 'repository.id',
        first: [{ field: 'creation_time', descending: true }],
      });
      const ids = (await page.select('repository.id').execute()).map(({ id }) => id);
      const { total } = await query.select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow();
      return { entries: await load(ids), total: Number(total) };
    },
    async find(projectId, name) {
      const row = await held()
        .select('repository.id')
        .where('repository.name', '=', name)
        .where('repository.project_id', '=', projectId)
        .executeTakeFirst();
      return row && (await load([row.id]))[0];
    },
    async search(viewer, text, limit) {
      const rows = await seenBy(held(), viewer)
        .select('repository.id')
        .where(sql<boolean>`lower(repository.name) like ${`%${escapeLike(text.toLowerCase())}%`} escape '!'`)
        .orderBy('repository.name')
        .limit(limit)
        .execute();
      return load(rows.map(({ id }) => id));
    },
  };
}

function seenBy(query: Query, viewer: Viewer): Query {
  if (viewer.kind === 'all') return query;
  const { projectIds, publicToo } = viewer;
  return query.where((where) =>
    where.or([
      ...(projectIds.length > 0 ? [where('repository.project_id', 'in', projectIds)] : []),
      ...(publicToo
        ? [where('repository.project_id', 'in', where.selectFrom('project').select('id').where('public', '=', 1))]
        : []),
    ]),
  );
}

/** Who copies from another registry asks where a blob is already. */
function whereBlob(query: Query, condition: Condition): Query {
  if (condition.kind !== 'is') throw new RegistryError('query-invalid', 'query.q: blob_digest takes one digest.');
  return query.where(
    sql<boolean>`repository.id in (select repository_blob.repository_id from repository_blob
      join blob on blob.id = repository_blob.blob_id where blob.digest = ${condition.value})`,
  );
}
