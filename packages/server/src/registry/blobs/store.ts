import type { Digest } from '@entrepot/oci/digest';
import type { RepositoryName } from '@entrepot/oci/repository-name';
import type { Transaction } from '#kernel/transaction';
import type { BlobLocation } from '#platform/blobs';
import type { Eventually } from '#kernel/eventually';
import { type Db, within } from '#platform/db';
import { slices } from '#platform/db/lists';

export interface StoredBlob {
  readonly id: number;
  readonly size: number;
  readonly location: BlobLocation;
}

interface NewBlob {
  readonly digest: Digest;
  readonly size: number;
  readonly location: BlobLocation;
  readonly at: number;
}

export interface BlobRecords {
  /** The blob as this repository sees it: content that only others hold, or that is damaged, is not there. */
  findIn(projectId: number, repository: RepositoryName, digest: Digest): Eventually<StoredBlob | undefined>;
  /** The blob wherever it is, unless it is damaged: for those who just proved to have its bytes. */
  findAnywhere(digest: Digest): Eventually<StoredBlob | undefined>;
  /** The repositories that hold the blob, some of them: candidates for a mount without a source. */
  holders(digest: Digest, limit: number): Promise<{ repository: string; projectId: number; public: boolean }[]>;
  /**
   * Adds the blob, or finds that a concurrent push added it first: then `added` is false and the given location is not
   * used. A damaged blob gets the new bytes.
   */
  insert(tx: Transaction, blob: NewBlob): Promise<{ readonly id: number; readonly added: boolean }>;
  /** As `insert`, of many at once. */
  insertAll(
    tx: Transaction,
    blobs: readonly NewBlob[],
  ): Promise<Map<Digest, { readonly id: number; readonly added: boolean }>>;
  /** Says that somebody relies on the blob now. Answers its id, or undefined when it is not there any more, or damaged. */
  touch(tx: Transaction, digest: Digest, at: number): Promise<number | undefined>;
  /** Whether the repository holds the blob now. */
  holds(tx: Transaction, projectId: number, repository: RepositoryName, blobId: number): Promise<boolean>;
  link(tx: Transaction, repositoryId: number, blobId: number, at: number): Promise<void>;
  /** As `link`, of many at once. */
  linkAll(tx: Transaction, repositoryId: number, blobIds: readonly number[], at: number): Promise<void>;
  /** Takes the blob out of the repository. Answers whether it was there. */
  unlink(tx: Transaction, repositoryId: number, digest: Digest): Promise<boolean>;
  /** Whether a manifest of the repository needs the blob. */
  isReferenced(tx: Transaction, repositoryId: number, digest: Digest): Promise<boolean>;
}

/** Manifests that were pushed before this blob and name it refer to it from now on. */
async function fillGaps(q: ReturnType<typeof within>, repositoryId: number, blobIds: readonly number[]): Promise<void> {
  const waiting = await q
    .selectFrom('blob')
    .innerJoin('manifest_missing', 'manifest_missing.digest', 'blob.digest')
    .innerJoin('manifest', 'manifest.id', 'manifest_missing.manifest_id')
    .select(['manifest.id', 'blob.digest', 'blob.id as blobId'])
    .where('blob.id', 'in', blobIds)
    .where('manifest.repository_id', '=', repositoryId)
    .execute();
  for (const { id, digest, blobId } of waiting) {
    await q
      .insertInto('manifest_blob')
      .values({ manifest_id: id, blob_id: blobId, repository_id: repositoryId })
      .onConflict((conflict) => conflict.columns(['manifest_id', 'blob_id']).doNothing())
      .execute();
    await q.deleteFrom('manifest_missing').where('manifest_id', '=', id).where('digest', '=', digest).execute();
  }
}

