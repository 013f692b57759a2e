import type { BlobStore } from '#platform/blobs';
import { type Db, within } from '#platform/db';
import type { BlobRecords } from '#registry/blobs';
import type { CollectionStore } from '#registry/collection';
import type { createManifestStore } from '#registry/manifests';

type ManifestStore = ReturnType<typeof createManifestStore>;

/** Faults that are built in on purpose, to see that the simulator finds such. None by default. */
export interface Sabotage {
  bytes(store: BlobStore): BlobStore;
  records(records: BlobRecords): BlobRecords;
  manifests(store: ManifestStore): ManifestStore;
  collection(store: CollectionStore, db: Db): CollectionStore;
}

export const noSabotage: Sabotage = {
  bytes: (store) => store,
  records: (records) => records,
  manifests: (store) => store,
  collection: (store) => store,
};

/** What can be broken, by name. */
export const sabotages = {
  /** A client that asks for a blob and skips its upload is not noted. */
  'head-does-not-touch': {
    ...noSabotage,
    records: (records) => ({
      ...records,
      async touch(tx, digest) {
        const row = await within(tx).selectFrom('blob').select('id').where('digest', '=', digest).executeTakeFirst();
        return row?.id;
      },
    }),
  },
  /** The collection takes blobs out of repositories by what it saw, not by what is there when it writes. */
  'unlink-without-second-look': {
    ...noSabotage,
    collection: (store) => ({
      ...store,
      async settle(tx, reviews, graceMs) {
        const doomed = reviews.filter(({ verdict }) => verdict === 'unlink');
        for (const { repositoryId, blobId } of doomed) {
          await within(tx)
            .deleteFrom('repository_blob')
            .where('repository_id', '=', repositoryId)
            .where('blob_id', '=', blobId)
            .execute();
        }
        return store.settle(
          tx,
          reviews.filter((review) => !doomed.includes(review)),
          graceMs,
        );
      },
    }),
  },
  /** A deletion is answered with success and does nothing. */
  'delete-forgets': {
    ...noSabotage,
    manifests: (store) => ({ ...store, delete: async () => true }),
  },
  /** What nobody needs at this moment goes at once. */
  'collection-ignores-the-grace': {
    ...noSabotage,
    collection: (store) => ({
      ...store,
      listDue: (_graceMs, limit, after) => store.listDue(0, limit, after),
      settle: (tx, reviews, _graceMs) => store.settle(tx, reviews, 0),
    }),
  },
} as const satisfies Record<string, Sabotage>;
