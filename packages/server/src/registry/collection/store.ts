import { sql } from 'kysely';
import type { Clock } from '#kernel/clock';
import type { Transaction } from '#kernel/transaction';
import type { BlobLocation } from '#platform/blobs';
import { type Db, within } from '#platform/db';
import { selectIds, selectRows, selectTexts } from '#platform/db/lists';
import type { Amount, CondemnedBlob, JudgedReview, Review, TrashedBytes, UnheldManifest, Verdict } from './types.ts';

/**
 * The rows that a collection works on. What it reads may be old when it writes, so every write decides for itself, after
 * it holds the rows: a push that uses them at the same time is waited for, or finds them gone and is told so.
 */
export interface CollectionStore {
  /** What is due, the longest waiting first, after the given one. */
  listDue(graceMs: number, limit: number, after?: Review): Promise<JudgedReview[]>;
  /** Ends the reviews, and does what their verdicts say as far as it still holds. */
  settle(
    tx: Transaction,
    reviews: readonly JudgedReview[],
    graceMs: number,
  ): Promise<{ readonly unlinked: number; readonly condemned: number }>;
  listCondemned(condemnedMs: number, limit: number): Promise<CondemnedBlob[]>;
  /** Removes condemned blobs; their bytes are trash from then on. Those that somebody saved live. */
  remove(tx: Transaction, ids: readonly number[], condemnedMs: number): Promise<Amount>;
  listTrash(trashMs: number, limit: number, afterId: number): Promise<TrashedBytes[]>;
  /** Which of these a blob still names, as after a restored database: their bytes must stay. */
  findNamed(trash: readonly TrashedBytes[]): Promise<Set<number>>;
  /** Writes a row as it is: once that is durable, so is everything that was committed before. */
  confirmTrash(tx: Transaction, id: number): Promise<void>;
  forgetTrash(tx: Transaction, ids: readonly number[]): Promise<void>;
  /** Manifests that lost their last tag so long ago, are no part of an index, attached to nothing, and not pinned. */
  listUnheld(graceMs: number, limit: number, afterId: number): Promise<UnheldManifest[]>;
  /** Whether the manifest is among those now. To be asked while it is held. */
  isUnheld(tx: Transaction, manifestId: number, graceMs: number): Promise<boolean>;
  /** Takes notes of manifests away that something holds again. */
  forgetHeld(tx: Transaction, limit: number): Promise<number>;
  /** What waits in each stage. */
  measure(): Promise<{ readonly reviews: number; readonly condemned: Amount; readonly trash: Amount }>;
  /** Whether a collection would find anything to do. */
  hasWork(ages: { graceMs: number; condemnedMs: number; trashMs: number; untagged: boolean }): Promise<boolean>;
}

const unused = sql<boolean>`not exists (select 1 from repository_blob where repository_blob.blob_id = blob.id)
  and not exists (select 1 from deleted_artifact_blob where deleted_artifact_blob.blob_id = blob.id)
  and not exists (select 1 from manifest_blob where manifest_blob.blob_id = blob.id)`;

/** A manifest that no tag, no index and no subject holds, in a repository that may be tidied up. */
const unheld = sql<boolean>`repository.pinned = 0
  and not exists (select 1 from tag where tag.manifest_id = manifest.id)
  and not exists (
    select 1 from manifest_child join manifest parent on parent.id = manifest_child.manifest_id
    where manifest_child.digest = manifest.digest and parent.repository_id = manifest.repository_id
      and parent.id <> manifest.id)
  and not exists (
    select 1 from manifest subject
    where subject.repository_id = manifest.repository_id and subject.digest = manifest.accessory_of
      and subject.id <> manifest.id)`;

