export { type EndFact, factMark, type SequenceFact, type TableFact } from './dump-postgres.ts';
export { copyLiveSqlite, type MetadataCopy, openPostgresCopy, openSqliteCopy } from './metadata-copy.ts';
