/** Makes a test from a pattern with `*` for any text and `?` for one character. Never fails. */
export function createNameFilter(pattern: string | undefined): (name: string) => boolean {
  if (pattern === undefined) {
    return () => true;
  }
  const parts = pattern.split(/(\*+|\?)/).map((part) => {
    if (part.startsWith('*')) {
      return '.*';
    }
    return part === '?' ? '.' : RegExp.escape(part);
  });
  const matches = new RegExp(`^${parts.join('')}$`, 's');
  return (name) => matches.test(name);
}

/** The first names of a list that match. Fails as the list does. */
export async function* pickNames(
  names: AsyncIterable<string>,
  pattern: string | undefined,
  limit: number | undefined,
): AsyncGenerator<string> {
  const matches = createNameFilter(pattern);
  let left = limit ?? Number.POSITIVE_INFINITY;
  for await (const name of names) {
    if (matches(name)) {
      yield name;
      left--;
    }
    if (left <= 0) {
      return;
    }
  }
}
