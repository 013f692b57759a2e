import type { Kysely, SelectQueryBuilder } from 'kysely';
import type { Condition, ListQuery } from '#kernel/list-query';
import type { Viewer } from '#kernel/viewer';
import { applyConditions, applyPage, type Db, type ListColumns } from '#platform/db';
import type { ProjectMetadata } from './metadata.ts';
import type { ProjectDetail } from './types.ts';

export interface ProjectReadModel {
  get(id: number): Promise<ProjectDetail | undefined>;
  /** The projects that the viewer sees; without detail, metadata and counts are left out. */
  list(
    viewer: Viewer,
    list: ListQuery,
    options: { readonly conditions: readonly Condition[]; readonly withDetail: boolean },
  ): Promise<{ readonly projects: readonly ProjectDetail[]; readonly total: number }>;
  metadataOf(id: number): Promise<ProjectMetadata>;
}

const columns: ListColumns = {
  name: { ref: 'project.name', kind: 'text' },
  project_id: { ref: 'project.id', kind: 'number' },
  public: { ref: 'project.public', kind: 'flag' },
  owner: { ref: 'project.owner_name', kind: 'text' },
  owner_name: { ref: 'project.owner_name', kind: 'text' },
  owner_id: { ref: 'project.owner_id', kind: 'number' },
  creation_time: { ref: 'project.created_at', kind: 'time' },
  update_time: { ref: 'project.updated_at', kind: 'time' },
};

interface Row {
  readonly id: number;
  readonly name: string;
  readonly public: number;
  readonly owner_id: number | null;
  readonly owner_name: string;
  readonly created_at: number;
  readonly updated_at: number;
}

const selected = ['id', 'name', 'public', 'owner_id', 'owner_name', 'created_at', 'updated_at'] as const;

const flagText = (flag: number) => (flag === 1 ? 'true' : 'false');

export function createProjectReadModel(db: Db): ProjectReadModel {
  async function metadataOf(ids: readonly number[]): Promise<Map<number, Record<string, string>>> {
    const found = new Map<number, Record<string, string>>();
    const rows = await db.read.selectFrom('project_metadata').selectAll().where('project_id', 'in', ids).execute();
    for (const row of rows) {
      const own = found.get(row.project_id) ?? {};
      own[row.name] = row.value;
      found.set(row.project_id, own);
    }
    return found;
  }

  async function countRepositories(ids: readonly number[]): Promise<Map<number, number>> {
    const rows = await db.read
      .selectFrom('repository')
      .select((q) => ['project_id', q.fn.countAll<number>().as('held')])
      .where('project_id', 'in', ids)
      .where((where) =>
        where.exists(
          where
            .selectFrom('manifest')
            .select('manifest.id')
            .whereRef('manifest.repository_id', '=', 'repository.id')
            .limit(1),
        ),
      )
      .groupBy('project_id')
      .execute();
    return new Map(rows.map((row) => [row.project_id, Number(row.held)]));
  }

  async function complete(rows: readonly Row[], withDetail: boolean): Promise<ProjectDetail[]> {
    const ids = rows.map(({ id }) => id);
    const more = withDetail && ids.length > 0;
    const metadata = more ? await metadataOf(ids) : new Map<number, Record<string, string>>();
    const repositories = more ? await countRepositories(ids) : new Map<number, number>();
    return rows.map((row) => ({
      id: row.id,
      name: row.name,
      public: row.public === 1,
      ownerId: row.owner_id ?? undefined,
      ownerName: row.owner_name,
      metadata: { public: flagText(row.public), ...metadata.get(row.id) },
      repositories: repositories.get(row.id) ?? 0,
      createdAt: row.created_at,
      updatedAt: row.updated_at,
    }));
  }

  function seenBy<O>(query: SelectQueryBuilder<Database, 'project', O>, viewer: Viewer) {
    if (viewer.kind === 'all') return query;
    const { projectIds, publicToo } = viewer;
    return query.where((where) =>
      where.or([
        ...(projectIds.length > 0 ? [where('project.id', 'in', projectIds)] : []),
        ...(publicToo ? [where('project.public', '=', 1)] : []),
      ]),
    );
  }

  return {
    async get(id) {
      const row = await db.read.selectFrom('project').select(selected).where('id', '=', id).executeTakeFirst();
      return row && (await complete([row], true))[0];
    },
    async list(viewer, list, { conditions, withDetail }) {
      const all = [...list.conditions, ...conditions];
      const asked = seenBy(applyConditions(db.read.selectFrom('project'), all, columns), viewer);
      const page = applyPage(asked.select(selected), list, columns, {
        tie: 'project.id',
        first: [{ field: 'name', descending: false }],
      });
      const rows = await page.execute();
      const { total } = await asked.select((q) => q.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
      return { projects: await complete(rows, withDetail), total: Number(total) };
    },
    async metadataOf(id) {
      const row = await db.read.selectFrom('project').select('public').where('id', '=', id).executeTakeFirst();
      return row === undefined ? {} : { public: flagText(row.public), ...(await metadataOf([id])).get(id) };
    },
  };
}

type Database = Db['read'] extends Kysely<infer D> ? D : never;
