import type { DigestAlgorithm } from '@entrepot/oci/digest';
import type { RepositoryName } from '@entrepot/oci/repository-name';
import type { Asker } from '#kernel/actor';
import type { Transaction } from '#kernel/transaction';
import type { StageState } from '#platform/blobs';
import { type Db, within } from '#platform/db';

export interface Upload {
  readonly id: string;
  readonly repositoryId: number;
  readonly algorithm: DigestAlgorithm;
  readonly size: number;
  readonly stage: StageState;
}

/** Which upload is meant, by whom: all of it must fit, or there is no such upload. */
export interface UploadKey {
  readonly id: string;
  readonly repository: RepositoryName;
  readonly projectId: number;
  readonly owner: string;
  /** For the record, where somebody asks now. */
  readonly asker?: Asker | undefined;
}

export interface UploadStore {
  insert(tx: Transaction, upload: Upload & { readonly owner: string; readonly at: number }): Promise<void>;
  countOf(tx: Transaction, owner: string): Promise<number>;
  find(key: UploadKey): Promise<Upload | undefined>;
  /** Takes the upload for one request until `until`. Undefined when there is no such upload, `busy` when another request has it. */
  lock(
    tx: Transaction,
    key: UploadKey,
    lock: { id: string; now: number; until: number },
  ): Promise<Upload | 'busy' | undefined>;
  /** Keeps a lock alive while bytes move. */
  renewLock(tx: Transaction, id: string, lockId: string, until: number): Promise<void>;
  /** Stores how far the upload is. */
  save(tx: Transaction, id: string, progress: { size: number; stage: StageState; at: number }): Promise<void>;
  /** Stores how far the upload is and lets it go. */
  saveAndUnlock(
    tx: Transaction,
    id: string,
    lockId: string,
    progress: { size: number; stage: StageState; at: number },
  ): Promise<void>;
  /** Removes the upload. Answers whether it was still there. */
  delete(tx: Transaction, id: string): Promise<boolean>;
  /** Uploads nobody touched since, oldest first; not those a request holds. */
  listStale(before: number, now: number, limit: number): Promise<Upload[]>;
  /** Lets go of every upload: for a process that starts and knows it is the only one. */
  unlockAll(tx: Transaction): Promise<void>;
  countOpen(): Promise<number>;
  /** Stages of uploads that went with their project, and that no request writes to any more; in the order of ids. */
  listAbandoned(
    now: number,
    after: string,
    limit: number,
  ): Promise<{ readonly id: string; readonly stage: StageState }[]>;
  deleteAbandoned(tx: Transaction, id: string): Promise<void>;
}

interface UploadRow {
  readonly id: string;
  readonly repository_id: number;
  readonly algorithm: string;
  readonly size: number;
  readonly stage: string;
}

const columns = ['upload.id', 'upload.repository_id', 'upload.algorithm', 'upload.size', 'upload.stage'] as const;

const toUpload = (row: UploadRow): Upload => ({
  id: row.id,
  repositoryId: row.repository_id,
  algorithm: row.algorithm as DigestAlgorithm,
  size: row.size,
  stage: row.stage,
});

export function createUploadStore(db: Db): UploadStore {
  function select(q: ReturnType<typeof within>, key: UploadKey) {
    return q
      .selectFrom('upload')
      .innerJoin('repository', 'repository.id', 'upload.repository_id')
      .select([...columns, 'upload.locked_until'])
      .where('upload.id', '=', key.id)
      .where('upload.owner', '=', key.owner)
      .where('repository.name', '=', key.repository)
      .where('repository.project_id', '=', key.projectId);
  }
  const byKey = db.prepareFirst<UploadRow>((q, value) =>
    q
      .selectFrom('upload')
      .innerJoin('repository', 'repository.id', 'upload.repository_id')
      .select(columns)
      .where('upload.id', '=', value('id'))
      .where('upload.owner', '=', value('owner'))
      .where('repository.name', '=', value('repository'))
      .where('repository.project_id', '=', value<number>('projectId')),
  );
  const open = db.prepareFirst<{ open: number | string }>((q) =>
    q.selectFrom('upload').select((fn) => fn.fn.countAll().as('open')),
  );
  return {
    async insert(tx, upload) {
      await within(tx)
        .insertInto('upload')
        .values({
          id: upload.id,
          repository_id: upload.repositoryId,
          owner: upload.owner,
          algorithm: upload.algorithm,
          size: upload.size,
          stage: upload.stage,
          created_at: upload.at,
          touched_at: upload.at,
          locked_until: 0,
          lock_id: null,
        })
        .execute();
    },
    async countOf(tx, owner) {
      const row = await within(tx)
        .selectFrom('upload')
        .select((q) => q.fn.countAll().as('open'))
        .where('owner', '=', owner)
        .executeTakeFirstOrThrow();
      return Number(row.open);
    },
    async find({ id, owner, repository, projectId }) {
      const row = await byKey({ id, owner, repository, projectId });
      return row && toUpload(row);
    },
    async lock(tx, key, lock) {
      const q = within(tx);
      const row = await (db.kind === 'postgres'
        ? select(q, key).forUpdate('upload')
        : select(q, key)
      ).executeTakeFirst();
      if (row === undefined) return undefined;
      if (row.locked_until > lock.now) return 'busy';
      await q
        .updateTable('upload')
        .set({ locked_until: lock.until, lock_id: lock.id, touched_at: lock.now })
        .where('id', '=', key.id)
        .execute();
      return toUpload(row);
    },
    async renewLock(tx, id, lockId, until) {
      await within(tx)
        .updateTable('upload')
        .set({ locked_until: until })
        .where('id', '=', id)
        .where('lock_id', '=', lockId)
        .execute();
    },
    async save(tx, id, progress) {
      await within(tx)
        .updateTable('upload')
        .set({ size: progress.size, stage: progress.stage, touched_at: progress.at })
        .where('id', '=', id)
        .execute();
    },
    async saveAndUnlock(tx, id, lockId, progress) {
      await within(tx)
        .updateTable('upload')
        .set({ size: progress.size, stage: progress.stage, touched_at: progress.at, locked_until: 0, lock_id: null })
        .where('id', '=', id)
        .where('lock_id', '=', lockId)
        .execute();
    },
    async delete(tx, id) {
      const result = await within(tx).deleteFrom('upload').where('id', '=', id).executeTakeFirst();
      return result.numDeletedRows > 0n;
    },
    async listStale(before, now, limit) {
      const rows = await db.read
        .selectFrom('upload')
        .select(columns)
        .where('touched_at', '<', before)
        .where('locked_until', '<', now)
        .orderBy('touched_at')
        .limit(limit)
        .execute();
      return rows.map(toUpload);
    },
    async unlockAll(tx) {
      await within(tx)
        .updateTable('upload')
        .set({ locked_until: 0, lock_id: null })
        .where('locked_until', '>', 0)
        .execute();
    },
    async listAbandoned(now, after, limit) {
      return db.read
        .selectFrom('abandoned_stage')
        .select(['id', 'stage'])
        .where('held_until', '<', now)
        .where('id', '>', after)
        .orderBy('id')
        .limit(limit)
        .execute();
    },
    async deleteAbandoned(tx, id) {
      await within(tx).deleteFrom('abandoned_stage').where('id', '=', id).execute();
    },
    async countOpen() {
      const row = await open({});
      return Number(row?.open ?? 0);
    },
  };
}
