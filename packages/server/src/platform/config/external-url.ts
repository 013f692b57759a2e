import { Unparsable } from './unparsable.ts';

const expected = 'an address such as https://hub.example.com or https://example.com:8443/registry';

/** Reads `http(s)://host[:port][/prefix]` and answers it without a slash at the end. Nothing else may be in it. */
export function parseExternalUrl(text: string): string {
  const trimmed = text.trim();
  const url = URL.parse(trimmed);
  if (url === null || !/^https?:\/\/[^/]/i.test(trimmed)) throw new Unparsable(expected);
  if (url.username !== '' || url.password !== '') throw new Unparsable(`${expected}, without a user or password`);
  if (/[?#]/.test(trimmed)) throw new Unparsable(`${expected}, without a query or fragment`);
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}
