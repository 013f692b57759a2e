import { basename } from 'node:path';
import type { Node, Pair } from 'yaml';
import { isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { ReadFile, Reading } from './reading.ts';
import { addUnknown, startReading, takeSecretFile, takeSetting } from './reading.ts';
import { configTable, findRow } from './table.ts';

/** What may be written as a list in the file, and with commas elsewhere. */
const listKinds: ReadonlySet<string> = new Set(['cidrs', 'targets', 'ports']);

const fileSuffix = '_file';
const keys = configTable.map((row) => row.key);
const secretFiles = configTable.filter((row) => row.kind === 'secret').map((row) => `${row.key}${fileSuffix}`);
const sections = new Set(keys.flatMap((key) => key.split('.').map((_, i, all) => all.slice(0, i).join('.'))));

/** The text of a value; undefined when it is none, such as a map. Everything in the file is text until its row reads it. */
function readText(node: unknown): string | undefined {
  if (node === null || node === undefined) return '';
  if (isScalar(node)) {
    const text = typeof node.value === 'string' ? node.value : '';
    return node.type === 'PLAIN' && (text === 'null' || text === '~') ? '' : text;
  }
  if (!isSeq(node)) return undefined;
  const items = node.items.map(readText);
  return items.every((item) => item !== undefined) ? items.join(',') : undefined;
}

/**
 * Reads the configuration file: YAML, and so JSON as well. A file that cannot be read, or is not YAML, is one fault.
 * Aliases are refused rather than followed, so that no file grows when it is read.
 */
export function readConfigFile(path: string, readFile: ReadFile): Reading {
  const reading = startReading();
  const name = basename(path);
  const refuse = (key: string, source: string, expected: string, found: string): void => {
    reading.faults.push({ key, source, expected, found });
  };
  let content: string;
  try {
    content = readFile(path);
  } catch (error) {
    refuse('config', path, 'a file that can be read', error instanceof Error ? error.message : String(error));
    return reading;
  }
  const lineCounter = new LineCounter();
  // Repeated keys are found below, where their whole path is known.
  const options = { schema: 'failsafe', uniqueKeys: false, prettyErrors: false, logLevel: 'error' } as const;
  const document = parseDocument(content, { ...options, lineCounter });
  const locate = (offset: number | undefined): string =>
    offset === undefined ? name : `${name}:${lineCounter.linePos(offset).line}`;
  const [broken] = [...document.errors, ...document.warnings];
  if (broken !== undefined) {
    refuse('config', locate(broken.pos[0]), 'a YAML document', broken.message.replaceAll(/\s+/g, ' '));
    return reading;
  }

  const takeLeaf = (key: string, value: unknown, source: string): void => {
    const row = findRow(key);
    const secret = key.endsWith(fileSuffix) ? findRow(key.slice(0, -fileSuffix.length)) : undefined;
    if (row === undefined && secret?.kind !== 'secret') {
      addUnknown(reading, key, source, [...keys, ...secretFiles]);
      return;
    }
    const text = readText(value);
    if (text === undefined || (isSeq(value) && !(row !== undefined && listKinds.has(row.kind)))) {
      refuse(key, source, 'a single value', isSeq(value) ? 'a list' : isMap(value) ? 'a section' : 'an alias');
    } else if (row !== undefined) {
      takeSetting(reading, row, { text, source });
    } else if (secret !== undefined) {
      takeSecretFile(reading, secret, { text, source }, readFile);
    }
  };

  const takeSection = (parent: string, pairs: readonly Pair<unknown, unknown>[]): void => {
    const seen = new Map<string, string>();
    for (const pair of pairs) {
      const keyNode = pair.key as Node | null;
      const source = locate(keyNode?.range?.[0]);
      const key = [...(parent === '' ? [] : [parent]), readText(keyNode) ?? '?'].join('.');
      const earlier = seen.get(key);
      if (earlier !== undefined) {
        refuse(key, source, `the key only once; it stands in ${earlier} already`, 'a second one');
        continue;
      }
      seen.set(key, source);
      if (!sections.has(key)) {
        takeLeaf(key, pair.value, source);
      } else if (isMap(pair.value)) {
        takeSection(key, pair.value.items);
      } else if (readText(pair.value) !== '') {
        refuse(
          key,
          source,
          `a section, with keys such as ${keys.find((known) => known.startsWith(`${key}.`))}`,
          'a value',
        );
      }
    }
  };

  if (isMap(document.contents)) {
    takeSection('', document.contents.items);
  } else if (readText(document.contents) !== '') {
    refuse('config', locate(document.contents?.range?.[0]), 'keys with their values', 'something else');
  }
  return reading;
}
