import type { Digest } from '@entrepot/oci/digest';
import type { RepositoryName } from '@entrepot/oci/repository-name';
import type { TagName } from '@entrepot/oci/tag';
import type { Transaction } from '#kernel/transaction';
import type { Eventually } from '#kernel/eventually';
import { type Db, within } from '#platform/db';
import { createBin, type Removal } from '#registry/deletions';
import { type Description, sizeOfChildren } from '#registry/descriptions';
import { sql } from 'kysely';
import { lockRepository, markHeld, relist, unmarkHeld } from './listing/store.ts';
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

export interface HeldBlob {
  readonly id: number;
  readonly size: number;
  /** Whether no manifest of the repository needs it just now, so that it does not count. */
  readonly loose: boolean;
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

export interface ManifestStore extends ManifestTags {
  findByDigest(projectId: number, repository: RepositoryName, digest: Digest): Eventually<StoredManifest | undefined>;
  findByTag(projectId: number, repository: RepositoryName, tag: TagName): Eventually<StoredManifest | undefined>;
  readContent(digest: Digest): Promise<Uint8Array | undefined>;
  /** The blobs of the repository among these digests. In the transaction they cannot be taken out of it meanwhile. */
  holdBlobs(
    tx: Transaction,
    repositoryId: number,
    digests: readonly Digest[],
    at: number,
  ): Promise<Map<Digest, HeldBlob>>;
  /** Which of these manifests the repository holds; they cannot be removed before the transaction ends. */
  presentManifests(tx: Transaction, repositoryId: number, digests: readonly Digest[]): Promise<Set<Digest>>;
  /** Adds the manifest with its references, or finds it there. Answers its id. */
  put(tx: Transaction, manifest: NewManifest, references: ManifestReferences): Promise<number>;
  /** Puts the manifest and every tag that points at it into the bin. Answers whether it was there. */
  delete(tx: Transaction, repositoryId: number, digest: Digest, removal: Removal): Promise<boolean>;
  /** The manifest's id; it cannot be removed before the transaction ends. */
  idOf(tx: Transaction, repositoryId: number, digest: Digest): Promise<number | undefined>;
  /** Waits for whoever pushes or tags the manifest, and keeps others from it until the transaction ends. */
  lock(tx: Transaction, repositoryId: number, digest: Digest): Promise<void>;
  /** An index of the repository that names the manifest. */
  parentOf(tx: Transaction, repositoryId: number, digest: Digest): Promise<Digest | undefined>;
  /** What an index of the repository names and the repository holds. */
  childrenOf(tx: Transaction, repositoryId: number, digest: Digest): Promise<Digest[]>;
  /** Digests of what is attached to the manifest: signatures, SBOMs and the like. */
  attachedTo(tx: Transaction, repositoryId: number, digest: Digest): Promise<Digest[]>;
  /** Puts every manifest and tag of the repository into the bin; it is not shown any more then. */
  clear(tx: Transaction, repositoryId: number, removal: Removal): Promise<Digest[]>;
}

/** SQLite and PostgreSQL both take far more; a statement stays readable in a log. */
const valuesPerStatement = 500;

function slices<T>(values: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(values.length / valuesPerStatement) }, (_, at) =>
    values.slice(at * valuesPerStatement, (at + 1) * valuesPerStatement),
  );
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

export interface ManifestStoreOptions {
  /** How old the last note that somebody relies on a blob may be, in milliseconds; 0 notes it each time. */
  readonly touchEveryMs?: number;
}

