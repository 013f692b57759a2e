import { sql } from 'kysely';
import type { Viewer } from '#kernel/viewer';
import { type Db, escapeLike } from '#platform/db';

/** A project as search shows it. Times are milliseconds since the Unix epoch. */
export interface FoundProject {
  readonly id: number;
  readonly name: string;
  readonly public: boolean;
  readonly ownerId: number | undefined;
  readonly repositories: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface Counts {
  readonly publicProjects: number;
  readonly privateProjects: number;
  readonly publicRepositories: number;
  readonly privateRepositories: number;
}

export interface SearchReadModel {
  /** Projects with the text in their name, in the order of names. */
  projects(viewer: Viewer, text: string, limit: number): Promise<FoundProject[]>;
  /** What the viewer sees, counted. */
  count(viewer: Viewer): Promise<Counts>;
  /** Bytes of all content, each once. */
  storage(): Promise<number>;
}

function sees(viewer: Viewer) {
  if (viewer.kind === 'all') return sql<boolean>`1 = 1`;
  const ids = viewer.projectIds.length === 0 ? sql`1 = 0` : sql`project.id in (${sql.join(viewer.projectIds)})`;
  return viewer.publicToo ? sql<boolean>`(${ids} or project.public = 1)` : sql<boolean>`(${ids})`;
}

export function createSearchReadModel(db: Db): SearchReadModel {
  return {
    async projects(viewer, text, limit) {
      const rows = await db.read
        .selectFrom('project')
        .select([
          'id',
          'name',
          'public',
          'owner_id',
          'created_at',
          'updated_at',
          sql<number>`(select count(*) from repository where repository.project_id = project.id and held = 1)`.as(
            'repositories',
          ),
        ])
        .where(sees(viewer))
        .where(sql<boolean>`lower(name) like ${`%${escapeLike(text.toLowerCase())}%`} escape '!'`)
        .orderBy('name')
        .limit(limit)
        .execute();
      return rows.map((row) => ({
        id: row.id,
        name: row.name,
        public: row.public === 1,
        ownerId: row.owner_id ?? undefined,
        repositories: Number(row.repositories),
        createdAt: row.created_at,
        updatedAt: row.updated_at,
      }));
    },
    async count(viewer) {
      const projects = await db.read
        .selectFrom('project')
        .select(['public', sql<number>`count(*)`.as('count')])
        .where(sees(viewer))
        .groupBy('public')
        .execute();
      const repositories = await db.read
        .selectFrom('repository')
        .innerJoin('project', 'project.id', 'repository.project_id')
        .select(['project.public', sql<number>`count(*)`.as('count')])
        .where(sql<boolean>`repository.held = 1`)
        .where(sees(viewer))
        .groupBy('project.public')
        .execute();
      const pick = (rows: readonly { public: number; count: number }[], flag: number) =>
        Number(rows.find((row) => row.public === flag)?.count ?? 0);
      return {
        publicProjects: pick(projects, 1),
        privateProjects: pick(projects, 0),
        publicRepositories: pick(repositories, 1),
        privateRepositories: pick(repositories, 0),
      };
    },
    async storage() {
      const { bytes } = await db.read
        .selectFrom('blob')
        .select(sql<number>`coalesce(sum(size), 0)`.as('bytes'))
        .executeTakeFirstOrThrow();
      return Number(bytes);
    },
  };
}