export function createCollectionStore(db: Db, clock: Clock): CollectionStore {
  const now = () => db.stamp(clock());
  const before = (ms: number) => sql<number>`${now()} - ${ms}`;
  const aged = (graceMs: number) =>
    sql<boolean>`manifest_review.at <= ${before(graceMs)} and manifest.pulled_at <= ${before(graceMs)}`;
  const blobsOf = (reviews: readonly Review[]) =>
    selectIds(
      db,
      reviews.map(({ blobId }) => blobId),
    );
  const linksOf = (reviews: readonly Review[]) =>
    selectRows(
      db,
      2,
      reviews.map(({ repositoryId, blobId }) => [repositoryId, blobId]),
    );

  /** Waits for whoever writes to the rows; on SQLite there is one writer at a time anyway. */
  async function hold(tx: Transaction, table: 'blob' | 'repository_blob', condition: ReturnType<typeof sql>) {
    if (db.kind === 'sqlite') return;
    const order = table === 'blob' ? sql`blob.id` : sql`repository_blob.repository_id, repository_blob.blob_id`;
    await sql`select 1 from ${sql.table(table)} where ${condition} order by ${order} for update`.execute(within(tx));
  }

  /** Puts them back: since their blob's last touch, or since now where that would have them looked at at once. */
  async function postpone(tx: Transaction, reviews: readonly Review[], graceMs: number): Promise<void> {
    for (const { blobId, repositoryId } of reviews) {
      await sql`insert into gc_review (at, blob_id, repository_id)
        select case when touched_at > ${before(graceMs)} then touched_at else ${now()} end, id, ${sql.lit(repositoryId)}
        from blob where id = ${blobId} on conflict do nothing`.execute(within(tx));
    }
  }

  /**
   * What was needed when it was looked at may be so no more: whoever let go of it since found its review still there
   * and added none.
   */
  async function reviewAgain(tx: Transaction, reviews: readonly Review[]): Promise<void> {
    const asSuch = reviews.filter(({ repositoryId }) => repositoryId === 0);
    if (asSuch.length > 0) {
      await sql`insert into gc_review (at, blob_id, repository_id) select touched_at, id, 0 from blob
        where id in ${blobsOf(asSuch)} and condemned_at is null and ${unused}
        on conflict do nothing`.execute(within(tx));
    }
    const inRepositories = reviews.filter(({ repositoryId }) => repositoryId !== 0);
    if (inRepositories.length > 0) {
      await sql`insert into gc_review (at, blob_id, repository_id)
        select blob.touched_at, blob.id, repository_blob.repository_id
        from repository_blob join blob on blob.id = repository_blob.blob_id
        where (repository_blob.repository_id, repository_blob.blob_id) in ${linksOf(inRepositories)}
        and not exists (select 1 from manifest_blob where manifest_blob.blob_id = repository_blob.blob_id
          and manifest_blob.repository_id = repository_blob.repository_id)
        on conflict do nothing`.execute(within(tx));
    }
  }

  async function unlink(tx: Transaction, reviews: readonly Review[], graceMs: number): Promise<number> {
    if (reviews.length === 0) return 0;
    const which = sql`(repository_blob.repository_id, repository_blob.blob_id) in ${linksOf(reviews)}`;
    await hold(tx, 'repository_blob', which);
    await hold(tx, 'blob', sql`blob.id in ${blobsOf(reviews)}`);
    const gone = await sql<{ repository_id: number; blob_id: number }>`delete from repository_blob where ${which}
      and not exists (select 1 from manifest_blob where manifest_blob.blob_id = repository_blob.blob_id
        and manifest_blob.repository_id = repository_blob.repository_id)
      and exists (select 1 from blob where blob.id = repository_blob.blob_id and blob.touched_at <= ${before(graceMs)})
      returning repository_id, blob_id`.execute(within(tx));
    const done = new Set(gone.rows.map((row) => `${row.repository_id}/${row.blob_id}`));
    await postpone(
      tx,
      reviews.filter(({ repositoryId, blobId }) => !done.has(`${repositoryId}/${blobId}`)),
      graceMs,
    );
    return done.size;
  }

  async function condemn(tx: Transaction, reviews: readonly Review[], graceMs: number): Promise<number> {
    if (reviews.length === 0) return 0;
    const which = sql`blob.id in ${blobsOf(reviews)}`;
    await hold(tx, 'blob', which);
    const done = await sql<{ id: number }>`update blob set condemned_at = ${now()}
      where ${which} and condemned_at is null and touched_at <= ${before(graceMs)} and ${unused}
      returning id`.execute(within(tx));
    const ids = new Set(done.rows.map((row) => row.id));
    const touched = reviews.filter(({ blobId }) => !ids.has(blobId));
    if (touched.length > 0) {
      await sql`insert into gc_review (at, blob_id, repository_id)
        select touched_at, id, 0 from blob
        where id in ${blobsOf(touched)} and touched_at > ${before(graceMs)}
          and ${unused} on conflict do nothing`.execute(within(tx));
    }
    return ids.size;
  }

  return {
    async listDue(graceMs, limit, after) {
      const cutoff = before(graceMs);
      const found = await sql<{
        at: number;
        blob_id: number;
        repository_id: number;
        digest: string | null;
        size: number | null;
        name: string | null;
        verdict: Verdict;
      }>`select due.at, due.blob_id, due.repository_id, blob.digest, blob.size, repository.name, case
          when blob.id is null then 'keep'
          when due.repository_id <> 0 and (repository_blob.blob_id is null or exists (
            select 1 from manifest_blob where manifest_blob.blob_id = due.blob_id
              and manifest_blob.repository_id = due.repository_id)) then 'keep'
          when due.repository_id = 0 and (blob.condemned_at is not null or not (${unused})) then 'keep'
          when blob.touched_at > ${cutoff} or repository.pinned = 1 then 'later'
          when due.repository_id = 0 then 'condemn' else 'unlink' end as verdict
        from (select at, blob_id, repository_id from gc_review
          where at <= ${cutoff} ${after === undefined ? sql`` : sql`and (at, blob_id, repository_id) > (${after.at}, ${after.blobId}, ${after.repositoryId})`}
          order by at, blob_id, repository_id limit ${limit}) as due
        left join blob on blob.id = due.blob_id
        left join repository on repository.id = due.repository_id
        left join repository_blob on repository_blob.repository_id = due.repository_id
          and repository_blob.blob_id = due.blob_id
        order by due.at, due.blob_id, due.repository_id`.execute(db.background);
      return found.rows.map((row) => ({
        at: row.at,
        blobId: row.blob_id,
        repositoryId: row.repository_id,
        verdict: row.verdict,
        digest: row.digest ?? undefined,
        size: row.size ?? 0,
        repository: row.name ?? undefined,
      }));
    },

    async settle(tx, reviews, graceMs) {
      if (reviews.length === 0) return { unlinked: 0, condemned: 0 };
      const keys = reviews.map(({ at, blobId, repositoryId }) => [at, blobId, repositoryId]);
      await sql`delete from gc_review
        where (at, blob_id, repository_id) in ${selectRows(db, 3, keys)}`.execute(within(tx));
      const of = (verdict: Verdict) => reviews.filter((review) => review.verdict === verdict);
      await postpone(tx, of('later'), graceMs);
      await reviewAgain(tx, of('keep'));
      return {
        unlinked: await unlink(tx, of('unlink'), graceMs),
        condemned: await condemn(tx, of('condemn'), graceMs),
      };
    },

    async listCondemned(condemnedMs, limit) {
      const rows = await db.background
        .selectFrom('blob')
        .select(['id', 'digest', 'size', 'condemned_at'])
        .where('condemned_at', '<=', before(condemnedMs))
        .orderBy('condemned_at')
        .limit(limit)
        .execute();
      return rows.map((row) => ({
        id: row.id,
        digest: row.digest,
        size: row.size,
        condemnedAt: row.condemned_at ?? 0,
      }));
    },

    async remove(tx, ids, condemnedMs) {
      if (ids.length === 0) return { count: 0, bytes: 0 };
      const q = within(tx);
      const which = sql`blob.id in ${selectIds(db, ids)}`;
      await hold(tx, 'blob', which);
      await sql`update blob set condemned_at = null where ${which} and condemned_at is not null
        and not (${unused})`.execute(q);
      const gone = await sql<{ location: string; digest: string; size: number }>`delete from blob
        where ${which} and condemned_at <= ${before(condemnedMs)} and ${unused}
        returning location, digest, size`.execute(q);
      for (const { location, digest, size } of gone.rows) {
        await q.insertInto('trash').values({ location, digest, size, at: now() }).execute();
      }
      return { count: gone.rows.length, bytes: gone.rows.reduce((sum, { size }) => sum + size, 0) };
    },

    async listTrash(trashMs, limit, afterId) {
      const rows = await db.background
        .selectFrom('trash')
        .select(['id', 'location', 'digest', 'size'])
        .where('at', '<=', before(trashMs))
        .where('id', '>', afterId)
        .orderBy('id')
        .limit(limit)
        .execute();
      return rows.map((row) => ({ ...row, location: row.location as BlobLocation }));
    },

    async findNamed(trash) {
      if (trash.length === 0) return new Set();
      const rows = await db.background
        .selectFrom('blob')
        .select('location')
        .where('digest', 'in', selectTexts(db, [...new Set(trash.map(({ digest }) => digest))]))
        .execute();
      const named = new Set(rows.map((row) => row.location));
      return new Set(trash.filter(({ location }) => named.has(location)).map(({ id }) => id));
    },

    async confirmTrash(tx, id) {
      await sql`update trash set at = at where id = ${id}`.execute(within(tx));
    },

    async forgetTrash(tx, ids) {
      if (ids.length > 0) await within(tx).deleteFrom('trash').where('id', 'in', selectIds(db, ids)).execute();
    },

    async listUnheld(graceMs, limit, afterId) {
      const found = await sql<{
        manifest_id: number;
        project_id: number;
        project: string;
        repository: string;
        digest: string;
        total_size: number;
      }>`select manifest_review.manifest_id, project.id as project_id, project.name as project,
          repository.name as repository, manifest.digest, manifest.total_size
        from manifest_review
        join manifest on manifest.id = manifest_review.manifest_id
        join repository on repository.id = manifest.repository_id
        join project on project.id = repository.project_id
        where ${aged(graceMs)}
          and manifest_review.manifest_id > ${afterId} and ${unheld}
        order by manifest_review.manifest_id limit ${limit}`.execute(db.background);
      return found.rows.map((row) => ({
        manifestId: row.manifest_id,
        projectId: row.project_id,
        projectName: row.project,
        repository: row.repository,
        digest: row.digest,
        size: row.total_size,
      }));
    },

    async isUnheld(tx, manifestId, graceMs) {
      const found = await sql`select 1 from manifest_review
        join manifest on manifest.id = manifest_review.manifest_id
        join repository on repository.id = manifest.repository_id
        where manifest_review.manifest_id = ${manifestId} and ${aged(graceMs)} and ${unheld}`.execute(within(tx));
      return found.rows.length > 0;
    },

    async forgetHeld(tx, limit) {
      const gone = await sql`delete from manifest_review where manifest_id in (
        select manifest_review.manifest_id from manifest_review
        join manifest on manifest.id = manifest_review.manifest_id
        join repository on repository.id = manifest.repository_id
        where repository.pinned = 0 and not (${unheld}) limit ${limit})`.execute(within(tx));
      return Number(gone.numAffectedRows ?? 0n);
    },

    async measure() {
      const amount = (table: 'blob' | 'trash', condition = sql<boolean>`true`) =>
        sql<{ count: number; bytes: number }>`select count(*) as count, cast(coalesce(sum(size), 0) as bigint) as bytes
          from ${sql.table(table)} where ${condition}`.execute(db.background);
      const [reviews, condemned, trash] = await Promise.all([
        sql<{ count: number }>`select count(*) as count from gc_review`.execute(db.background),
        amount('blob', sql<boolean>`condemned_at is not null`),
        amount('trash'),
      ]);
      const none = { count: 0, bytes: 0 };
      return {
        reviews: Number(reviews.rows[0]?.count ?? 0),
        condemned: condemned.rows[0] ?? none,
        trash: trash.rows[0] ?? none,
      };
    },

    async hasWork({ graceMs, condemnedMs, trashMs, untagged }) {
      const found = await sql<{ work: number }>`select case
        when exists (select 1 from gc_review where at <= ${before(graceMs)}) then 1
        when exists (select 1 from blob where condemned_at is not null and condemned_at <= ${before(condemnedMs)}) then 1
        when exists (select 1 from trash where at <= ${before(trashMs)}) then 1
        when exists (select 1 from deletion where expires_at <= ${now()}) then 1
        when ${untagged ? sql`exists (select 1 from manifest_review where at <= ${before(graceMs)})` : sql`false`} then 1
        else 0 end as work`.execute(db.background);
      return found.rows[0]?.work === 1;
    },
  };
}
