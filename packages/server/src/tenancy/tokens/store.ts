import type { Transaction } from '#kernel/transaction';
import { type Db, within } from '#platform/db';

export interface StoredKey {
  readonly kid: string;
  readonly privateJwk: string;
  readonly createdAt: number;
}

export interface SigningKeyStore {
  /** Newest first. */
  list(): Promise<StoredKey[]>;
  /** Adds the key unless another node added one after `newerThan`. */
  insertUnlessNewer(tx: Transaction, key: StoredKey, newerThan: number): Promise<void>;
  deleteOlder(tx: Transaction, than: number): Promise<void>;
}

export function createSigningKeyStore(db: Db): SigningKeyStore {
  return {
    async list() {
      const rows = await db.read.selectFrom('signing_key').selectAll().orderBy('created_at', 'desc').execute();
      return rows.map((row) => ({ kid: row.kid, privateJwk: row.private_jwk, createdAt: row.created_at }));
    },
    async insertUnlessNewer(tx, key, newerThan) {
      const newer = await within(tx)
        .selectFrom('signing_key')
        .select('kid')
        .where('created_at', '>', newerThan)
        .limit(1)
        .executeTakeFirst();
      if (newer !== undefined) return;
      await within(tx)
        .insertInto('signing_key')
        .values({ kid: key.kid, private_jwk: key.privateJwk, created_at: key.createdAt })
        .execute();
    },
    async deleteOlder(tx, than) {
      await within(tx).deleteFrom('signing_key').where('created_at', '<', than).execute();
    },
  };
}
