import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments } from 'yaml';
import type { CliContext } from '#src/context';
import { MissingError } from '#src/failures/failures';
import type { Place } from './read-value.ts';

/** One document of a file, as plain values, with the way back to its lines. */
export interface LoadedDocument {
  readonly value: unknown;
  readonly place: Place;
}

/** Something wrong in a file, for people: `team.yaml:12: …`. */
export interface Fault {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

/** A file of this kind is written by hand; a larger one is a mistake, or an attempt to use up memory. */
const largestFile = 4 * 1024 * 1024;
/** An alias that stands for aliases counts for all it stands for, so a few lines cannot become gigabytes. */
const mostAliases = 1000;

async function listFiles(path: string): Promise<string[]> {
  if (path === '-' || !(await stat(path)).isDirectory()) {
    return [path];
  }
  const entries = await readdir(path, { withFileTypes: true, recursive: true });
  const files = entries
    .filter((entry) => !entry.isDirectory() && /^[^.].*\.(?:ya?ml|json)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  if (files.length === 0) {
    throw new MissingError(`${path} has no file that ends in .yaml, .yml or .json`);
  }
  return files;
}

async function readText(file: string, context: CliContext): Promise<string> {
  if (file !== '-') {
    return readFile(file, 'utf8');
  }
  const chunks: Buffer[] = [];
  for await (const chunk of context.stdin) {
    chunks.push(Buffer.from(chunk as Buffer));
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The offset of what a path leads to, or of the last thing on the way to it. */
function findOffset(document: Document, path: readonly (string | number)[]): number {
  let node: unknown = document.contents;
  let offset = (node as Node | null)?.range?.[0] ?? 0;
  for (const step of path) {
    if (isAlias(node)) {
      node = node.resolve(document);
    }
    let next: unknown;
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
      offset = (pair?.key as Node | undefined)?.range?.[0] ?? offset;
      next = pair?.value;
    } else if (isSeq(node)) {
      next = node.items[Number(step)];
      offset = (next as Node | undefined)?.range?.[0] ?? offset;
    }
    if (next === undefined) {
      break;
    }
    node = next;
  }
  return offset;
}

const formatPath = (path: readonly (string | number)[]) =>
  path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .replace(/^\./, '');

function loadText(file: string, source: string, faults: Fault[]): LoadedDocument[] {
  const lines = new LineCounter();
  const documents = parseAllDocuments(source, { lineCounter: lines, merge: true, prettyErrors: false });
  if (!Array.isArray(documents)) {
    return [];
  }
  return documents.flatMap((document) => {
    const lineAt = (offset: number) => Math.max(1, lines.linePos(offset).line);
    faults.push(
      ...document.errors.map(({ pos, message }) => ({
        file,
        line: lineAt(pos[0]),
        message: message.split('\n')[0] ?? '',
      })),
    );
    if (document.errors.length > 0) {
      return [];
    }
    const placeAt = (path: readonly (string | number)[]): Place => ({
      file,
      path: formatPath(path),
      get line() {
        return lineAt(findOffset(document, path));
      },
      fault(message) {
        faults.push({ file, line: this.line, message: path.length === 0 ? message : `${this.path}: ${message}` });
      },
      child: (key) => placeAt([...path, key]),
    });
    const place = placeAt([]);
    try {
      const value: unknown = document.toJS({ maxAliasCount: mostAliases });
      return value === null || value === undefined ? [] : [{ value, place }];
    } catch (error) {
      place.fault(`it cannot be read: ${error instanceof Error ? error.message : String(error)}`);
      return [];
    }
  });
}

/**
 * Reads files, and those of folders in the order of their names; `-` is standard input. What is wrong with their YAML is
 * added to `faults`. Rejects with the system's errors and with MissingError for a folder that has none.
 */
export async function loadFiles(
  paths: readonly string[],
  faults: Fault[],
  context: CliContext,
): Promise<LoadedDocument[]> {
  const files = (await Promise.all([...new Set(paths)].map(listFiles))).flat();
  const documents: LoadedDocument[] = [];
  for (const file of new Set(files)) {
    const source = await readText(file, context);
    if (source.length > largestFile) {
      faults.push({ file, line: 1, message: 'it is larger than 4 MiB' });
    } else {
      documents.push(...loadText(file, source, faults));
    }
  }
  return documents;
}
