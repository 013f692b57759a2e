import type { ConfigFault } from './config-error.ts';
import { suggestName } from './suggest.ts';
import type { ConfigTableRow } from './table.ts';

/** What somebody wrote for a key, not yet understood. */
export interface Setting {
  readonly text: string;
  /** Where it was written: `--listen`, `ENTREPOT_LISTEN`, `entrepot.yaml:12`. */
  readonly source: string;
}

/** Reads the whole text of a file, or throws. */
export type ReadFile = (path: string) => string;

/** What one source says. */
export interface Reading {
  readonly settings: Map<string, Setting>;
  readonly faults: ConfigFault[];
}

export function startReading(): Reading {
  return { settings: new Map(), faults: [] };
}

/** Takes the text for a key. An empty text counts as not written, so that `KEY=${KEY:-}` in a compose file is harmless. */
export function takeSetting(reading: Reading, row: ConfigTableRow, setting: Setting): void {
  if (setting.text.trim() === '') return;
  const earlier = reading.settings.get(row.key);
  if (earlier === undefined) {
    reading.settings.set(row.key, setting);
  } else {
    const expected = `one value, either here or in ${earlier.source}`;
    reading.faults.push({ key: row.key, source: setting.source, expected, found: 'a second one' });
  }
}

/** Takes a secret from the file that `setting` names, without the line break that editors leave at its end. */
export function takeSecretFile(reading: Reading, row: ConfigTableRow, setting: Setting, readFile: ReadFile): void {
  const path = setting.text.trim();
  if (path === '') return;
  let text: string;
  try {
    text = readFile(path).replace(/\r?\n$/, '');
  } catch (error) {
    const found = `${path}: ${error instanceof Error ? error.message : String(error)}`;
    reading.faults.push({ key: row.key, source: setting.source, expected: 'a file that can be read', found });
    return;
  }
  if (text.trim() === '') {
    const expected = 'a file that holds the secret';
    reading.faults.push({ key: row.key, source: setting.source, expected, found: `${path}, which is empty` });
    return;
  }
  takeSetting(reading, row, { text, source: setting.source });
}

/** Takes note of a name that nobody knows. `prefix` stands before all names and tells nothing about which was meant. */
export function addUnknown(reading: Reading, name: string, source: string, known: Iterable<string>, prefix = ''): void {
  const bare = Array.from(known, (other) => other.slice(prefix.length));
  const meant = suggestName(name.slice(prefix.length), bare);
  const expected = meant === undefined ? 'a key of the reference' : `a key of the reference, perhaps ${prefix}${meant}`;
  reading.faults.push({ key: name, source, expected, found: 'an unknown key' });
}
