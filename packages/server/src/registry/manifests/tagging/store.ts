import type { Digest } from '@entrepot/oci/digest';
import type { TagName } from '@entrepot/oci/tag';
import type { Transaction } from '#kernel/transaction';
import { type Db, within } from '#platform/db';
import { slices } from '#platform/db/lists';
import type { Bin, Removal } from '#registry/deletions';

/** The tags of repositories, as the store of manifests has them. */
export interface ManifestTags {
  /** Points the tag at the manifest. Answers where it pointed before. */
  putTag(
    tx: Transaction,
    tag: { repositoryId: number; name: TagName; manifestId: number; at: number; by: string },
  ): Promise<Digest | undefined>;
  /** Makes the tag where there is none of that name. Answers whether it did. */
  addTag(
    tx: Transaction,
    tag: { repositoryId: number; name: TagName; manifestId: number; at: number; by: string },
  ): Promise<boolean>;
  /** Makes tags where there are none of their names. Answers how many it made. */
  addTags(
    tx: Transaction,
    where: { repositoryId: number; at: number; by: string },
    tags: readonly { name: TagName; manifestId: number }[],
  ): Promise<number>;
  /** The digest a tag points at, inside the transaction. */
  tagTarget(tx: Transaction, repositoryId: number, name: TagName): Promise<Digest | undefined>;
  /** Until the end of the transaction nobody changes a tag of the repository who looks at it by `tagTarget` before. */
  holdTags(tx: Transaction, repositoryId: number): Promise<void>;
  /** Every tag of the repository. */
  tagsIn(tx: Transaction, repositoryId: number): Promise<TagName[]>;
  /** Which of these tags the repository has. */
  presentTags(tx: Transaction, repositoryId: number, names: readonly TagName[]): Promise<Set<string>>;
  /** The tags that point at the manifest. */
  tagsOf(tx: Transaction, repositoryId: number, digest: Digest): Promise<TagName[]>;
  deleteTag(tx: Transaction, repositoryId: number, name: TagName, removal: Removal): Promise<boolean>;
}

/** Decides anew which of the manifests lists show. */
type Relist = (
  tx: Transaction,
  db: Pick<Db, 'kind' | 'stamp'>,
  repositoryId: number,
  touched: { readonly at: number; readonly ids: readonly number[] },
) => Promise<void>;

