export { openResting } from './apply-change.ts';
export { decodeChange, encodeChange } from './change-code.ts';
export { loadPostgres } from './load-postgres.ts';
export { copyLiveSqlite, type MetadataCopy, openPostgresCopy, openSqliteCopy } from './metadata-copy.ts';
export { type NamedBlob, openSqliteLog, type SqliteLog } from './sqlite-log.ts';
export type { Change, WalPosition } from './wal-position.ts';
