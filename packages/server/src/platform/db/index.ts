export type { Db } from './db.ts';
export { DatabaseUnusable } from './migrate.ts';
export { openPostgresDb } from './open-postgres.ts';
export { openSqliteDb } from './open-sqlite.ts';
export type { Database } from './schema/database.ts';
export { within } from './transaction.ts';
