import type { Digest } from '@entrepot/oci/digest';
import type { RepositoryName } from '@entrepot/oci/repository-name';
import type { TagName } from '@entrepot/oci/tag';
import { type Kysely, type Selectable, type SelectQueryBuilder, sql } from 'kysely';
import type { Transaction } from '#kernel/transaction';
import { type Db, within } from '#platform/db';
import type { KeptArtifact, KeptBlob, KeptTag } from './types.ts';

/** What the repository was beside its artifacts. */
interface RepositoryDetail {
  readonly description?: string;
  readonly pullCount?: number;
  readonly pinned?: number;
}

/** Takes out of the bin what was deleted. Every call belongs into the transaction that restores. */
export interface TakingStore {
  /** Holds the deletion against others who restore or remove it. Answers whether it is there and its time is not over. */
  hold(tx: Transaction, deletionId: number, projectId: number, now: number): Promise<boolean>;
  /** Keeps deletions and other restorations out of the repository until the end of the transaction; pushes go on. */
  holdRepository(tx: Transaction, repositoryId: number): Promise<void>;
  /** Artifacts of the deletion in the order in which they went, behind the one with the id. */
  artifactsOf(tx: Transaction, deletionId: number, after: number, limit: number): Promise<KeptArtifact[]>;
  /** The artifacts of these digests that were last deleted from the repository, and can still be had back. */
  findKept(tx: Transaction, place: KeptPlace, digests: readonly Digest[], now: number): Promise<KeptArtifact[]>;
  /** The same for what was attached to the manifest. */
  attachedTo(tx: Transaction, place: KeptPlace, digest: Digest, now: number): Promise<KeptArtifact[]>;
  /** Tags of the deletion: those of the digests, or all. */
  tagsOf(tx: Transaction, deletionId: number, digests?: readonly Digest[]): Promise<KeptTag[]>;
  blobsOf(tx: Transaction, artifactIds: readonly number[]): Promise<KeptBlob[]>;
  /** The bytes of a manifest, unless they are gone or damaged. */
  contentOf(tx: Transaction, digest: Digest): Promise<Uint8Array | undefined>;
  mediaTypeOf(tx: Transaction, repositoryId: number, digest: Digest): Promise<string | undefined>;
  /** Gives the manifest its times and labels again, once it is there. */
  settle(tx: Transaction, manifestId: number, kept: KeptArtifact): Promise<void>;
  settleTag(tx: Transaction, repositoryId: number, kept: KeptTag): Promise<void>;
  /** Takes artifacts and tags that are there again out of the bin, and their deletions with the last of them. */
  drop(tx: Transaction, artifacts: readonly KeptArtifact[], tags: readonly KeptTag[]): Promise<void>;
  /** Gives the repository its description and the like again, where it has none by now. */
  restoreRepository(tx: Transaction, deletionId: number, repositoryId: number): Promise<void>;
  /** What the deletion would bring into its repository, each content once. */
  weigh(deletionId: number): Promise<{ blobs: Sized[]; manifests: Sized[] }>;
}

export interface Sized {
  readonly digest: Digest;
  readonly size: number;
}

export interface KeptPlace {
  readonly projectId: number;
  readonly repository: RepositoryName;
}

const columns = [
  'deleted_artifact.id',
  'deleted_artifact.deletion_id',
  'deleted_artifact.digest',
  'deleted_artifact.media_type',
  'deleted_artifact.size',
  'deleted_artifact.pushed_at',
  'deleted_artifact.pushed_by',
  'deleted_artifact.pulled_at',
  'deleted_artifact.total_size',
] as const;

type Tables = Db['read'] extends Kysely<infer T> ? T : never;
type Row = Pick<
  Selectable<Tables['deleted_artifact']>,
  'id' | 'deletion_id' | 'digest' | 'media_type' | 'size' | 'pushed_at' | 'pushed_by' | 'pulled_at' | 'total_size'
>;

const toArtifact = (row: Row): KeptArtifact => ({
  id: row.id,
  deletionId: row.deletion_id,
  digest: row.digest as Digest,
  mediaType: row.media_type,
  size: row.size,
  pushedAt: row.pushed_at,
  pushedBy: row.pushed_by,
  pulledAt: row.pulled_at,
  totalSize: row.total_size,
});

