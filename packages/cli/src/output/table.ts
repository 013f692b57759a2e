/** Makes text from elsewhere safe to show: no control characters, so that it cannot move the cursor. Never fails. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what this removes
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ');
}

function joinCells(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, place) => cell.padEnd(widths[place] ?? 0))
    .join('  ')
    .trimEnd();
}

/** Lines with aligned columns under their headings; every line ends. Never fails. */
export function formatTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [headings, ...rows].map((row) => row.map(printable));
  const widths = headings.map((_, place) => Math.max(...all.map((row) => row[place]?.length ?? 0)));
  return all.map((row) => `${joinCells(row, widths)}\n`).join('');
}

/** Lines of names and values, aligned; what has no value is left out. Never fails. */
export function formatFields(fields: readonly (readonly [string, string | undefined])[]): string {
  const shown = fields.filter((field): field is readonly [string, string] => (field[1] ?? '') !== '');
  const width = Math.max(0, ...shown.map(([name]) => name.length + 1));
  return shown.map(([name, value]) => `${`${name}:`.padEnd(width)} ${printable(value)}\n`).join('');
}
