import { sql } from 'kysely';
import type { ListQuery } from '#kernel/list-query';
import { applyConditions, applyPage, type Db, type ListColumns } from '#platform/db';
import type { Accessory, ArtifactChild, ArtifactTag, Found, Whole } from './types.ts';

/** What is shown beside artifacts: for a whole page in one statement each. */
export interface ArtifactPartsReadModel {
  tagsOf(ids: readonly number[]): Promise<ArtifactTag[]>;
  listTags(artifactId: number, list: ListQuery): Promise<Found<ArtifactTag>>;
  childrenOf(ids: readonly number[]): Promise<ArtifactChild[]>;
  accessoriesOf(artifacts: readonly Whole[]): Promise<Accessory[]>;
  listAccessories(artifact: Whole, list: ListQuery): Promise<Found<Accessory>>;
  /** What is attached to the indexes that the artifacts are parts of; `subjectId` is the part's. */
  inheritedBy(ids: readonly number[]): Promise<Accessory[]>;
}

const tagColumns: ListColumns = {
  id: { ref: 'tag.id', kind: 'number' },
  name: { ref: 'tag.name', kind: 'text' },
  push_time: { ref: 'tag.pushed_at', kind: 'time' },
  pull_time: { ref: 'tag.pulled_at', kind: 'time' },
};

const accessoryColumns: ListColumns = {
  id: { ref: 'manifest.id', kind: 'number' },
  digest: { ref: 'manifest.digest', kind: 'text' },
  type: { ref: 'manifest.accessory_type', kind: 'text' },
  size: { ref: 'manifest.total_size', kind: 'number' },
  creation_time: { ref: 'manifest.pushed_at', kind: 'time' },
};

const tagFields = [
  'tag.id',
  'tag.repository_id as repositoryId',
  'tag.manifest_id as artifactId',
  'tag.name',
  'tag.pushed_at as pushedAt',
  'tag.pulled_at as pulledAt',
] as const;

export function createArtifactPartsReadModel(db: Db): ArtifactPartsReadModel {
  function attachedTo(repositoryId: number, digests: readonly string[]) {
    return db.read
      .selectFrom('manifest')
      .where('manifest.repository_id', '=', repositoryId)
      .where('manifest.accessory_of', 'in', digests)
      .where(sql<boolean>`manifest.accessory_of is not null and manifest.accessory_of <> manifest.digest`);
  }
  const fields = [
    'manifest.id',
    'manifest.digest',
    'manifest.accessory_of',
    'manifest.accessory_type',
    'manifest.total_size',
    'manifest.pushed_at',
  ] as const;

  interface Row {
    readonly id: number;
    readonly digest: string;
    readonly accessory_of: string | null;
    readonly accessory_type: string | null;
    readonly total_size: number;
    readonly pushed_at: number;
  }
  const toAccessory = (row: Row, subjectId: number, repository: string): Accessory => ({
    id: row.id,
    subjectId,
    subjectDigest: row.accessory_of ?? '',
    repository,
    digest: row.digest,
    size: row.total_size,
    type: row.accessory_type ?? 'subject.accessory',
    pushedAt: row.pushed_at,
  });

  return {
    async tagsOf(ids) {
      if (ids.length === 0) return [];
      return db.read.selectFrom('tag').select(tagFields).where('manifest_id', 'in', ids).orderBy('tag.id').execute();
    },
    async listTags(artifactId, list) {
      const query = applyConditions(
        db.read.selectFrom('tag').where('tag.manifest_id', '=', artifactId),
        list.conditions,
        tagColumns,
      );
      const page = applyPage(query, list, tagColumns, {
        tie: 'tag.id',
        first: [{ field: 'push_time', descending: true }],
      });
      const { total } = await query.select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow();
      return { entries: await page.select(tagFields).execute(), total: Number(total) };
    },
    async childrenOf(ids) {
      if (ids.length === 0) return [];
      const rows = await db.read
        .selectFrom('manifest_child')
        .innerJoin('manifest as parent', 'parent.id', 'manifest_child.manifest_id')
        .leftJoin('manifest as child', (join) =>
          join
            .onRef('child.digest', '=', 'manifest_child.digest')
            .onRef('child.repository_id', '=', 'parent.repository_id'),
        )
        .select(['manifest_child.manifest_id', 'manifest_child.digest', 'manifest_child.detail', 'child.id'])
        .where('manifest_child.manifest_id', 'in', ids)
        .orderBy('manifest_child.manifest_id')
        .orderBy('manifest_child.position')
        .execute();
      return rows.map((row) => {
        const detail = JSON.parse(row.detail ?? '{}') as Partial<ArtifactChild>;
        return {
          parentId: row.manifest_id,
          childId: row.id ?? undefined,
          digest: row.digest,
          platform: detail.platform,
          annotations: detail.annotations,
          urls: detail.urls,
        };
      });
    },
    async accessoriesOf(artifacts) {
      const [first] = artifacts;
      if (first === undefined) return [];
      const subjects = new Map(artifacts.map((one) => [`${one.repositoryId} ${one.digest}`, one]));
      const repositories = [...new Set(artifacts.map(({ repositoryId }) => repositoryId))];
      const rows = await db.read
        .selectFrom('manifest')
        .select([...fields, 'manifest.repository_id'])
        .where('manifest.repository_id', 'in', repositories)
        .where(
          'manifest.accessory_of',
          'in',
          artifacts.map(({ digest }) => digest),
        )
        .where(sql<boolean>`manifest.accessory_of is not null and manifest.accessory_of <> manifest.digest`)
        .orderBy('manifest.id')
        .execute();
      return rows.flatMap((row) => {
        const subject = subjects.get(`${row.repository_id} ${row.accessory_of}`);
        return subject === undefined ? [] : [toAccessory(row, subject.id, subject.repository)];
      });
    },
    async listAccessories(artifact, list) {
      const query = applyConditions(
        attachedTo(artifact.repositoryId, [artifact.digest]),
        list.conditions,
        accessoryColumns,
      );
      const page = applyPage(query, list, accessoryColumns, {
        tie: 'manifest.id',
        first: [{ field: 'creation_time', descending: true }],
      });
      const { total } = await query.select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow();
      const rows = await page.select(fields).execute();
      return { entries: rows.map((row) => toAccessory(row, artifact.id, artifact.repository)), total: Number(total) };
    },
    async inheritedBy(ids) {
      if (ids.length === 0) return [];
      const rows = await db.read
        .selectFrom('manifest as part')
        .innerJoin('manifest_child', 'manifest_child.digest', 'part.digest')
        .innerJoin('manifest as parent', (join) =>
          join
            .onRef('parent.id', '=', 'manifest_child.manifest_id')
            .onRef('parent.repository_id', '=', 'part.repository_id'),
        )
        .innerJoin('manifest', (join) =>
          join
            .onRef('manifest.repository_id', '=', 'parent.repository_id')
            .onRef('manifest.accessory_of', '=', 'parent.digest'),
        )
        .innerJoin('repository', 'repository.id', 'part.repository_id')
        .select([...fields, 'part.id as partId', 'repository.name'])
        .where('part.id', 'in', ids)
        .orderBy('manifest.id')
        .execute();
      return rows.map((row) => toAccessory(row, row.partId, row.name));
    },
  };
}
