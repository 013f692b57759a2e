import type { Digest } from '@entrepot/oci/digest';
import { sql } from 'kysely';
import type { Transaction } from '#kernel/transaction';
import type { BlobLocation } from '#platform/blobs';
import { type Db, within } from '#platform/db';
import type { Description } from './types.ts';

export interface UndescribedManifest {
  readonly id: number;
  readonly mediaType: string;
  readonly content: Uint8Array;
  readonly tags: readonly string[];
}

export interface DescriptionStore {
  /** Manifests that nobody described yet, by id after `after`. */
  pending(after: number, limit: number): Promise<number[]>;
  /** Those of them that are not described yet, with what is needed to do so. */
  load(ids: readonly number[]): Promise<UndescribedManifest[]>;
  /** Where a blob of the manifest lies. */
  findBlob(manifestId: number, digest: Digest): Promise<{ location: BlobLocation; size: number } | undefined>;
  /** Writes the description. `extraAttrs` is undefined where the config says nothing that can be read. */
  save(tx: Transaction, manifestId: number, description: Description, extraAttrs: string | undefined): Promise<void>;
}

/** Of an index: what its manifests have, as far as they are here and described. */
export function sizeOfChildren(manifestId: number) {
  return sql<number>`coalesce((select sum(child.total_size) from manifest_child
    join manifest parent on parent.id = manifest_child.manifest_id
    join manifest child on child.repository_id = parent.repository_id and child.digest = manifest_child.digest
    where manifest_child.manifest_id = ${manifestId}), 0)`;
}

export function createDescriptionStore(db: Db): DescriptionStore {
  return {
    async pending(after, limit) {
      const rows = await db.read
        .selectFrom('manifest')
        .select('id')
        // Written out, not as a value: SQLite takes its partial index only then.
        .where(sql<boolean>`described = 0`)
        .where('id', '>', after)
        .orderBy('id')
        .limit(limit)
        .execute();
      return rows.map(({ id }) => id);
    },
    async load(ids) {
      if (ids.length === 0) return [];
      const rows = await db.read
        .selectFrom('manifest')
        .innerJoin('manifest_content', 'manifest_content.digest', 'manifest.digest')
        .select(['manifest.id', 'manifest.media_type', 'manifest_content.content'])
        .where('manifest.id', 'in', ids)
        .where('manifest.described', '=', 0)
        .orderBy('manifest.id')
        .execute();
      if (rows.length === 0) return [];
      const tags = await db.read
        .selectFrom('tag')
        .select(['manifest_id', 'name'])
        .where(
          'manifest_id',
          'in',
          rows.map(({ id }) => id),
        )
        .where('name', 'like', 'sha256-%.sig')
        .execute();
      return rows.map(({ id, media_type: mediaType, content }) => ({
        id,
        mediaType,
        content,
        tags: tags.filter((tag) => tag.manifest_id === id).map(({ name }) => name),
      }));
    },
    async findBlob(manifestId, digest) {
      const row = await db.read
        .selectFrom('blob')
        .innerJoin('manifest_blob', 'manifest_blob.blob_id', 'blob.id')
        .select(['blob.location', 'blob.size'])
        .where('blob.digest', '=', digest)
        .where('manifest_blob.manifest_id', '=', manifestId)
        .executeTakeFirst();
      return row && { location: row.location as BlobLocation, size: row.size };
    },
    async save(tx, manifestId, description, extraAttrs) {
      const q = within(tx);
      const { annotations = null, children, attachment } = description;
      const known = await q
        .updateTable('manifest')
        .set({
          type: description.type,
          config_type: description.configType,
          total_size: sql<number>`${description.ownSize} + ${sizeOfChildren(manifestId)}`,
          described: 1,
          ...(attachment === undefined ? {} : { accessory_of: attachment.of, accessory_type: attachment.type }),
        })
        .where('id', '=', manifestId)
        .returning('id')
        .executeTakeFirst();
      if (known === undefined) return;
      const detail = { extra_attrs: extraAttrs ?? null, annotations };
      if (extraAttrs !== undefined || annotations !== null) {
        await q
          .insertInto('manifest_detail')
          .values({ manifest_id: manifestId, ...detail })
          .onConflict((conflict) => conflict.column('manifest_id').doUpdateSet(detail))
          .execute();
      }
      for (const [position, child] of children.entries()) {
        await q
          .updateTable('manifest_child')
          .set({ position, detail: child.detail ?? null })
          .where('manifest_id', '=', manifestId)
          .where('digest', '=', child.digest)
          .execute();
      }
    },
  };
}
