import type { Digest } from '@entrepot/oci/digest';
import { type Kysely, type SelectQueryBuilder, sql } from 'kysely';
import { RegistryError } from '#kernel/errors';
import type { Condition, ListQuery } from '#kernel/list-query';
import { applyConditions, applyPage, type Db, escapeLike, type ListColumns } from '#platform/db';
import type { Found } from './parts/types.ts';
import type { Artifact, ArtifactScope } from './types.ts';

export interface ArtifactReadModel {
  /** A page of what lists show. Fails with `query-invalid`. */
  list(scope: ArtifactScope, list: ListQuery): Promise<Found<Artifact>>;
  /** Artifacts by their ids, shown in lists or not, in the order of the ids. */
  load(ids: readonly number[]): Promise<Artifact[]>;
}

const columns: ListColumns = {
  id: { ref: 'manifest.id', kind: 'number' },
  digest: { ref: 'manifest.digest', kind: 'text' },
  type: { ref: 'manifest.type', kind: 'text' },
  media_type: { ref: 'manifest.config_type', kind: 'text' },
  manifest_media_type: { ref: 'manifest.media_type', kind: 'text' },
  artifact_type: { ref: 'manifest.artifact_type', kind: 'text' },
  size: { ref: 'manifest.total_size', kind: 'number' },
  push_time: { ref: 'manifest.pushed_at', kind: 'time' },
  pull_time: { ref: 'manifest.pulled_at', kind: 'time' },
};

type Tables = Db['read'] extends Kysely<infer T> ? T : never;
type Query = SelectQueryBuilder<Tables, 'manifest', { id: number }>;

export function createArtifactReadModel(db: Db): ArtifactReadModel {
  function inScope(scope: ArtifactScope): Query {
    const query = db.read
      .selectFrom('manifest')
      .select('manifest.id')
      // Written out, not as a value: SQLite takes its partial index only then.
      .where(sql<boolean>`manifest.listed = 1`);
    if (scope.kind === 'repository') return query.where('manifest.repository_id', '=', scope.repositoryId);
    const ofProject = query.where('manifest.project_id', '=', scope.projectId);
    if (!scope.latestOnly) return ofProject;
    return ofProject.where(
      sql<boolean>`manifest.id = (select newest.id from manifest newest
        where newest.repository_id = manifest.repository_id and newest.listed = 1
        order by newest.pushed_at desc, newest.id desc limit 1)`,
    );
  }

  async function load(ids: readonly number[]): Promise<Artifact[]> {
    if (ids.length === 0) return [];
    const rows = await db.read
      .selectFrom('manifest')
      .innerJoin('repository', 'repository.id', 'manifest.repository_id')
      .leftJoin('manifest_detail', 'manifest_detail.manifest_id', 'manifest.id')
      .select([
        'manifest.id',
        'repository.project_id',
        'manifest.repository_id',
        'repository.name',
        'manifest.digest',
        'manifest.media_type',
        'manifest.artifact_type',
        'manifest.type',
        'manifest.config_type',
        'manifest.total_size',
        'manifest.pushed_at',
        'manifest.pulled_at',
        'manifest.described',
        'manifest_detail.extra_attrs',
        'manifest_detail.annotations',
      ])
      .where('manifest.id', 'in', ids)
      .execute();
    const byId = new Map(
      rows.map((row) => [
        row.id,
        {
          id: row.id,
          projectId: row.project_id,
          repositoryId: row.repository_id,
          repository: row.name,
          digest: row.digest as Digest,
          mediaType: row.media_type,
          artifactType: row.artifact_type ?? undefined,
          type: row.type,
          configType: row.config_type,
          size: row.total_size,
          pushedAt: row.pushed_at,
          pulledAt: row.pulled_at,
          described: row.described === 1,
          extraAttrs: row.extra_attrs === null ? {} : (JSON.parse(row.extra_attrs) as Record<string, unknown>),
          annotations: row.annotations === null ? undefined : (JSON.parse(row.annotations) as Record<string, string>),
        },
      ]),
    );
    return ids.flatMap((id) => byId.get(id) ?? []);
  }

  return {
    load,
    async list(scope, list) {
      const own = list.conditions.filter(({ field }) => field !== 'tags' && field !== 'labels');
      const filtered = list.conditions
        .filter((condition) => !own.includes(condition))
        .reduce(
          (query, condition) => (condition.field === 'tags' ? whereTags : whereLabels)(query, condition, scope),
          applyConditions(inScope(scope), own, columns) as Query,
        );
      const { ids, total } = await findPage(filtered, list);
      return { entries: await load(ids), total };
    },
  };
}