export function createBlobRecords(db: Db): BlobRecords {
  const inRepository = db.prepareFirst<StoredBlob>((q, value) =>
    q
      .selectFrom('repository')
      .innerJoin('repository_blob', 'repository_blob.repository_id', 'repository.id')
      .innerJoin('blob', 'blob.id', 'repository_blob.blob_id')
      .select(['blob.id', 'blob.size', 'blob.location'])
      .$narrowType<{ location: BlobLocation }>()
      .where('blob.damaged_at', 'is', null)
      .where('repository.name', '=', value('repository'))
      .where('repository.project_id', '=', value<number>('projectId'))
      .where('blob.digest', '=', value('digest')),
  );
  const anywhere = db.prepareFirst<StoredBlob>((q, value) =>
    q
      .selectFrom('blob')
      .select(['id', 'size', 'location'])
      .$narrowType<{ location: BlobLocation }>()
      .where('damaged_at', 'is', null)
      .where('digest', '=', value('digest')),
  );
  async function touch(tx: Transaction, digest: Digest, at: number): Promise<number | undefined> {
    const row = await within(tx)
      .updateTable('blob')
      .set({ touched_at: db.stamp(at), condemned_at: null })
      .where('digest', '=', digest)
      .where('damaged_at', 'is', null)
      .returning('id')
      .executeTakeFirst();
    return row?.id;
  }
  /** Those of them that were not there. */
  async function add(tx: Transaction, blobs: readonly NewBlob[]): Promise<{ id: number; digest: Digest }[]> {
    const rows = blobs.map(({ digest, size, location, at: now }) => {
      const at = db.stamp(now);
      return { digest, size, location, created_at: at, touched_at: at, checked_at: at };
    });
    const made = await within(tx)
      .insertInto('blob')
      .values(rows)
      .onConflict((conflict) => conflict.column('digest').doNothing())
      .returning(['id', 'digest'])
      .execute();
    return made as { id: number; digest: Digest }[];
  }
  /** Gives a damaged blob good bytes; what it had goes the way of all bytes that nobody names. */
  async function mend(tx: Transaction, { digest, location, at }: NewBlob): Promise<number | undefined> {
    const q = within(tx);
    const query = q.selectFrom('blob').select(['location', 'size']).where('digest', '=', digest);
    const before = await (db.kind === 'postgres' ? query.forUpdate() : query).executeTakeFirst();
    if (before === undefined) return undefined;
    const stamp = db.stamp(at);
    const row = await q
      .updateTable('blob')
      .set({ location, damaged_at: null, condemned_at: null, touched_at: stamp, checked_at: stamp })
      .where('digest', '=', digest)
      .where('damaged_at', 'is not', null)
      .returning('id')
      .executeTakeFirst();
    if (row === undefined) return undefined;
    await q.insertInto('trash').values({ location: before.location, digest, size: before.size, at: stamp }).execute();
    return row.id;
  }
  async function insert(tx: Transaction, blob: NewBlob): Promise<{ id: number; added: boolean }> {
    // Whoever added it may be undone, and who is there may be collected, between one statement and the next.
    for (let tries = 0; tries < 5; tries += 1) {
      const [made] = await add(tx, [blob]);
      if (made !== undefined) return { id: made.id, added: true };
      const first = await touch(tx, blob.digest, blob.at);
      if (first !== undefined) return { id: first, added: false };
      const mended = await mend(tx, blob);
      if (mended !== undefined) return { id: mended, added: true };
    }
    throw new Error(`the blob ${blob.digest} is neither there nor can it be added`);
  }
  async function linkSome(
    tx: Transaction,
    repositoryId: number,
    blobIds: readonly number[],
    at: number,
  ): Promise<void> {
    const q = within(tx);
    await q
      .insertInto('repository_blob')
      .values(blobIds.map((id) => ({ repository_id: repositoryId, blob_id: id, created_at: db.stamp(at) })))
      .onConflict((conflict) =>
        conflict.columns(['repository_id', 'blob_id']).doUpdateSet({ loose: 0 }).where('repository_blob.loose', '=', 1),
      )
      .execute();
    await fillGaps(q, repositoryId, blobIds);
  }
  return {
    findIn: (projectId, repository, digest) => inRepository({ projectId, repository, digest }),
    findAnywhere: (digest) => anywhere({ digest }),
    async holders(digest, limit) {
      const rows = await db.read
        .selectFrom('blob')
        .innerJoin('repository_blob', 'repository_blob.blob_id', 'blob.id')
        .innerJoin('repository', 'repository.id', 'repository_blob.repository_id')
        .innerJoin('project', 'project.id', 'repository.project_id')
        .select(['repository.name', 'project.id', 'project.public'])
        .where('blob.digest', '=', digest)
        .limit(limit)
        .execute();
      return rows.map((row) => ({ repository: row.name, projectId: row.id, public: row.public === 1 }));
    },
    touch,
    insert,
    async insertAll(tx, blobs) {
      const rows = new Map<Digest, { id: number; added: boolean }>();
      for (const some of slices(blobs))
        for (const { id, digest } of await add(tx, some)) rows.set(digest, { id, added: true });
      for (const blob of blobs) if (!rows.has(blob.digest)) rows.set(blob.digest, await insert(tx, blob));
      return rows;
    },
    link: (tx, repositoryId, blobId, at) => linkSome(tx, repositoryId, [blobId], at),
    async linkAll(tx, repositoryId, blobIds, at) {
      for (const some of slices(blobIds)) await linkSome(tx, repositoryId, some, at);
    },
    async holds(tx, projectId, repository, blobId) {
      const found = await within(tx)
        .selectFrom('repository_blob')
        .innerJoin('repository', 'repository.id', 'repository_blob.repository_id')
        .select('repository_blob.blob_id')
        .where('repository_blob.blob_id', '=', blobId)
        .where('repository.name', '=', repository)
        .where('repository.project_id', '=', projectId)
        .executeTakeFirst();
      return found !== undefined;
    },
    async unlink(tx, repositoryId, digest) {
      const q = within(tx);
      const result = await q
        .deleteFrom('repository_blob')
        .where('repository_id', '=', repositoryId)
        .where('blob_id', 'in', q.selectFrom('blob').select('id').where('digest', '=', digest))
        .executeTakeFirst();
      return result.numDeletedRows > 0n;
    },
    async isReferenced(tx, repositoryId, digest) {
      const found = await within(tx)
        .selectFrom('blob')
        .innerJoin('manifest_blob', 'manifest_blob.blob_id', 'blob.id')
        .select('manifest_blob.manifest_id')
        .where('blob.digest', '=', digest)
        .where('manifest_blob.repository_id', '=', repositoryId)
        .limit(1)
        .executeTakeFirst();
      return found !== undefined;
    },
  };
}
