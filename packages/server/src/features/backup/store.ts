/** What the backup reads out of databases and writes into them. */
export { type MetadataCopy, openSqliteCopy } from '#platform/db/backup';
export {
  isEmptyPostgres,
  loadPostgres,
  openRestoredPostgres,
  openRestoredSqlite,
  type RestoredDatabase,
} from '#platform/db/restore';
export {
  type Change,
  decodeChange,
  encodeChange,
  openResting,
  openSqliteLog,
  type SqliteLog,
  type WalPosition,
} from '#platform/db/wal';
