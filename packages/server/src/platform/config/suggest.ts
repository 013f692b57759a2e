/** How many letters must be added, dropped, replaced or swapped with their neighbour to turn one text into the other. */
function measureDistance(left: string, right: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, j) => j);
  for (let i = 1; i <= left.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= right.length; j += 1) {
      const replaced = (last[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, replaced);
      if (i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1]) {
        best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return last[right.length] ?? 0;
}

const separator = /[._-]/;

/**
 * The known name that was probably meant: one that differs by a few letters, or the only one that ends with the same
 * words (`bucket` for `blobs.s3.bucket`). Undefined when a guess would mislead.
 */
export function suggestName(unknown: string, known: Iterable<string>): string | undefined {
  let best: { readonly name: string; readonly distance: number } | undefined;
  const sameEnd: string[] = [];
  for (const name of known) {
    const distance = measureDistance(unknown.toLowerCase(), name.toLowerCase());
    if (distance < (best?.distance ?? Number.POSITIVE_INFINITY)) best = { name, distance };
    if (name.endsWith(unknown) && separator.test(name.charAt(name.length - unknown.length - 1))) sameEnd.push(name);
  }
  if (best !== undefined && best.distance <= Math.max(1, Math.floor(unknown.length / 5))) return best.name;
  return sameEnd.length === 1 ? sameEnd[0] : undefined;
}
