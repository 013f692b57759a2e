import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { apiDocument } from '@entrepot/contract/api-document';
import { RegistryError } from '#kernel/errors';
import { type Exchange, ociErrorReply, type Reply } from '#platform/http';
import { type PageOptions, renderDocsPage } from './page.ts';

export interface DocsDeps extends PageOptions {
  readonly version: string;
}

interface Page {
  readonly bytes: Buffer;
  readonly tag: string;
}

/** The page has a style sheet and nothing else: no script, no frame, nothing from elsewhere. */
const policy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/**
 * The management API described: `/api/docs` for people, `/api/docs/openapi.json` for programs. Public, under fixed
 * names only; made at the first request and kept.
 */
export function createDocs({ version, isNotYet }: DocsDeps): Record<string, (exchange: Exchange) => Reply> {
  return {
    '/api/docs': kept('text/html; charset=utf-8', () => renderDocsPage(apiDocument(version), { isNotYet })),
    '/api/docs/openapi.json': kept('application/json', () => JSON.stringify(apiDocument(version))),
    '/api/docs/style.css': kept('text/css; charset=utf-8', () =>
      readFileSync(new URL('style.css', import.meta.url), 'utf8'),
    ),
  };
}

function kept(contentType: string, make: () => string): (exchange: Exchange) => Reply {
  let page: Page | undefined;
  return (exchange) => {
    exchange.route = '/api/docs';
    if (exchange.method !== 'GET' && exchange.method !== 'HEAD') {
      return ociErrorReply(new RegistryError('method-not-allowed', 'This can only be read.'), ['Allow', 'GET, HEAD']);
    }
    page ??= tagged(make());
    const headers = [
      'ETag',
      page.tag,
      // Kept by browsers, and asked for again after each upgrade.
      'Cache-Control',
      'public, no-cache',
      'Content-Security-Policy',
      policy,
      'Referrer-Policy',
      'no-referrer',
    ];
    if (exchange.headers['if-none-match']?.includes(page.tag) === true) return { status: 304, headers };
    const length = String(page.bytes.length);
    return {
      status: 200,
      headers: [...headers, 'Content-Type', contentType, 'Content-Length', length],
      body: page.bytes,
    };
  };
}

function tagged(text: string): Page {
  const bytes = Buffer.from(text);
  return { bytes, tag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"` };
}
