import type { Digest } from '@entrepot/oci/digest';
import type { TagName } from '@entrepot/oci/tag';
import { sql } from 'kysely';
import type { Clock } from '#kernel/clock';
import type { Transaction } from '#kernel/transaction';
import { type Db, within } from '#platform/db';

/** Where a manifest is that a tag pointed at: in the repository, in the bin, or gone for good. */
export type Whereabouts = 'here' | 'bin' | 'gone';

/** A change of a tag. Times are milliseconds since the Unix epoch. */
export interface TagChange {
  readonly id: number;
  readonly at: number;
  readonly by: string;
  /** Undefined where there was no such tag before. */
  readonly from: Digest | undefined;
  /** Undefined where it was taken away. */
  readonly to: Digest | undefined;
}

export interface TagChangeShown extends TagChange {
  /** Of what the tag pointed at from then on. */
  readonly whereabouts: Whereabouts | undefined;
}

export interface TagHistory {
  /** The changes of a tag, the latest first. */
  list(
    repositoryId: number,
    name: TagName,
    page: { readonly page: number; readonly pageSize: number },
  ): Promise<{ readonly entries: TagChangeShown[]; readonly total: number }>;
  /** The last change, in the transaction; the last before a time where one is given. */
  last(tx: Transaction, repositoryId: number, name: TagName, before?: number): Promise<TagChange | undefined>;
  /** The first change there is, in the transaction. */
  first(tx: Transaction, repositoryId: number, name: TagName): Promise<TagChange | undefined>;
  /** Whether the tag ever pointed at the manifest. */
  knew(tx: Transaction, repositoryId: number, name: TagName, digest: Digest): Promise<boolean>;
}

interface Row {
  readonly id: number;
  readonly at: number;
  readonly actor: string;
  readonly from_digest: string | null;
  readonly to_digest: string | null;
}

const toChange = (row: Row): TagChange => ({
  id: row.id,
  at: row.at,
  by: row.actor,
  from: (row.from_digest ?? undefined) as Digest | undefined,
  to: (row.to_digest ?? undefined) as Digest | undefined,
});

export function createTagHistory(db: Db, clock: Clock): TagHistory {
  const of = (q: Db['read'], repositoryId: number, name: TagName) =>
    q
      .selectFrom('tag_change')
      .select(['id', 'at', 'actor', 'from_digest', 'to_digest'])
      .where('repository_id', '=', repositoryId)
      .where('name', '=', name);

  async function whereaboutsOf(repositoryId: number, digests: readonly string[]): Promise<Map<string, Whereabouts>> {
    const found = new Map<string, Whereabouts>();
    if (digests.length === 0) return found;
    const kept = await db.read
      .selectFrom('repository')
      .innerJoin('deleted_artifact', (join) =>
        join
          .onRef('deleted_artifact.repository', '=', 'repository.name')
          .onRef('deleted_artifact.project_id', '=', 'repository.project_id'),
      )
      .innerJoin('deletion', 'deletion.id', 'deleted_artifact.deletion_id')
      .select('deleted_artifact.digest')
      .where('repository.id', '=', repositoryId)
      .where('deleted_artifact.digest', 'in', digests)
      .where(sql<boolean>`deletion.expires_at > ${db.stamp(clock())}`)
      .execute();
    for (const { digest } of kept) found.set(digest, 'bin');
    const here = await db.read
      .selectFrom('manifest')
      .select('digest')
      .where('repository_id', '=', repositoryId)
      .where('digest', 'in', digests)
      .execute();
    for (const { digest } of here) found.set(digest, 'here');
    return found;
  }

  return {
    async list(repositoryId, name, { page, pageSize }) {
      const rows = await of(db.read, repositoryId, name)
        .orderBy('id', 'desc')
        .limit(pageSize)
        .offset((page - 1) * pageSize)
        .execute();
      const { total } = await db.read
        .selectFrom('tag_change')
        .select(sql<number>`count(*)`.as('total'))
        .where('repository_id', '=', repositoryId)
        .where('name', '=', name)
        .executeTakeFirstOrThrow();
      const digests = [...new Set(rows.flatMap((row) => row.to_digest ?? []))];
      const whereabouts = await whereaboutsOf(repositoryId, digests);
      const entries = rows.map((row) => ({
        ...toChange(row),
        whereabouts: row.to_digest === null ? undefined : (whereabouts.get(row.to_digest) ?? 'gone'),
      }));
      return { entries, total: Number(total) };
    },
    async last(tx, repositoryId, name, before) {
      const all = of(within(tx), repositoryId, name);
      const query = before === undefined ? all : all.where('at', '<', before);
      const row = await query.orderBy('id', 'desc').limit(1).executeTakeFirst();
      return row && toChange(row);
    },
    async first(tx, repositoryId, name) {
      const row = await of(within(tx), repositoryId, name).orderBy('id').limit(1).executeTakeFirst();
      return row && toChange(row);
    },
    async knew(tx, repositoryId, name, digest) {
      const row = await of(within(tx), repositoryId, name)
        .where((where) => where.or([where('from_digest', '=', digest), where('to_digest', '=', digest)]))
        .limit(1)
        .executeTakeFirst();
      return row !== undefined;
    },
  };
}
