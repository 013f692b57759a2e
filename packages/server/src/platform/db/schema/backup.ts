/** One row. */
export interface BackupMarkTable {
  id: number;
  /** Drawn once: backups of different registries are not mixed. */
  store: string;
  /** Where the write-ahead log of SQLite ended before it started over. */
  mark: string;
}

export interface BackupTables {
  backup_mark: BackupMarkTable;
}
