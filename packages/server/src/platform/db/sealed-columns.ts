import { sql } from 'kysely';
import { isSealed, type SecretBox, sealedPrefix } from '#platform/crypto';
import type { Db } from './db.ts';
import { within } from './transaction.ts';

/** A column whose values are sealed for the place `table/column/<id>`, and the column that names the row. */
interface SealedColumn {
  readonly table: string;
  readonly column: string;
  readonly id: string;
}

/** Every column that holds secrets. One that is not listed is never sealed anew when the key changes. */
const sealedColumns: readonly SealedColumn[] = [
  { table: 'named_key', column: 'sealed', id: 'name' },
  { table: 'signing_key', column: 'private_jwk', id: 'kid' },
  { table: 'setting', column: 'secret', id: 'name' },
  { table: 'session', column: 'provider_token', id: 'id' },
  { table: 'oidc_identity', column: 'refresh_token', id: 'user_id' },
  { table: 'oidc_identity', column: 'cli_secret', id: 'user_id' },
  { table: 'oidc_step', column: 'content', id: 'token_hash' },
  { table: 'webhook_policy', column: 'signing_secret', id: 'id' },
  { table: 'webhook_target', column: 'auth_header', id: 'id' },
  { table: 'registry', column: 'access_secret', id: 'id' },
];

/** Rows that are sealed anew in one transaction. */
const rowsPerCommit = 100;

interface Row {
  readonly id: string | number;
  readonly value: string;
}

async function listRows(db: Db, { table, column, id }: SealedColumn): Promise<readonly Row[]> {
  const found = await sql<Row>`
    select ${sql.ref(id)} as id, ${sql.ref(column)} as value from ${sql.table(table)}
    where ${sql.ref(column)} is not null`.execute(db.read);
  return found.rows;
}

/** Whether anything in the database is sealed. */
export async function holdsSealed(db: Db): Promise<boolean> {
  for (const { table, column } of sealedColumns) {
    const found = await sql`
      select 1 from ${sql.table(table)} where ${sql.ref(column)} like ${`${sealedPrefix}%`} limit 1`.execute(db.read);
    if (found.rows.length > 0) return true;
  }
  return false;
}

/**
 * Brings every secret of the database under the first key of the box: what is plain is sealed, what an earlier key
 * sealed is sealed anew. Answers how many were changed. Rejects with `SecretUnusable`, and has changed nothing, when one
 * of them cannot be opened. Several processes may do it at once.
 */
export async function resealColumns(db: Db, box: SecretBox): Promise<number> {
  const changes: (SealedColumn & { readonly row: Row; readonly sealed: string })[] = [];
  for (const place of sealedColumns) {
    for (const row of await listRows(db, place)) {
      if (box.isCurrent(row.value)) continue;
      const bound = `${place.table}/${place.column}/${row.id}`;
      const plain = isSealed(row.value) ? box.open(row.value, bound) : row.value;
      changes.push({ ...place, row, sealed: box.seal(plain, bound) });
    }
  }
  for (let from = 0; from < changes.length; from += rowsPerCommit) {
    await db.transact(async (tx) => {
      for (const { table, column, id, row, sealed } of changes.slice(from, from + rowsPerCommit)) {
        // Who changed the value since we read it has sealed it already.
        await sql`
          update ${sql.table(table)} set ${sql.ref(column)} = ${sealed}
          where ${sql.ref(id)} = ${row.id} and ${sql.ref(column)} = ${row.value}`.execute(within(tx));
      }
    });
  }
  return changes.length;
}
