import type { Digest } from '@entrepot/oci/digest';
import type { RepositoryName } from '@entrepot/oci/repository-name';
import type { TagName } from '@entrepot/oci/tag';
import { sql } from 'kysely';
import type { Transaction } from '#kernel/transaction';
import { type Db, within } from '#platform/db';
import type { DeletionKind } from './types.ts';

export interface NewDeletion {
  readonly kind: DeletionKind;
  readonly projectId: number;
  readonly projectName: string;
  readonly repository?: RepositoryName;
  readonly tag?: TagName;
  readonly digest?: Digest;
  /** By the clock of this process, in milliseconds. */
  readonly at: number;
  readonly by: string;
}

/** The stroke that takes something away: what goes is kept under it, and tags say who took them. */
export interface Removal {
  readonly deletionId: number;
  readonly at: number;
  readonly by: string;
}

/** The bin: what was deleted and can be had back. Every call belongs into the transaction that deletes. */
export interface Bin {
  /**
   * Puts the manifests of the repository into the bin, or the one with the digest, with their tags, labels and blobs.
   * To be called while they are there, with the repository held against pushes.
   */
  keepManifests(tx: Transaction, removal: Removal, repositoryId: number, digest?: Digest): Promise<void>;
  /** Puts a tag that is about to go into the bin; its manifest stays where it is. */
  keepTag(tx: Transaction, removal: Removal, repositoryId: number, name: TagName): Promise<void>;
  /** Notes what else the repository was, before it is forgotten. */
  keepRepository(tx: Transaction, removal: Removal, repositoryId: number): Promise<void>;
  /** Writes changes of tags into their history. */
  noteTags(
    tx: Transaction,
    where: { repositoryId: number; at: number; by: string },
    changes: readonly { name: TagName; from: Digest | undefined; manifestId: number }[],
  ): Promise<void>;
}

export function createBin(db: Pick<Db, 'stamp'>): Bin {
  /** Tags of the repository, of the one manifest or all, each with what it points at. */
  function tagsOf(repositoryId: number, which: ReturnType<typeof sql>) {
    return sql`from tag join manifest on manifest.id = tag.manifest_id
      where tag.repository_id = ${repositoryId} and ${which}`;
  }
  async function keepTags(
    tx: Transaction,
    { deletionId, at, by }: Removal,
    repositoryId: number,
    which: ReturnType<typeof sql>,
  ): Promise<void> {
    const q = within(tx);
    await sql`insert into deleted_tag (deletion_id, name, digest, pushed_at, pushed_by, pulled_at)
      select cast(${deletionId} as bigint), tag.name, manifest.digest, tag.pushed_at, tag.pushed_by, tag.pulled_at
      ${tagsOf(repositoryId, which)}`.execute(q);
    await sql`insert into tag_change (repository_id, name, from_digest, to_digest, at, actor)
      select tag.repository_id, tag.name, manifest.digest, null, ${db.stamp(at)}, ${by}
      ${tagsOf(repositoryId, which)} order by tag.name`.execute(q);
  }
  return {
    async keepManifests(tx, removal, repositoryId, digest) {
      const q = within(tx);
      const { deletionId } = removal;
      const which = digest === undefined ? sql`1 = 1` : sql`manifest.digest = ${digest}`;
      const kept = sql`deleted_artifact.deletion_id = ${deletionId}
        and manifest.repository_id = ${repositoryId} and ${which}`;
      await sql`insert into deleted_artifact (deletion_id, project_id, repository, digest, media_type, size,
          pushed_at, pushed_by, pulled_at, total_size, type, accessory_of)
        select cast(${deletionId} as bigint), repository.project_id, repository.name, manifest.digest, manifest.media_type,
          manifest.size, manifest.pushed_at, manifest.pushed_by, manifest.pulled_at, manifest.total_size,
          manifest.type, manifest.accessory_of
        from manifest join repository on repository.id = manifest.repository_id
        where manifest.repository_id = ${repositoryId} and ${which} order by manifest.id`.execute(q);
      await sql`insert into deleted_artifact_blob (deleted_artifact_id, blob_id)
        select deleted_artifact.id, manifest_blob.blob_id from deleted_artifact
        join manifest on manifest.digest = deleted_artifact.digest
        join manifest_blob on manifest_blob.manifest_id = manifest.id
        where ${kept}`.execute(q);
      await sql`insert into deleted_label (deleted_artifact_id, label_id, created_at)
        select deleted_artifact.id, artifact_label.label_id, artifact_label.created_at from deleted_artifact
        join manifest on manifest.digest = deleted_artifact.digest
        join artifact_label on artifact_label.manifest_id = manifest.id
        where ${kept}`.execute(q);
      await keepTags(tx, removal, repositoryId, which);
    },

    keepTag: (tx, removal, repositoryId, name) => keepTags(tx, removal, repositoryId, sql`tag.name = ${name}`),

    async keepRepository(tx, { deletionId }, repositoryId) {
      const row = await within(tx)
        .selectFrom('repository')
        .select(['description', 'pull_count', 'pinned'])
        .where('id', '=', repositoryId)
        .executeTakeFirst();
      if (row === undefined) return;
      const detail = JSON.stringify({ description: row.description, pullCount: row.pull_count, pinned: row.pinned });
      await within(tx).updateTable('deletion').set({ detail }).where('id', '=', deletionId).execute();
    },

    async noteTags(tx, { repositoryId, at, by }, changes) {
      await within(tx)
        .insertInto('tag_change')
        .values(
          changes.map(({ name, from, manifestId }) => ({
            repository_id: repositoryId,
            name,
            from_digest: from ?? null,
            to_digest: sql<string>`(select digest from manifest where id = ${manifestId})`,
            at: db.stamp(at),
            actor: by,
          })),
        )
        .execute();
    },
  };
}

/** Deletions, each what went at one stroke. */
export interface DeletionStore {
  /** Opens the bin, in the transaction that deletes. Answers the deletion's id. */
  open(tx: Transaction, deletion: NewDeletion): Promise<number>;
  /** Ends a deletion's time, so that nobody can have it back. Answers whether it was there. */
  end(tx: Transaction, id: number): Promise<boolean>;
}

export interface DeletionStoreOptions {
  /** How long what was deleted can be had back, in milliseconds. */
  readonly windowMs: number;
}

export function createDeletionStore(db: Db, { windowMs }: DeletionStoreOptions): DeletionStore {
  return {
    async open(tx, { kind, projectId, projectName, repository, tag, digest, at, by }) {
      const { id } = await within(tx)
        .insertInto('deletion')
        .values({
          kind,
          project_id: projectId,
          project_name: projectName,
          repository: repository ?? null,
          tag: tag ?? null,
          digest: digest ?? null,
          at: db.stamp(at),
          actor: by,
          expires_at: sql<number>`${db.stamp(at)} + ${windowMs}`,
        })
        .returning('id')
        .executeTakeFirstOrThrow();
      return id;
    },
    async end(tx, id) {
      const ended = await within(tx)
        .updateTable('deletion')
        .set({ expires_at: 0 })
        .where('id', '=', id)
        .where('expires_at', '>', 0)
        .executeTakeFirst();
      return ended.numUpdatedRows > 0n;
    },
  };
}
