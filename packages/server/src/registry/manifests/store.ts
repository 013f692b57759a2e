import type { Digest } from '@entrepot/oci/digest';
import type { RepositoryName } from '@entrepot/oci/repository-name';
import type { TagName } from '@entrepot/oci/tag';
import type { Transaction } from '#kernel/transaction';
import type { Eventually } from '#kernel/eventually';
import { type Db, within } from '#platform/db';
import { slices } from '#platform/db/lists';
import { createBin, type Removal } from '#registry/deletions';
import { type Description, sizeOfChildren } from '#registry/descriptions';
import { sql } from 'kysely';
import { type BlobHolds, type BlobHoldsOptions, createBlobHolds } from './holding/store.ts';
import { lockRepository, markHeld, relist, unmarkHeld } from './listing/store.ts';
import { createManifestRelations, type ManifestRelations } from './relations/store.ts';
import { createManifestTags, type ManifestTags } from './tagging/store.ts';

export interface StoredManifest {
  readonly id: number;
  readonly digest: Digest;
  readonly mediaType: string;
  readonly size: number;
}

export interface NewManifest {
  readonly repositoryId: number;
  readonly digest: Digest;
  readonly mediaType: string;
  readonly content: Uint8Array;
  readonly artifactType: string | undefined;
  readonly subject: Digest | undefined;
  readonly annotations: Readonly<Record<string, string>> | undefined;
  readonly description: Description;
  /** Whether a tag follows. */
  readonly tagged: boolean;
  readonly at: number;
  readonly by: string;
}

export interface ManifestReferences {
  /** Blobs that the repository holds. */
  readonly blobIds: readonly number[];
  /** Those among them that no manifest needed: they count again. */
  readonly looseIds?: readonly number[];
  /** Layers that it does not hold yet. */
  readonly missing: readonly Digest[];
  readonly children: readonly Digest[];
}

export interface ManifestEntry {
  readonly manifest: NewManifest;
  readonly references: ManifestReferences;
}

export interface ManifestStore extends ManifestTags, ManifestRelations, Pick<BlobHolds, 'holdBlobs'> {
  findByDigest(projectId: number, repository: RepositoryName, digest: Digest): Eventually<StoredManifest | undefined>;
  findByTag(projectId: number, repository: RepositoryName, tag: TagName): Eventually<StoredManifest | undefined>;
  readContent(digest: Digest): Promise<Uint8Array | undefined>;
  /** Adds the manifest with its references, or finds it there. Answers its id. */
  put(tx: Transaction, manifest: NewManifest, references: ManifestReferences): Promise<number>;
  /** The same with many of one repository, none of them twice. Answers their ids. */
  putAll(tx: Transaction, repositoryId: number, entries: readonly ManifestEntry[]): Promise<Map<Digest, number>>;
  /** Somebody counts on these from now on: what nothing holds among them is kept for another grace. */
  renew(tx: Transaction, repositoryId: number, digests: readonly Digest[], at: number): Promise<void>;
  /** Puts the manifest and every tag that points at it into the bin. Answers whether it was there. */
  delete(tx: Transaction, repositoryId: number, digest: Digest, removal: Removal): Promise<boolean>;
  /** The manifest's id; it cannot be removed before the transaction ends. */
  idOf(tx: Transaction, repositoryId: number, digest: Digest): Promise<number | undefined>;
  /** Waits for whoever pushes or tags the manifest, and keeps others from it until the transaction ends. */
  lock(tx: Transaction, repositoryId: number, digest: Digest): Promise<void>;
  /** Puts every manifest and tag of the repository into the bin; it is not shown any more then. */
  clear(tx: Transaction, repositoryId: number, removal: Removal): Promise<Digest[]>;
}

interface ManifestRow {
  readonly id: number;
  readonly digest: string;
  readonly media_type: string;
  readonly size: number;
}

const toManifest = (row: ManifestRow | undefined): StoredManifest | undefined =>
  row && { id: row.id, digest: row.digest as Digest, mediaType: row.media_type, size: row.size };

const read = (row: Eventually<ManifestRow | undefined>) =>
  row instanceof Promise ? row.then(toManifest) : toManifest(row);