export function createManifestStore(db: Db, { touchEveryMs = 0 }: ManifestStoreOptions = {}): ManifestStore {
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

  /** Only where it is due: a base layer is shared by pushes that would wait for each other. */
  async function touchBlobs(tx: Transaction, ids: readonly number[], at: number): Promise<void> {
    await within(tx)
      .updateTable('blob')
      .set({ touched_at: db.stamp(at) })
      .where('id', 'in', ids)
      .where(sql<boolean>`touched_at <= ${db.stamp(at)} - ${touchEveryMs}`)
      .execute();
  }
  async function setLoose(
    tx: Transaction,
    repositoryId: number,
    blobIds: readonly number[],
    loose: 0 | 1,
  ): Promise<void> {
    await within(tx)
      .updateTable('repository_blob')
      .set({ loose })
      .where('repository_id', '=', repositoryId)
      .where('blob_id', 'in', blobIds)
      .where('loose', '!=', loose)
      .execute();
  }
  /** After manifests are gone: what they needed and nothing else in the repository needs does not count any more. */
  async function loosen(tx: Transaction, repositoryId: number, blobIds: readonly number[]): Promise<void> {
    for (const some of slices(blobIds)) {
      const ours = within(tx)
        .selectFrom('repository_blob')
        .select('blob_id')
        .where('repository_id', '=', repositoryId)
        .where('blob_id', 'in', some)
        .orderBy('blob_id');
      // A push that holds the links is waited for; the next statement sees what it did.
      if (db.kind === 'postgres') await ours.forUpdate().execute();
      const free = await ours
        .where((where) =>
          where.not(
            where.exists(
              where
                .selectFrom('manifest_blob')
                .select('manifest_id')
                .whereRef('manifest_blob.blob_id', '=', 'repository_blob.blob_id')
                .where('manifest_blob.repository_id', '=', repositoryId),
            ),
          ),
        )
        .execute();
      const ids = free.map((row) => row.blob_id);
      if (ids.length > 0) await setLoose(tx, repositoryId, ids, 1);
    }
  }
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
  return {
    ...createManifestTags(db, bin, relist),
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

    async holdBlobs(tx, repositoryId, digests, at) {
      const held = new Map<Digest, HeldBlob>();
      for (const some of slices(digests)) {
        const query = within(tx)
          .selectFrom('repository_blob')
          .innerJoin('blob', 'blob.id', 'repository_blob.blob_id')
          .select(['blob.id', 'blob.digest', 'blob.size', 'repository_blob.loose'])
          .where('repository_blob.repository_id', '=', repositoryId)
          .where('blob.digest', 'in', some)
          .where('blob.damaged_at', 'is', null)
          .orderBy('blob.id');
        const rows = await (db.kind === 'postgres' ? query.forShare('repository_blob') : query).execute();
        for (const row of rows) {
          held.set(row.digest as Digest, { id: row.id, size: row.size, loose: row.loose === 1 });
        }
        const ids = rows.map((row) => row.id);
        if (ids.length > 0) await touchBlobs(tx, ids, at);
      }
      return held;
    },

    async presentManifests(tx, repositoryId, digests) {
      const present = new Set<Digest>();
      for (const some of slices(digests)) {
        const query = within(tx)
          .selectFrom('manifest')
          .select('digest')
          .where('repository_id', '=', repositoryId)
          .where('digest', 'in', some);
        const rows = await (db.kind === 'postgres' ? query.forKeyShare() : query).execute();
        for (const row of rows) present.add(row.digest as Digest);
      }
      return present;
    },

    async put(tx, manifest, { blobIds, looseIds = [], missing, children }) {
      const q = within(tx);
      const { description } = manifest;
      const { attachment } = description;
      const attached = attachment === undefined ? {} : { accessory_of: attachment.of, accessory_type: attachment.type };
      await q
        .insertInto('manifest_content')
        .values({ digest: manifest.digest, content: manifest.content })
        .onConflict((conflict) =>
          conflict
            .column('digest')
            .doUpdateSet({ content: manifest.content, damaged_at: null })
            .where('manifest_content.damaged_at', 'is not', null),
        )
        .execute();
      const { id } = await q
        .insertInto('manifest')
        .values({
          repository_id: manifest.repositoryId,
          digest: manifest.digest,
          media_type: manifest.mediaType,
          size: manifest.content.length,
          artifact_type: manifest.artifactType ?? null,
          subject_digest: manifest.subject ?? null,
          annotations: manifest.annotations === undefined ? null : JSON.stringify(manifest.annotations),
          pushed_at: manifest.at,
          pushed_by: manifest.by,
          project_id: sql<number>`(select project_id from repository where id = ${manifest.repositoryId})`,
          type: description.type,
          config_type: description.configType,
          total_size: description.ownSize,
          described: description.config === undefined ? 1 : 0,
          ...attached,
        })
        .onConflict((conflict) =>
          conflict.columns(['repository_id', 'digest']).doUpdateSet({ media_type: manifest.mediaType, ...attached }),
        )
        .returning('id')
        .executeTakeFirstOrThrow();
      for (const some of slices(looseIds)) await setLoose(tx, manifest.repositoryId, some, 0);
      for (const some of slices(blobIds)) {
        await q
          .insertInto('manifest_blob')
          .values(some.map((blob) => ({ manifest_id: id, blob_id: blob, repository_id: manifest.repositoryId })))
          .onConflict((conflict) => conflict.columns(['manifest_id', 'blob_id']).doNothing())
          .execute();
      }
      for (const some of slices(missing)) {
        await q
          .insertInto('manifest_missing')
          .values(some.map((digest) => ({ manifest_id: id, digest })))
          .onConflict((conflict) => conflict.columns(['manifest_id', 'digest']).doNothing())
          .execute();
      }
      const details = new Map(description.children.map((child) => [child.digest, child.detail ?? null]));
      for (const some of slices([...children.entries()])) {
        await q
          .insertInto('manifest_child')
          .values(
            some.map(([position, digest]) => ({
              manifest_id: id,
              digest,
              position,
              detail: details.get(digest) ?? null,
            })),
          )
          .onConflict((conflict) => conflict.columns(['manifest_id', 'digest']).doNothing())
          .execute();
      }
      if (children.length > 0) {
        const total = sql<number>`${description.ownSize} + ${sizeOfChildren(id)}`;
        await q.updateTable('manifest').set({ total_size: total }).where('id', '=', id).execute();
      }
      if (description.annotations !== undefined) {
        await q
          .insertInto('manifest_detail')
          .values({ manifest_id: id, extra_attrs: null, annotations: description.annotations })
          .onConflict((conflict) => conflict.column('manifest_id').doNothing())
          .execute();
      }
      await relist(tx, db, manifest.repositoryId, {
        at: manifest.at,
        digests: [manifest.digest, ...children],
        subject: manifest.digest,
        ...(manifest.tagged && { tagged: manifest.digest }),
      });
      await markHeld(tx, manifest.repositoryId, manifest.at);
      return id;
    },

    async delete(tx, repositoryId, digest, removal) {
      const q = within(tx);
      await lockRepository(tx, db.kind, repositoryId);
      await bin.keepManifests(tx, removal, repositoryId, digest);
      const children = await q
        .selectFrom('manifest_child')
        .innerJoin('manifest', 'manifest.id', 'manifest_child.manifest_id')
        .select('manifest_child.digest')
        .where('manifest.repository_id', '=', repositoryId)
        .where('manifest.digest', '=', digest)
        .execute();
      const needed = await blobsOf(tx, repositoryId, digest);
      const result = await q
        .deleteFrom('manifest')
        .where('repository_id', '=', repositoryId)
        .where('digest', '=', digest)
        .executeTakeFirst();
      if (result.numDeletedRows === 0n) return false;
      await loosen(tx, repositoryId, needed);
      const digests = children.map((child) => child.digest);
      await relist(tx, db, repositoryId, { at: removal.at, digests, subject: digest });
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

    async parentOf(tx, repositoryId, digest) {
      const row = await within(tx)
        .selectFrom('manifest_child')
        .innerJoin('manifest', 'manifest.id', 'manifest_child.manifest_id')
        .select('manifest.digest')
        .where('manifest_child.digest', '=', digest)
        .where('manifest.repository_id', '=', repositoryId)
        .limit(1)
        .executeTakeFirst();
      return row?.digest as Digest | undefined;
    },

    async childrenOf(tx, repositoryId, digest) {
      const rows = await within(tx)
        .selectFrom('manifest as parent')
        .innerJoin('manifest_child', 'manifest_child.manifest_id', 'parent.id')
        .innerJoin('manifest as child', (join) =>
          join
            .onRef('child.digest', '=', 'manifest_child.digest')
            .onRef('child.repository_id', '=', 'parent.repository_id'),
        )
        .select('child.digest')
        .where('parent.repository_id', '=', repositoryId)
        .where('parent.digest', '=', digest)
        .execute();
      return rows.map((row) => row.digest as Digest);
    },

    async attachedTo(tx, repositoryId, digest) {
      const rows = await within(tx)
        .selectFrom('manifest')
        .select('digest')
        .where('repository_id', '=', repositoryId)
        .where('accessory_of', '=', digest)
        .where('digest', '!=', digest)
        .execute();
      return rows.map((row) => row.digest as Digest);
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
