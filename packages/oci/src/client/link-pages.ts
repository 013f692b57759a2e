import type { Scope } from '#src/scope';
import { RegistryProtocolError } from './errors.ts';
import { withSignal } from './repository-scope.ts';
import { readBytes } from './response-body.ts';
import { type RegistryResponse, readHeader, type Transport } from './transport.ts';

const largestPage = 32 * 1024 * 1024;
const mostPages = 100_000;

/** The target of the `rel=next` link; undefined when there is none. One pass, no backtracking. */
export function findNextLink(header: string | undefined): string | undefined {
  for (let at = header?.indexOf('<') ?? -1; header !== undefined && at >= 0; at = header.indexOf('<', at)) {
    const end = header.indexOf('>', at);
    if (end < 0) {
      return undefined;
    }
    const following = header.indexOf('<', end);
    const parameters = header.slice(end + 1, following < 0 ? undefined : following).toLowerCase();
    if (/;\s*rel="?next"?(?:[\s;,]|$)/.test(parameters)) {
      return header.slice(at + 1, end);
    }
    at = end;
  }
  return undefined;
}

/** A page of a list: the answer's body, and the answer for its headers. */
export interface LinkedPage {
  readonly bytes: Uint8Array;
  readonly response: RegistryResponse;
}

/** Path and query of a link at the registry's own address. */
function atBase(transport: Transport, link: URL): string {
  const url = new URL(transport.base);
  url.pathname = link.pathname;
  url.search = link.search;
  return url.href;
}

/**
 * Reads a paged list, following `Link` headers. Only path and query of a link count, so that no link leads to another
 * host. `absent` lists statuses that mean the list does not exist: then there is no page. Throws RegistryProtocolError
 * when the pages do not end, and as `Transport.send` rejects.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags
 */
export async function* readPages(
  transport: Transport,
  target: string,
  scopes: readonly Scope[],
  options: { readonly absent?: readonly number[]; readonly signal?: AbortSignal } = {},
): AsyncGenerator<LinkedPage> {
  const seen = new Set<string>();
  for (let next: string | undefined = target; next !== undefined; ) {
    if (seen.has(next) || seen.size >= mostPages) {
      throw new RegistryProtocolError(`the pages of ${target} at ${transport.registry} go in a circle`);
    }
    seen.add(next);
    const { absent = [], signal } = options;
    const response: RegistryResponse = await transport.send(
      { method: 'GET', target: next, scopes, ...withSignal(signal) },
      [200, ...absent],
    );
    if (response.status !== 200) {
      response.discard();
      return;
    }
    yield { bytes: await readBytes(response, largestPage), response };
    const link = findNextLink(readHeader(response, 'link'));
    const url: URL | null = link === undefined ? null : URL.parse(link, response.url);
    next = url === null ? undefined : atBase(transport, url);
  }
}
