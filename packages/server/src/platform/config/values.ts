import type { ConfigFault } from './config-error.ts';
import type { ValueByKind } from './parse-value.ts';
import { parseValue } from './parse-value.ts';
import type { Setting } from './reading.ts';
import { redacted } from './secrets.ts';
import type { ConfigKey, RowOf } from './table.ts';
import { configTable, findRow } from './table.ts';
import { Unparsable } from './unparsable.ts';

/** What a key's text becomes: by its row's kind, one of its choices, and undefined when it may be absent. */
export type ValueOf<Key extends ConfigKey> =
  | (RowOf<Key> extends { readonly choices: readonly (infer Choice)[] } ? Choice : ValueByKind[RowOf<Key>['kind']])
  | (RowOf<Key> extends { readonly default: null } ? undefined : never);

/** The values of all keys, each understood on its own. */
export interface Values {
  get<Key extends ConfigKey>(key: Key): ValueOf<Key>;
  /** Whether somebody wrote the key, understood or not. */
  isWritten(key: ConfigKey): boolean;
  /** Where the key was written; the variable it could be written in when nobody did. */
  sourceOf(key: ConfigKey): string;
}

/** Understands every setting and takes the default for the rest. What is not understood becomes a fault. */
export function readValues(settings: ReadonlyMap<string, Setting>, faults: ConfigFault[]): Values {
  const values = new Map<string, unknown>();
  for (const row of configTable) {
    const setting = settings.get(row.key);
    if (row.default !== null) values.set(row.key, parseValue(row, row.default));
    if (setting === undefined) continue;
    try {
      values.set(row.key, parseValue(row, setting.text));
    } catch (error) {
      if (!(error instanceof Unparsable)) throw error;
      const found = row.kind === 'secret' ? redacted : JSON.stringify(setting.text);
      faults.push({ key: row.key, source: setting.source, expected: error.message, found });
    }
  }
  return {
    get: <Key extends ConfigKey>(key: Key) => values.get(key) as ValueOf<Key>,
    isWritten: (key) => settings.has(key),
    sourceOf: (key) => settings.get(key)?.source ?? findRow(key)?.env ?? key,
  };
}
