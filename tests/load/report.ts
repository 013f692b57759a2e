import { readFile, writeFile } from 'node:fs/promises';
import { readable } from './statistics.ts';

/** One line of a comparison. */
export interface Row {
  readonly what: string;
  readonly unit: string;
  readonly ours: number;
  readonly theirs?: number;
  /** `more` when a larger number is the better one. */
  readonly better: 'more' | 'less';
  readonly aim?: string;
}

export interface Section {
  readonly name: string;
  readonly title: string;
  readonly note: string;
  readonly rows: readonly Row[];
  /** A table of its own where two columns do not do. */
  readonly table?: string;
}

/** How many times better ours is. */
function ratioOf({ ours, theirs, better }: Row): string {
  if (theirs === undefined) return '';
  return `${readable(better === 'more' ? ours / theirs : theirs / ours)}×`;
}

export function makeTable(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = heads.map((_, index) => (index === 0 ? '---' : '---:'));
  return [line(heads), line(rule), ...rows.map(line)].join('\n');
}

export function renderSection(section: Section): string {
  const cells = section.rows.map((row) => [
    row.what,
    `${readable(row.ours)} ${row.unit}`,
    row.theirs === undefined ? '' : `${readable(row.theirs)} ${row.unit}`,
    ratioOf(row),
    row.aim ?? '',
  ]);
  const table =
    cells.length === 0 ? [] : [makeTable(['', 'Entrepot', 'docker-registry', 'Entrepot is better by', 'aim'], cells)];
  return [`## ${section.title}`, section.note, ...table, ...(section.table === undefined ? [] : [section.table])].join(
    '\n\n',
  );
}

/** Puts a section into a Markdown file between its markers, at the end when it was never there. */
export async function writeSection(path: string, name: string, text: string): Promise<void> {
  const [open, close] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`];
  const before = await readFile(path, 'utf8').catch(() => '# Benchmarks\n');
  const block = `${open}\n${text}\n${close}`;
  const from = before.indexOf(open);
  const to = before.indexOf(close);
  const after =
    from < 0 || to < 0
      ? `${before.trimEnd()}\n\n${block}\n`
      : before.slice(0, from) + block + before.slice(to + close.length);
  await writeFile(path, after);
}
