import type { FlatHeaders, Reply } from '#platform/http';

/** On every answer under /v2, as clients have looked for it since Docker's first v2 registry. */
export const apiVersion = ['Docker-Distribution-Api-Version', 'registry/2.0'] as const;

export function jsonReply(
  status: number,
  value: unknown,
  headers: FlatHeaders = [],
  contentType = 'application/json',
): Reply {
  const body = JSON.stringify(value);
  return {
    status,
    headers: [
      'Content-Type',
      contentType,
      'Content-Length',
      String(Buffer.byteLength(body)),
      ...apiVersion,
      ...headers,
    ],
    body,
  };
}

export function emptyReply(status: number, headers: FlatHeaders = []): Reply {
  return { status, headers: ['Content-Length', '0', ...apiVersion, ...headers] };
}

/** An answer that has no body by definition (204, 304): no length either. */
export function bareReply(status: number, headers: FlatHeaders = []): Reply {
  return { status, headers: [...apiVersion, ...headers] };
}

/** One `Warning` for each sentence, which has no double quotes (distribution-spec, Warnings; RFC 7234 §5.5). */
export function warningHeaders(sentences: readonly string[]): FlatHeaders {
  return sentences.flatMap((sentence) => ['Warning', `299 - "${sentence}"`]);
}
