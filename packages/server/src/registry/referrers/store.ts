import type { Descriptor } from '@entrepot/oci/descriptor';
import type { Digest } from '@entrepot/oci/digest';
import type { TagName } from '@entrepot/oci/tag';
import type { Db } from '#platform/db';

export interface ReferrerStore {
  /** Manifests that name the subject, by digest after `after`. */
  list(query: ReferrerQuery): Promise<Descriptor[]>;
  /** Content of the manifest a tag points at. */
  contentOfTag(repositoryId: number, tag: TagName): Promise<Uint8Array | undefined>;
  /** What the repository holds of these manifests: digest → content. */
  contents(
    repositoryId: number,
    digests: readonly Digest[],
  ): Promise<Map<Digest, { mediaType: string; content: Uint8Array }>>;
}

export interface ReferrerQuery {
  readonly repositoryId: number;
  readonly subject: Digest;
  readonly artifactType: string | undefined;
  readonly after: string;
  readonly limit: number;
}

export function createReferrerStore(db: Db): ReferrerStore {
  return {
    async list({ repositoryId, subject, artifactType, after, limit }) {
      let query = db.read
        .selectFrom('manifest')
        .select(['digest', 'media_type', 'size', 'artifact_type', 'annotations'])
        .where('repository_id', '=', repositoryId)
        .where('subject_digest', '=', subject)
        .where('digest', '>', after);
      if (artifactType !== undefined) query = query.where('artifact_type', '=', artifactType);
      const rows = await query.orderBy('digest').limit(limit).execute();
      return rows.map((row) => ({
        mediaType: row.media_type,
        digest: row.digest as Digest,
        size: row.size,
        ...(row.artifact_type === null ? {} : { artifactType: row.artifact_type }),
        ...(row.annotations === null ? {} : { annotations: JSON.parse(row.annotations) as Record<string, string> }),
      }));
    },
    async contentOfTag(repositoryId, tag) {
      const row = await db.read
        .selectFrom('tag')
        .innerJoin('manifest', 'manifest.id', 'tag.manifest_id')
        .innerJoin('manifest_content', 'manifest_content.digest', 'manifest.digest')
        .select('manifest_content.content')
        .where('tag.repository_id', '=', repositoryId)
        .where('tag.name', '=', tag)
        .executeTakeFirst();
      return row?.content;
    },
    async contents(repositoryId, digests) {
      if (digests.length === 0) return new Map();
      const rows = await db.read
        .selectFrom('manifest')
        .innerJoin('manifest_content', 'manifest_content.digest', 'manifest.digest')
        .select(['manifest.digest', 'manifest.media_type', 'manifest_content.content'])
        .where('manifest.repository_id', '=', repositoryId)
        .where('manifest.digest', 'in', digests)
        .execute();
      return new Map(rows.map((row) => [row.digest as Digest, { mediaType: row.media_type, content: row.content }]));
    },
  };
}
