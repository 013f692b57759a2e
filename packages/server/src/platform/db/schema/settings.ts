export interface SettingTable {
  name: string;
  /** JSON; null for a secret. */
  value: string | null;
  /** Sealed; null for what is no secret. */
  secret: string | null;
  updated_at: number;
}

export interface SettingTables {
  setting: SettingTable;
}