export function createTakingStore(db: Db): TakingStore {
  /** One of each digest: the last that went. */
  async function latest(
    tx: Transaction,
    { projectId, repository }: KeptPlace,
    now: number,
    which: (
      query: SelectQueryBuilder<Tables, 'deleted_artifact' | 'deletion', Row>,
    ) => SelectQueryBuilder<Tables, 'deleted_artifact' | 'deletion', Row>,
  ): Promise<KeptArtifact[]> {
    const query = within(tx)
      .selectFrom('deleted_artifact')
      .innerJoin('deletion', 'deletion.id', 'deleted_artifact.deletion_id')
      .select(columns)
      .where('deleted_artifact.repository', '=', repository)
      .where('deleted_artifact.project_id', '=', projectId)
      .where(sql<boolean>`deletion.expires_at > ${db.stamp(now)}`)
      .orderBy('deleted_artifact.id', 'desc');
    const chosen = which(query as unknown as Parameters<typeof which>[0]);
    const rows = await (db.kind === 'postgres' ? chosen.forUpdate('deleted_artifact') : chosen).execute();
    const byDigest = new Map<string, KeptArtifact>();
    for (const row of rows) if (!byDigest.has(row.digest)) byDigest.set(row.digest, toArtifact(row));
    return [...byDigest.values()];
  }

  return {
    async hold(tx, deletionId, projectId, now) {
      const query = within(tx)
        .selectFrom('deletion')
        .select('id')
        .where('id', '=', deletionId)
        .where('project_id', '=', projectId)
        .where(sql<boolean>`expires_at > ${db.stamp(now)}`);
      return (await (db.kind === 'postgres' ? query.forUpdate() : query).executeTakeFirst()) !== undefined;
    },
    async holdRepository(tx, repositoryId) {
      if (db.kind !== 'postgres') return;
      await within(tx).selectFrom('repository').select('id').where('id', '=', repositoryId).forNoKeyUpdate().execute();
    },
    async artifactsOf(tx, deletionId, after, limit) {
      const rows = await within(tx)
        .selectFrom('deleted_artifact')
        .select(columns)
        .where('deletion_id', '=', deletionId)
        .where('id', '>', after)
        .orderBy('id')
        .limit(limit)
        .execute();
      return rows.map(toArtifact);
    },
    findKept: async (tx, place, digests, now) =>
      digests.length === 0
        ? []
        : latest(tx, place, now, (query) => query.where('deleted_artifact.digest', 'in', digests)),
    attachedTo: (tx, place, digest, now) =>
      latest(tx, place, now, (query) =>
        query.where('deleted_artifact.accessory_of', '=', digest).where('deleted_artifact.digest', '!=', digest),
      ),
    async tagsOf(tx, deletionId, digests) {
      if (digests?.length === 0) return [];
      const all = within(tx).selectFrom('deleted_tag').selectAll().where('deletion_id', '=', deletionId);
      const rows = await (digests === undefined ? all : all.where('digest', 'in', digests)).orderBy('name').execute();
      return rows.map((row) => ({
        deletionId,
        name: row.name as TagName,
        digest: row.digest as Digest,
        pushedAt: row.pushed_at,
        pushedBy: row.pushed_by,
        pulledAt: row.pulled_at,
      }));
    },
    async blobsOf(tx, artifactIds) {
      if (artifactIds.length === 0) return [];
      const rows = await within(tx)
        .selectFrom('deleted_artifact_blob')
        .innerJoin('blob', 'blob.id', 'deleted_artifact_blob.blob_id')
        .select(['deleted_artifact_blob.deleted_artifact_id', 'blob.digest', 'blob.size', 'blob.damaged_at'])
        .where('deleted_artifact_blob.deleted_artifact_id', 'in', artifactIds)
        .orderBy('blob.id')
        .execute();
      return rows.map((row) => ({
        artifactId: row.deleted_artifact_id,
        digest: row.digest as Digest,
        size: row.size,
        damaged: row.damaged_at !== null,
      }));
    },
    async contentOf(tx, digest) {
      const row = await within(tx)
        .selectFrom('manifest_content')
        .select('content')
        .where('digest', '=', digest)
        .where('damaged_at', 'is', null)
        .executeTakeFirst();
      return row?.content;
    },
    async mediaTypeOf(tx, repositoryId, digest) {
      const row = await within(tx)
        .selectFrom('manifest')
        .select('media_type')
        .where('repository_id', '=', repositoryId)
        .where('digest', '=', digest)
        .executeTakeFirst();
      return row?.media_type;
    },
    async settle(tx, manifestId, kept) {
      const q = within(tx);
      await q
        .updateTable('manifest')
        .set({
          pushed_at: kept.pushedAt,
          pushed_by: kept.pushedBy,
          pulled_at: kept.pulledAt,
          total_size: kept.totalSize,
        })
        .where('id', '=', manifestId)
        .execute();
      await sql`insert into artifact_label (manifest_id, label_id, created_at)
        select cast(${manifestId} as bigint), label.id, deleted_label.created_at from deleted_label
        join label on label.id = deleted_label.label_id
        where deleted_label.deleted_artifact_id = ${kept.id}
        and not exists (
          select 1 from artifact_label where manifest_id = ${manifestId} and artifact_label.label_id = label.id)`.execute(
        q,
      );
    },
    async settleTag(tx, repositoryId, kept) {
      await within(tx)
        .updateTable('tag')
        .set({ pushed_at: kept.pushedAt, pushed_by: kept.pushedBy, pulled_at: kept.pulledAt })
        .where('repository_id', '=', repositoryId)
        .where('name', '=', kept.name)
        .execute();
    },
    async drop(tx, artifacts, tags) {
      const q = within(tx);
      const ids = artifacts.map(({ id }) => id);
      if (ids.length > 0) await q.deleteFrom('deleted_artifact').where('id', 'in', ids).execute();
      for (const [deletionId, some] of Map.groupBy(tags, (tag) => tag.deletionId)) {
        const names = some.map(({ name }) => name);
        await q.deleteFrom('deleted_tag').where('deletion_id', '=', deletionId).where('name', 'in', names).execute();
      }
      const touched = [...new Set([...artifacts, ...tags].map(({ deletionId }) => deletionId))];
      if (touched.length === 0) return;
      await q
        .deleteFrom('deletion')
        .where('id', 'in', touched)
        .where(sql<boolean>`not exists (select 1 from deleted_artifact where deletion_id = deletion.id)`)
        .where(sql<boolean>`not exists (select 1 from deleted_tag where deletion_id = deletion.id)`)
        .execute();
    },
    async restoreRepository(tx, deletionId, repositoryId) {
      const q = within(tx);
      const row = await q.selectFrom('deletion').select('detail').where('id', '=', deletionId).executeTakeFirst();
      if (row === undefined || row.detail === null) return;
      const { description = '', pullCount = 0, pinned = 0 } = JSON.parse(row.detail) as RepositoryDetail;
      await q
        .updateTable('repository')
        .set({
          description: sql<string>`case when description = '' then cast(${description} as text) else description end`,
          pull_count: sql<number>`pull_count + ${pullCount}`,
          pinned: sql<number>`case when pinned = 1 then 1 else cast(${pinned} as integer) end`,
        })
        .where('id', '=', repositoryId)
        .execute();
      // Once is enough, should there be more of it to restore.
      await q.updateTable('deletion').set({ detail: null }).where('id', '=', deletionId).execute();
    },
    async weigh(deletionId) {
      const blobs = await db.read
        .selectFrom('blob')
        .select(['digest', 'size'])
        .where(
          'id',
          'in',
          db.read
            .selectFrom('deleted_artifact_blob')
            .innerJoin('deleted_artifact', 'deleted_artifact.id', 'deleted_artifact_blob.deleted_artifact_id')
            .select('deleted_artifact_blob.blob_id')
            .where('deleted_artifact.deletion_id', '=', deletionId),
        )
        .execute();
      const manifests = await db.read
        .selectFrom('deleted_artifact')
        .select(['digest', 'size'])
        .where('deletion_id', '=', deletionId)
        .execute();
      const sized = (row: { digest: string; size: number }) => ({ digest: row.digest as Digest, size: row.size });
      return { blobs: blobs.map(sized), manifests: manifests.map(sized) };
    },
  };
}
