import { sql } from 'kysely';
import type { Transaction } from '#kernel/transaction';
import { type Db, within } from '#platform/db';

/** The manifests whose place in lists may have changed. */
export interface Touched {
  readonly at: number;
  readonly ids?: readonly number[];
  readonly digests?: readonly string[];
  /** And everything that is attached to these. */
  readonly subjects?: readonly string[];
  /** Those among the digests that are about to get a tag. */
  readonly tagged?: ReadonlySet<string>;
}

const valuesPerStatement = 500;

/**
 * Decides anew which manifests lists show: what is attached to a manifest that is here is shown with that one, and what
 * is only a part of an index is shown under it. Those that no tag, index or subject holds are noted for the collection.
 */
export async function relist(
  tx: Transaction,
  db: Pick<Db, 'kind' | 'stamp'>,
  repositoryId: number,
  touched: Touched,
): Promise<void> {
  const { ids = [], digests = [], subjects = [] } = touched;
  for (let from = 0; from === 0 || from < digests.length; from += valuesPerStatement) {
    const some = digests.slice(from, from + valuesPerStatement);
    const conditions = [
      ...(ids.length > 0 ? [sql`manifest.id in (${sql.join(ids)})`] : []),
      ...(some.length > 0 ? [sql`manifest.digest in (${sql.join(some)})`] : []),
      ...(subjects.length > 0 && from === 0 ? [sql`manifest.accessory_of in (${sql.join(subjects)})`] : []),
    ];
    if (conditions.length === 0) return;
    const which = sql<boolean>`manifest.repository_id = ${repositoryId} and (${sql.join(conditions, sql` or `)})`;
    // Whoever writes here second sees what the first one did: the rows are held before they are judged.
    if (db.kind === 'postgres') {
      await sql`select id from manifest where ${which} order by id for no key update`.execute(within(tx));
    }
    const found = await sql<{
      id: number;
      digest: string;
      listed: number;
      wanted: number;
    }>`select id, digest, listed, case
        when accessory_of <> digest and exists (
          select 1 from manifest subject
          where subject.repository_id = manifest.repository_id and subject.digest = manifest.accessory_of) then 0
        when exists (select 1 from tag where tag.manifest_id = manifest.id) then 1
        when exists (
          select 1 from manifest_child join manifest parent on parent.id = manifest_child.manifest_id
          where manifest_child.digest = manifest.digest and parent.repository_id = manifest.repository_id) then 0
        else 2 end as wanted
      from manifest where ${which}`.execute(within(tx));
    for (const { id, digest, listed, wanted } of found.rows) {
      const shown = Math.min(wanted, 1);
      if (listed !== shown) {
        await within(tx).updateTable('manifest').set({ listed: shown }).where('id', '=', id).execute();
      }
      if (wanted !== 2 || touched.tagged?.has(digest) === true) continue;
      // An older note is of an earlier time without a holder: whoever pushes it again relies on it from now on.
      const at = db.stamp(touched.at);
      await within(tx)
        .insertInto('manifest_review')
        .values({ manifest_id: id, at })
        .onConflict((conflict) => conflict.column('manifest_id').doUpdateSet({ at }))
        .execute();
    }
  }
}

/** Keeps pushes away that would have a repository that is just emptied: their manifests refer to its row. */
export async function lockRepository(tx: Transaction, kind: Db['kind'], repositoryId: number): Promise<void> {
  if (kind !== 'postgres') return;
  await within(tx).selectFrom('repository').select('id').where('id', '=', repositoryId).forUpdate().execute();
}

/** To be called after the manifest is written: a deletion that ran meanwhile is over then, and seen. */
export async function markHeld(tx: Transaction, repositoryId: number, at: number): Promise<void> {
  await within(tx)
    .updateTable('repository')
    .set({ held: 1, created_at: at, updated_at: at })
    .where('id', '=', repositoryId)
    .where('held', '=', 0)
    .execute();
}

export async function unmarkHeld(tx: Transaction, repositoryId: number): Promise<void> {
  await sql`update repository set held = 0
    where id = ${repositoryId} and not exists (select 1 from manifest where repository_id = ${repositoryId})`.execute(
    within(tx),
  );
}
