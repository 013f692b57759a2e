// The configuration table cut into the sections of its reference pages.
import type { ConfigTableRow } from '#server/platform/config';

export interface ConfigSection {
  /** The first word of the keys; empty for the keys without a section. */
  readonly name: string;
  readonly rows: readonly ConfigTableRow[];
}

export function cutSections(table: readonly ConfigTableRow[]): ConfigSection[] {
  const sections = Map.groupBy(table, ({ key }) => (key.includes('.') ? (key.split('.')[0] ?? '') : ''));
  return [...sections].map(([name, rows]) => ({ name, rows }));
}
