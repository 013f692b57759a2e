import { RegistryError } from '#kernel/errors';

/** A page of a sorted list: at most `limit` entries after `last`. */
export interface Page {
  readonly limit: number;
  readonly last: string;
}

/** Reads `n` and `last`. A larger `n` than the registry gives is clamped, what is no number is refused. */
export function readPage(query: URLSearchParams, most: number): Page {
  const n = query.get('n');
  if (n !== null && !/^\d{1,15}$/.test(n)) {
    throw new RegistryError(
      'query-invalid',
      `The parameter n is a number of entries, not ${JSON.stringify(n.slice(0, 40))}.`,
    );
  }
  return { limit: n === null ? most : Math.min(Number(n), most), last: query.get('last') ?? '' };
}

/** The `Link` header to the page after `last` (RFC 5988, distribution-spec Listing Tags). */
export function nextLink(path: string, query: URLSearchParams, limit: number, last: string): string[] {
  const next = new URLSearchParams(query);
  next.set('n', String(limit));
  next.set('last', last);
  return ['Link', `<${path}?${next}>; rel="next"`];
}
