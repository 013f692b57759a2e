import { randomBytes } from 'node:crypto';
import type { SecretBox } from '#platform/crypto';
import type { Db } from './db.ts';
import { within } from './transaction.ts';

const keyBytes = 32;

/**
 * A key of 32 bytes that all nodes share, made at the first asking and kept sealed in the database: unlike the key it is
 * sealed with it never changes, so what was hashed with it can be checked for ever. Fails with `SecretUnusable` when the
 * box cannot open it.
 */
export async function openNamedKey(db: Db, box: SecretBox, name: string): Promise<Uint8Array> {
  const place = `named_key/sealed/${name}`;
  const drawn = box.seal(randomBytes(keyBytes).toString('base64'), place);
  const row = await db.transact(async (tx) => {
    // Nodes that start at once agree on the one that was there first.
    await within(tx)
      .insertInto('named_key')
      .values({ name, sealed: drawn, created_at: Date.now() })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .execute();
    return within(tx).selectFrom('named_key').select('sealed').where('name', '=', name).executeTakeFirstOrThrow();
  });
  return Buffer.from(box.open(row.sealed, place), 'base64');
}
