import type { Digest } from '@entrepot/oci/digest';
import { sql } from 'kysely';
import { RegistryError } from '#kernel/errors';
import type { Transaction } from '#kernel/transaction';
import type { BlobLocation } from '#platform/blobs';
import { type Db, within } from '#platform/db';
import { slices } from '#platform/db/lists';

export interface ReservedBlob {
  readonly digest: Digest;
  readonly size: number;
  readonly location: BlobLocation;
}

export interface ImportStore {
  /** Has the database give this process more memory, for as long as it is open: keys in no order touch every page. */
  prepare(tx: Transaction): Promise<void>;
  /** Sizes of the blobs that are here and sound, in whatever repository. */
  findBlobs(digests: readonly Digest[]): Promise<Map<Digest, number>>;
  /** Which of these manifests the repository has. */
  findManifests(projectId: number, repository: string, digests: readonly Digest[]): Promise<Set<Digest>>;
  /** What tags point at, inside the transaction. */
  findTags(tx: Transaction, repositoryId: number, names: readonly string[]): Promise<Map<string, Digest>>;
  /**
   * Notes files that nobody names yet, so that the collection removes what nobody ever comes to name. Answers with the
   * number of each note.
   */
  reserve(tx: Transaction, blobs: readonly ReservedBlob[], at: number): Promise<Map<BlobLocation, number>>;
  /** Takes the notes out again; throws `conflict` when one is not there, because then its file may be gone. */
  claim(tx: Transaction, notes: readonly number[]): Promise<void>;
  /** Gives manifests and tags the times they had. */
  backdate(tx: Transaction, repositoryId: number, times: Backdated): Promise<void>;
}

export interface Backdated {
  readonly manifests: readonly { readonly digest: Digest; readonly at: number }[];
  readonly tags: readonly { readonly name: string; readonly at: number }[];
}

/** Nobody is at one batch for so long; until then the collection leaves its files alone. */
const reservedMs = 24 * 3600 * 1000;

export function createImportStore(db: Db): ImportStore {
  return {
    async prepare(tx) {
      if (db.kind !== 'sqlite') return;
      // In KiB: 256 MiB.
      await sql`pragma cache_size = -262144`.execute(within(tx));
    },

    async findBlobs(digests) {
      const found = new Map<Digest, number>();
      for (const some of slices(digests)) {
        const query = db.read.selectFrom('blob').select(['digest', 'size']).where('digest', 'in', some);
        const rows = await query.where('damaged_at', 'is', null).execute();
        for (const row of rows) found.set(row.digest as Digest, row.size);
      }
      return found;
    },

    async findManifests(projectId, repository, digests) {
      const found = new Set<Digest>();
      for (const some of slices(digests)) {
        const rows = await db.read
          .selectFrom('repository')
          .innerJoin('manifest', 'manifest.repository_id', 'repository.id')
          .select('manifest.digest')
          .where('repository.name', '=', repository)
          .where('repository.project_id', '=', projectId)
          .where('manifest.digest', 'in', some)
          .execute();
        for (const row of rows) found.add(row.digest as Digest);
      }
      return found;
    },

    async findTags(tx, repositoryId, names) {
      const found = new Map<string, Digest>();
      for (const some of slices(names)) {
        const rows = await within(tx)
          .selectFrom('tag')
          .innerJoin('manifest', 'manifest.id', 'tag.manifest_id')
          .select(['tag.name', 'manifest.digest'])
          .where('tag.repository_id', '=', repositoryId)
          .where('tag.name', 'in', some)
          .execute();
        for (const row of rows) found.set(row.name, row.digest as Digest);
      }
      return found;
    },

    async reserve(tx, blobs, at) {
      const notes = new Map<BlobLocation, number>();
      const stamp = sql<number>`${db.stamp(at)} + ${sql.lit(reservedMs)}`;
      for (const some of slices(blobs)) {
        const rows = await within(tx)
          .insertInto('trash')
          .values(some.map(({ digest, size, location }) => ({ digest, size, location, at: stamp })))
          .returning(['id', 'location'])
          .execute();
        for (const row of rows) notes.set(row.location as BlobLocation, row.id);
      }
      return notes;
    },

    async claim(tx, notes) {
      for (const some of slices(notes)) {
        const { numDeletedRows } = await within(tx)
          .deleteFrom('trash')
          .where('id', 'in', some)
          .executeTakeFirstOrThrow();
        if (Number(numDeletedRows) !== some.length) {
          throw new RegistryError('conflict', 'A file that was taken over was collected before it was recorded.');
        }
      }
    },

    async backdate(tx, repositoryId, { manifests, tags }) {
      for (const some of slices(manifests)) {
        const times = sql.join(some.map(({ digest, at }) => sql`(${digest}, ${at})`));
        await sql`with given (digest, at) as (values ${times})
          update manifest set pushed_at = cast(given.at as bigint) from given
          where manifest.repository_id = ${repositoryId} and manifest.digest = given.digest`.execute(within(tx));
      }
      for (const some of slices(tags)) {
        const times = sql.join(some.map(({ name, at }) => sql`(${name}, ${at})`));
        await sql`with given (name, at) as (values ${times})
          update tag set pushed_at = cast(given.at as bigint) from given
          where tag.repository_id = ${repositoryId} and tag.name = given.name`.execute(within(tx));
      }
    },
  };
}
