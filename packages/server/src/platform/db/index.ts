export { applyConditions, applyPage, escapeLike, type ListColumns } from './apply-list.ts';
export type { Db } from './db.ts';
export { DatabaseUnusable } from './migrate.ts';
export { openNamedKey } from './named-key.ts';
export { openPostgresDb } from './open-postgres.ts';
export { openSqliteDb } from './open-sqlite.ts';
export { holdsSealed, resealColumns } from './sealed-columns.ts';
export { within } from './transaction.ts';
