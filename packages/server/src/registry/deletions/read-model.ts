import type { Digest } from '@entrepot/oci/digest';
import type { RepositoryName } from '@entrepot/oci/repository-name';
import type { TagName } from '@entrepot/oci/tag';
import { sql } from 'kysely';
import type { Clock } from '#kernel/clock';
import type { ListQuery } from '#kernel/list-query';
import { applyConditions, applyPage, type Db, type ListColumns } from '#platform/db';
import type { DeletionOverview } from './types.ts';

/** An artifact in the bin, as lists show it. */
export interface DeletedArtifact {
  readonly digest: Digest;
  readonly mediaType: string;
  /** `IMAGE`, `CHART` and so on. */
  readonly type: string;
  readonly totalSize: number;
  readonly pushedAt: number;
  readonly attachedTo: Digest | undefined;
  readonly tags: readonly TagName[];
}

/** What can be had back. What is over does not show, whether it is removed yet or not. */
export interface DeletionReadModel {
  /** Of one project, or of all, the latest first. Fails with `query-invalid`. */
  list(
    projectId: number | undefined,
    list: ListQuery,
  ): Promise<{ readonly entries: DeletionOverview[]; readonly total: number }>;
  /** The deletion, if it was in this project; of any where none is given. */
  find(id: number, projectId: number | undefined): Promise<DeletionOverview | undefined>;
  /** The first artifacts of a deletion, with their tags. */
  artifactsOf(id: number, limit: number): Promise<DeletedArtifact[]>;
  /** The first tags of a deletion. */
  tagsOf(id: number, limit: number): Promise<{ readonly name: TagName; readonly digest: Digest }[]>;
}

const columns: ListColumns = {
  id: { ref: 'deletion.id', kind: 'number' },
  kind: { ref: 'deletion.kind', kind: 'text' },
  project_name: { ref: 'deletion.project_name', kind: 'text' },
  repository: { ref: 'deletion.repository', kind: 'text' },
  tag: { ref: 'deletion.tag', kind: 'text' },
  digest: { ref: 'deletion.digest', kind: 'text' },
  actor: { ref: 'deletion.actor', kind: 'text' },
  deleted_at: { ref: 'deletion.at', kind: 'time' },
  restorable_until: { ref: 'deletion.expires_at', kind: 'time' },
};

export function createDeletionReadModel(db: Db, clock: Clock): DeletionReadModel {
  const open = (projectId: number | undefined) => {
    const query = db.read.selectFrom('deletion').where(sql<boolean>`deletion.expires_at > ${db.stamp(clock())}`);
    return projectId === undefined ? query : query.where('deletion.project_id', '=', projectId);
  };

  async function load(ids: readonly number[]): Promise<DeletionOverview[]> {
    if (ids.length === 0) return [];
    const [rows, artifacts, tags] = await Promise.all([
      db.read.selectFrom('deletion').selectAll().where('id', 'in', ids).execute(),
      db.read
        .selectFrom('deleted_artifact')
        .select(['deletion_id', sql<number>`count(*)`.as('count'), sql<number>`sum(total_size)`.as('size')])
        .where('deletion_id', 'in', ids)
        .groupBy('deletion_id')
        .execute(),
      db.read
        .selectFrom('deleted_tag')
        .select(['deletion_id', sql<number>`count(*)`.as('count')])
        .where('deletion_id', 'in', ids)
        .groupBy('deletion_id')
        .execute(),
    ]);
    const artifactsOf = new Map(artifacts.map((row) => [row.deletion_id, row]));
    const tagsOf = new Map(tags.map((row) => [row.deletion_id, Number(row.count)]));
    const byId = new Map(
      rows.map((row) => [
        row.id,
        {
          id: row.id,
          kind: row.kind,
          projectId: row.project_id,
          projectName: row.project_name,
          repository: (row.repository ?? undefined) as RepositoryName | undefined,
          tag: (row.tag ?? undefined) as TagName | undefined,
          digest: (row.digest ?? undefined) as Digest | undefined,
          at: row.at,
          by: row.actor,
          expiresAt: row.expires_at,
          artifacts: Number(artifactsOf.get(row.id)?.count ?? 0),
          size: Number(artifactsOf.get(row.id)?.size ?? 0),
          tags: tagsOf.get(row.id) ?? 0,
        },
      ]),
    );
    return ids.flatMap((id) => byId.get(id) ?? []);
  }

  return {
    async list(projectId, list) {
      const query = applyConditions(open(projectId), list.conditions, columns);
      const page = applyPage(query, list, columns, { tie: 'deletion.id', first: [{ field: 'id', descending: true }] });
      const ids = (await page.select('deletion.id').execute()).map(({ id }) => id);
      const { total } = await query.select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow();
      return { entries: await load(ids), total: Number(total) };
    },
    async find(id, projectId) {
      const row = await open(projectId).select('deletion.id').where('deletion.id', '=', id).executeTakeFirst();
      return row && (await load([row.id]))[0];
    },
    async artifactsOf(id, limit) {
      const rows = await db.read
        .selectFrom('deleted_artifact')
        .select(['digest', 'media_type', 'type', 'total_size', 'pushed_at', 'accessory_of'])
        .where('deletion_id', '=', id)
        .orderBy('id')
        .limit(limit)
        .execute();
      if (rows.length === 0) return [];
      const tags = await db.read
        .selectFrom('deleted_tag')
        .select(['name', 'digest'])
        .where('deletion_id', '=', id)
        .where(
          'digest',
          'in',
          rows.map(({ digest }) => digest),
        )
        .orderBy('name')
        .execute();
      const tagsOf = Map.groupBy(tags, ({ digest }) => digest);
      return rows.map((row) => ({
        digest: row.digest as Digest,
        mediaType: row.media_type,
        type: row.type,
        totalSize: row.total_size,
        pushedAt: row.pushed_at,
        attachedTo: (row.accessory_of ?? undefined) as Digest | undefined,
        tags: (tagsOf.get(row.digest) ?? []).map(({ name }) => name as TagName),
      }));
    },
    async tagsOf(id, limit) {
      const rows = await db.read
        .selectFrom('deleted_tag')
        .select(['name', 'digest'])
        .where('deletion_id', '=', id)
        .orderBy('name')
        .limit(limit)
        .execute();
      return rows.map((row) => ({ name: row.name as TagName, digest: row.digest as Digest }));
    },
  };
}
