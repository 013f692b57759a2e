export { loadPostgres } from './load-postgres.ts';
export {
  isEmptyPostgres,
  makeScratchPostgres,
  openRestoredPostgres,
  openRestoredSqlite,
  type RestoredDatabase,
} from './restored-database.ts';