async function findPage(query: Query, list: ListQuery): Promise<{ ids: number[]; total: number }> {
  const read = async (asked: ListQuery, offset: number) => {
    const page = applyPage(query, asked, columns, { tie: 'manifest.id' }).offset(offset);
    return (await page.execute()).map(({ id }) => id);
  };
  const { pageSize } = list;
  const sort = list.sort.length > 0 ? list.sort : [{ field: 'push_time', descending: true }];
  const before = (list.page - 1) * pageSize;
  if (before === 0) {
    const ids = await read({ ...list, sort }, 0);
    // A page that is not full tells the total by itself.
    return { ids, total: ids.length < pageSize ? ids.length : await countOf(query) };
  }
  const total = await countOf(query);
  const size = Math.min(pageSize, total - before);
  if (size <= 0) return { ids: [], total };
  if (before <= total / 2) return { ids: await read({ ...list, sort }, before), total };
  // The last pages are the first ones from the other end.
  const reversed = sort.map(({ field, descending }) => ({ field, descending: !descending }));
  const ids = await read({ ...list, sort: reversed, pageSize: size }, total - before - size);
  return { ids: ids.toReversed(), total };
}

async function countOf(query: Query): Promise<number> {
  const { total } = await query.clearSelect().select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow();
  return Number(total);
}

/** `tags=*` is tagged, `tags=nil` is not; everything else is about the names of the tags. */
function whereTags(query: Query, condition: Condition, scope: ArtifactScope): Query {
  const anyTag = sql`select 1 from tag where tag.manifest_id = manifest.id`;
  if (condition.kind === 'is' && condition.value === '*') return query.where(sql<boolean>`exists (${anyTag})`);
  if (condition.kind === 'is' && condition.value === 'nil') return query.where(sql<boolean>`not exists (${anyTag})`);
  const places =
    scope.kind === 'repository'
      ? sql`${scope.repositoryId}`
      : sql`select id from repository where project_id = ${scope.projectId}`;
  const tagged = (name: ReturnType<typeof sql>) =>
    sql<boolean>`manifest.id in (select manifest_id from tag where repository_id in (${places}) and ${name})`;
  switch (condition.kind) {
    case 'is':
      return query.where(tagged(sql`name = ${plain(condition.value)}`));
    case 'like':
      return query.where(
        tagged(sql`lower(name) like ${`%${escapeLike(plain(condition.value).toLowerCase())}%`} escape '!'`),
      );
    case 'any':
      return query.where(tagged(sql`name in (${sql.join(condition.values.map(plain))})`));
    case 'all':
      return condition.values.reduce((each, name) => each.where(tagged(sql`name = ${plain(name)}`)), query);
    case 'between':
      throw new RegistryError('query-invalid', 'query.q: tags takes no range.');
  }
}

function whereLabels(query: Query, condition: Condition): Query {
  if (condition.kind === 'between' || condition.kind === 'like') {
    throw new RegistryError('query-invalid', 'query.q: labels takes ids of labels, as (1 2) or {1 2}.');
  }
  const ids = ('values' in condition ? condition.values : [condition.value]).map(labelId);
  const labelled = (some: readonly number[]) =>
    sql<boolean>`manifest.id in (select manifest_id from artifact_label where label_id in (${sql.join(some)}))`;
  if (condition.kind === 'any') return query.where(labelled(ids));
  return ids.reduce((each, id) => each.where(labelled([id])), query);
}

function labelId(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new RegistryError('query-invalid', 'query.q: labels takes ids of labels.');
  return Number(text);
}

function plain(text: string): string {
  if (text.includes('\0')) throw new RegistryError('query-invalid', 'query.q: tags takes no NUL.');
  return text;
}
