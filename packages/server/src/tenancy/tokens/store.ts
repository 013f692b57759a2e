import type { Transaction } from '#kernel/transaction';
import { type Db, within } from '#platform/db';

export interface StoredKey {
  readonly kid: string;
  /** The private key as a JWK in JSON, sealed; plain when an older build wrote it and this one has not started since. */
  readonly sealedJwk: string;
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
      return rows.map((row) => ({ kid: row.kid, sealedJwk: row.private_jwk, createdAt: row.created_at }));
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
        .values({ kid: key.kid, private_jwk: key.sealedJwk, created_at: key.createdAt })
        .execute();
    },
    async deleteOlder(tx, than) {
      await within(tx).deleteFrom('signing_key').where('created_at', '<', than).execute();
    },
  };
}