export function createManifestStore(db: Db, options?: BlobHoldsOptions): ManifestStore {
  const { holdBlobs, loosen, tighten } = createBlobHolds(db, options);
  const relations = createManifestRelations(db);
  const bin = createBin(db);
  const byDigest = db.prepareFirst<ManifestRow>((q, value) =>
    q
      .selectFrom('repository')
      .innerJoin('manifest', 'manifest.repository_id', 'repository.id')
      .select(['manifest.id', 'manifest.digest', 'manifest.media_type', 'manifest.size'])
      .where('repository.name', '=', value('repository'))
      .where('repository.project_id', '=', value<number>('projectId'))
      .where('manifest.digest', '=', value('digest')),
  );
  const byTag = db.prepareFirst<ManifestRow>((q, value) =>
    q
      .selectFrom('repository')
      .innerJoin('tag', 'tag.repository_id', 'repository.id')
      .innerJoin('manifest', 'manifest.id', 'tag.manifest_id')
      .select(['manifest.id', 'manifest.digest', 'manifest.media_type', 'manifest.size'])
      .where('repository.name', '=', value('repository'))
      .where('repository.project_id', '=', value<number>('projectId'))
      .where('tag.name', '=', value('tag')),
  );

  async function blobsOf(tx: Transaction, repositoryId: number, digest: Digest): Promise<number[]> {
    const rows = await within(tx)
      .selectFrom('manifest')
      .innerJoin('manifest_blob', 'manifest_blob.manifest_id', 'manifest.id')
      .select('manifest_blob.blob_id')
      .where('manifest.repository_id', '=', repositoryId)
      .where('manifest.digest', '=', digest)
      .execute();
    return rows.map((row) => row.blob_id);
  }
  async function putAll(tx: Transaction, repositoryId: number, entries: readonly ManifestEntry[]) {
    const ids = new Map<Digest, number>();
    for (const some of slices(entries)) {
      const manifests = some.map(({ manifest }) => manifest);
      const digests = manifests.map(({ digest }) => digest);
      const at = Math.min(...manifests.map((manifest) => manifest.at));
      for (const [digest, id] of await insertRows(tx, repositoryId, manifests)) ids.set(digest, id);
      await insertReferences(tx, repositoryId, some, ids);
      await relist(tx, db, repositoryId, {
        at,
        digests: [...new Set([...digests, ...some.flatMap(({ references }) => references.children)])],
        subjects: digests,
        tagged: new Set(manifests.filter(({ tagged }) => tagged).map(({ digest }) => digest)),
      });
      await markHeld(tx, repositoryId, at);
    }
    return ids;
  }

  async function insertRows(
    tx: Transaction,
    repositoryId: number,
    manifests: readonly NewManifest[],
  ): Promise<Map<Digest, number>> {
    const q = within(tx);
    await q
      .insertInto('manifest_content')
      .values(manifests.map(({ digest, content }) => ({ digest, content })))
      .onConflict((conflict) =>
        conflict
          .column('digest')
          .doUpdateSet({ content: (row) => row.ref('excluded.content'), damaged_at: null })
          .where('manifest_content.damaged_at', 'is not', null),
      )
      .execute();
    const project = sql<number>`(select project_id from repository where id = ${repositoryId})`;
    const rows = await q
      .insertInto('manifest')
      .values(
        manifests.map(({ description, ...manifest }) => ({
          repository_id: repositoryId,
          digest: manifest.digest,
          media_type: manifest.mediaType,
          size: manifest.content.length,
          artifact_type: manifest.artifactType ?? null,
          subject_digest: manifest.subject ?? null,
          annotations: manifest.annotations === undefined ? null : JSON.stringify(manifest.annotations),
          pushed_at: manifest.at,
          pushed_by: manifest.by,
          project_id: project,
          type: description.type,
          config_type: description.configType,
          total_size: description.ownSize,
          described: description.config === undefined ? 1 : 0,
          accessory_of: description.attachment?.of ?? null,
          accessory_type: description.attachment?.type ?? null,
        })),
      )
      .onConflict((conflict) =>
        conflict.columns(['repository_id', 'digest']).doUpdateSet({
          media_type: (row) => row.ref('excluded.media_type'),
          accessory_of: sql`coalesce(excluded.accessory_of, manifest.accessory_of)`,
          accessory_type: sql`coalesce(excluded.accessory_type, manifest.accessory_type)`,
        }),
      )
      .returning(['id', 'digest'])
      .execute();
    return new Map(rows.map(({ id, digest }) => [digest as Digest, id]));
  }

  async function insertReferences(
    tx: Transaction,
    repositoryId: number,
    entries: readonly ManifestEntry[],
    ids: ReadonlyMap<Digest, number>,
  ): Promise<void> {
    const q = within(tx);
    const each = entries.flatMap(({ manifest: { digest, description }, references }) => {
      const id = ids.get(digest);
      return id === undefined ? [] : [{ id, description, references }];
    });
    await tighten(tx, repositoryId, [...new Set(each.flatMap(({ references }) => references.looseIds ?? []))]);
    const blobs = each.flatMap(({ id, references }) =>
      references.blobIds.map((blob) => ({ manifest_id: id, blob_id: blob, repository_id: repositoryId })),
    );
    for (const some of slices(blobs)) {
      await q
        .insertInto('manifest_blob')
        .values(some)
        .onConflict((conflict) => conflict.columns(['manifest_id', 'blob_id']).doNothing())
        .execute();
    }
    const missing = each.flatMap(({ id, references }) =>
      references.missing.map((digest) => ({ manifest_id: id, digest })),
    );
    for (const some of slices(missing)) {
      await q
        .insertInto('manifest_missing')
        .values(some)
        .onConflict((conflict) => conflict.columns(['manifest_id', 'digest']).doNothing())
        .execute();
    }
    for (const { id, references, description } of each) {
      if (references.children.length > 0) await insertChildren(tx, id, references.children, description);
    }
    const details = each.flatMap(({ id, description: { annotations } }) =>
      annotations === undefined ? [] : [{ manifest_id: id, extra_attrs: null, annotations }],
    );
    if (details.length > 0) {
      await q
        .insertInto('manifest_detail')
        .values(details)
        .onConflict((conflict) => conflict.column('manifest_id').doNothing())
        .execute();
    }
  }

  async function insertChildren(tx: Transaction, id: number, children: readonly Digest[], description: Description) {
    const details = new Map(description.children.map((child) => [child.digest, child.detail ?? null]));
    const rows = children.map((digest, position) => ({
      manifest_id: id,
      digest,
      position,
      detail: details.get(digest) ?? null,
    }));
    for (const some of slices(rows)) {
      await within(tx)
        .insertInto('manifest_child')
        .values(some)
        .onConflict((conflict) => conflict.columns(['manifest_id', 'digest']).doNothing())
        .execute();
    }
    const total = sql<number>`${description.ownSize} + ${sizeOfChildren(id)}`;
    await within(tx).updateTable('manifest').set({ total_size: total }).where('id', '=', id).execute();
  }

  return {
    ...createManifestTags(db, bin, relist),
    ...relations,
    holdBlobs,
    findByDigest: (projectId, repository, digest) => read(byDigest({ projectId, repository, digest })),
    findByTag: (projectId, repository, tag) => read(byTag({ projectId, repository, tag })),

    async readContent(digest) {
      const row = await db.read
        .selectFrom('manifest_content')
        .select('content')
        .where('digest', '=', digest)
        .where('damaged_at', 'is', null)
        .executeTakeFirst();
      return row?.content;
    },

    async put(tx, manifest, references) {
      const ids = await putAll(tx, manifest.repositoryId, [{ manifest, references }]);
      const id = ids.get(manifest.digest);
      if (id === undefined) throw new Error(`${manifest.digest} was written and has no row`);
      return id;
    },
    putAll,
    renew: (tx, repositoryId, digests, at) => relist(tx, db, repositoryId, { at, digests }),

    async delete(tx, repositoryId, digest, removal) {
      const q = within(tx);
      await lockRepository(tx, db.kind, repositoryId);
      await bin.keepManifests(tx, removal, repositoryId, digest);
      const digests = await relations.childrenOf(tx, repositoryId, digest);
      const needed = await blobsOf(tx, repositoryId, digest);
      const result = await q
        .deleteFrom('manifest')
        .where('repository_id', '=', repositoryId)
        .where('digest', '=', digest)
        .executeTakeFirst();
      if (result.numDeletedRows === 0n) return false;
      await loosen(tx, repositoryId, needed);
      await relist(tx, db, repositoryId, { at: removal.at, digests, subjects: [digest] });
      await unmarkHeld(tx, repositoryId);
      return true;
    },

    async idOf(tx, repositoryId, digest) {
      const query = within(tx)
        .selectFrom('manifest')
        .select('id')
        .where('repository_id', '=', repositoryId)
        .where('digest', '=', digest);
      return (await (db.kind === 'postgres' ? query.forKeyShare() : query).executeTakeFirst())?.id;
    },

    async lock(tx, repositoryId, digest) {
      if (db.kind === 'sqlite') return;
      await lockRepository(tx, db.kind, repositoryId);
      await within(tx)
        .selectFrom('manifest')
        .select('id')
        .where('repository_id', '=', repositoryId)
        .where('digest', '=', digest)
        .forUpdate()
        .execute();
    },

    async clear(tx, repositoryId, removal) {
      const q = within(tx);
      await lockRepository(tx, db.kind, repositoryId);
      await bin.keepRepository(tx, removal, repositoryId);
      await bin.keepManifests(tx, removal, repositoryId);
      const rows = await q
        .deleteFrom('manifest')
        .where('repository_id', '=', repositoryId)
        .returning('digest')
        .execute();
      await q.deleteFrom('repository_blob').where('repository_id', '=', repositoryId).execute();
      await q
        .updateTable('repository')
        .set({ held: 0, description: '', pull_count: 0, pinned: 0 })
        .where('id', '=', repositoryId)
        .execute();
      return rows.map((row) => row.digest as Digest);
    },
  };
}
