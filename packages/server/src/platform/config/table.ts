import { authRows } from './auth-rows.ts';
import { backupRows } from './backup-rows.ts';
import { jobRows } from './job-rows.ts';
import { lifecycleRows } from './lifecycle-rows.ts';
import { limitRows } from './limit-rows.ts';
import { outboundRows } from './outbound-rows.ts';
import type { ConfigRow } from './row.ts';
import { nameVariable } from './row.ts';
import { serverRows } from './server-rows.ts';
import { storageRows } from './storage-rows.ts';
import { tieringRows } from './tiering-rows.ts';

const rows = [
  ...serverRows,
  ...storageRows,
  ...tieringRows,
  ...lifecycleRows,
  ...jobRows,
  ...backupRows,
  ...limitRows,
  ...authRows,
  ...outboundRows,
] as const;

type Row = (typeof rows)[number];
export type ConfigKey = Row['key'];

export type RowOf<Key extends ConfigKey> = Extract<Row, { readonly key: Key }>;

/** A row with its variable spelled out; what the reference pages are made from. */
export interface ConfigTableRow extends ConfigRow {
  readonly env: `ENTREPOT_${string}`;
}

/** Every key there is, in the order in which the reference shows them. */
export const configTable: readonly ConfigTableRow[] = rows.map((row: ConfigRow) => ({
  ...row,
  env: nameVariable(row) as `ENTREPOT_${string}`,
}));

const byKey = new Map(configTable.map((row) => [row.key, row]));
const byVariable = new Map(configTable.map((row) => [row.env as string, row]));

export function findRow(key: string): ConfigTableRow | undefined {
  return byKey.get(key);
}

export function findRowByVariable(name: string): ConfigTableRow | undefined {
  return byVariable.get(name);
}
