export { openResting } from './apply-change.ts';
export { decodeChange, encodeChange } from './change-code.ts';
export { copySqlite } from './copy-sqlite.ts';
export { type NamedBlob, openSqliteLog, type SqliteLog } from './sqlite-log.ts';
export type { Change, WalPosition } from './wal-position.ts';
