import type { Digest } from '@entrepot/oci/digest';
import type { Transaction } from '#kernel/transaction';
import { type Db, within } from '#platform/db';
import { slices } from '#platform/db/lists';

/** How manifests of a repository belong together. */
export interface ManifestRelations {
  /** Which of these manifests the repository holds; they cannot be removed before the transaction ends. */
  presentManifests(tx: Transaction, repositoryId: number, digests: readonly Digest[]): Promise<Set<Digest>>;
  /** An index of the repository that names the manifest. */
  parentOf(tx: Transaction, repositoryId: number, digest: Digest): Promise<Digest | undefined>;
  /** What an index of the repository names and the repository holds. */
  childrenOf(tx: Transaction, repositoryId: number, digest: Digest): Promise<Digest[]>;
  /** Digests of what is attached to the manifest: signatures, SBOMs and the like. */
  attachedTo(tx: Transaction, repositoryId: number, digest: Digest): Promise<Digest[]>;
}

export function createManifestRelations(db: Db): ManifestRelations {
  return {
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
  };
}