/** Every change of a tag is written into its history. */
export function createManifestTags(db: Db, bin: Bin, relist: Relist): ManifestTags {
  type Where = { repositoryId: number; at: number; by: string };
  type NewTag = { name: TagName; manifestId: number };

  /** Answers those that it made. */
  async function insertTags(tx: Transaction, { repositoryId, at, by }: Where, tags: readonly NewTag[]) {
    const made = await within(tx)
      .insertInto('tag')
      .values(
        tags.map(({ name, manifestId }) => ({
          repository_id: repositoryId,
          name,
          manifest_id: manifestId,
          pushed_at: at,
          pushed_by: by,
        })),
      )
      .onConflict((conflict) => conflict.columns(['repository_id', 'name']).doNothing())
      .returning(['name', 'manifest_id'])
      .execute();
    return made.map((row) => ({ name: row.name as TagName, manifestId: row.manifest_id, from: undefined }));
  }
  async function addTags(tx: Transaction, where: Where, tags: readonly NewTag[]): Promise<number> {
    let count = 0;
    for (const some of slices(tags)) {
      const made = await insertTags(tx, where, some);
      if (made.length === 0) continue;
      await bin.noteTags(tx, where, made);
      const ids = [...new Set(made.map(({ manifestId }) => manifestId))];
      await relist(tx, db, where.repositoryId, { at: where.at, ids });
      count += made.length;
    }
    return count;
  }
  async function targetOf(tx: Transaction, repositoryId: number, name: TagName) {
    const query = within(tx)
      .selectFrom('tag')
      .innerJoin('manifest', 'manifest.id', 'tag.manifest_id')
      .select(['tag.manifest_id', 'manifest.digest'])
      .where('tag.repository_id', '=', repositoryId)
      .where('tag.name', '=', name);
    return (db.kind === 'postgres' ? query.forUpdate('tag') : query).executeTakeFirst();
  }

  return {
    async putTag(tx, tag) {
      const { repositoryId, name, manifestId, at, by } = tag;
      const row = { manifest_id: manifestId, pushed_at: at, pushed_by: by };
      const changed = async (before: { manifest_id: number; digest: string } | undefined) => {
        const from = before?.digest as Digest | undefined;
        if (before?.manifest_id !== manifestId) await bin.noteTags(tx, tag, [{ name, manifestId, from }]);
        const ids = before === undefined ? [manifestId] : [...new Set([manifestId, before.manifest_id])];
        await relist(tx, db, repositoryId, { at, ids });
        return from;
      };
      // Two who move a tag at once take turns at its row, so that its history is what happened. A tag that is not there
      // has no row; whoever finds that it was made meanwhile begins again.
      for (let tries = 0; tries < 5; tries += 1) {
        const before = await targetOf(tx, repositoryId, name);
        if (before !== undefined) {
          await within(tx)
            .updateTable('tag')
            .set(row)
            .where('repository_id', '=', repositoryId)
            .where('name', '=', name)
            .execute();
          return changed(before);
        }
        if ((await insertTags(tx, tag, [tag])).length > 0) return changed(undefined);
      }
      throw new Error(`the tag ${name} is neither there nor can it be made`);
    },

    addTags,
    addTag: async (tx, tag) => (await addTags(tx, tag, [tag])) > 0,

    async tagTarget(tx, repositoryId, name) {
      // A tag that is not there has no row to lock, so those who look before they write take turns at the repository's.
      if (db.kind === 'postgres') {
        await within(tx)
          .selectFrom('repository')
          .select('id')
          .where('id', '=', repositoryId)
          .forNoKeyUpdate()
          .execute();
      }
      const query = within(tx)
        .selectFrom('tag')
        .innerJoin('manifest', 'manifest.id', 'tag.manifest_id')
        .select('manifest.digest')
        .where('tag.repository_id', '=', repositoryId)
        .where('tag.name', '=', name);
      const row = await (db.kind === 'postgres' ? query.forUpdate('tag') : query).executeTakeFirst();
      return row?.digest as Digest | undefined;
    },

    async holdTags(tx, repositoryId) {
      if (db.kind !== 'postgres') return;
      await within(tx).selectFrom('repository').select('id').where('id', '=', repositoryId).forUpdate().execute();
    },

    async tagsIn(tx, repositoryId) {
      const rows = await within(tx)
        .selectFrom('tag')
        .select('name')
        .where('repository_id', '=', repositoryId)
        .execute();
      return rows.map((row) => row.name as TagName);
    },

    async presentTags(tx, repositoryId, names) {
      if (names.length === 0) return new Set();
      const rows = await within(tx)
        .selectFrom('tag')
        .select('name')
        .where('repository_id', '=', repositoryId)
        .where('name', 'in', names)
        .execute();
      return new Set(rows.map((row) => row.name));
    },

    async tagsOf(tx, repositoryId, digest) {
      const rows = await within(tx)
        .selectFrom('tag')
        .innerJoin('manifest', 'manifest.id', 'tag.manifest_id')
        .select('tag.name')
        .where('manifest.repository_id', '=', repositoryId)
        .where('manifest.digest', '=', digest)
        .orderBy('tag.name')
        .execute();
      return rows.map((row) => row.name as TagName);
    },

    async deleteTag(tx, repositoryId, name, removal) {
      // Held, so that it goes from where the bin says that it pointed.
      if ((await targetOf(tx, repositoryId, name)) === undefined) return false;
      await bin.keepTag(tx, removal, repositoryId, name);
      const gone = await within(tx)
        .deleteFrom('tag')
        .where('repository_id', '=', repositoryId)
        .where('name', '=', name)
        .returning('manifest_id')
        .executeTakeFirst();
      if (gone === undefined) return false;
      await relist(tx, db, repositoryId, { at: removal.at, ids: [gone.manifest_id] });
      return true;
    },
  };
}
