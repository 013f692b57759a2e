import { RegistryConnectionError } from '@entrepot/oci/client/errors';
import type { HttpRequester, HttpResponse } from '@entrepot/oci/client/http-exchange';
import { createHttpRequester, type HttpRequesterOptions } from '@entrepot/oci/client/http-requester';
import { UnreachableError } from '#src/failures/failures';

// What does not change by waiting a few seconds: a wrong name, a wrong port, a certificate nobody trusts.
const hopelessAtFirst = new Set(['ENOTFOUND', 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN']);

function findCode(error: RegistryConnectionError): string | undefined {
  return (error.cause as NodeJS.ErrnoException | undefined)?.code;
}

function isAboutTls(code: string): boolean {
  return code === 'EPROTO' || /^ERR_(?:SSL|TLS)_/.test(code) || /CERT|SIGNATURE|ISSUER|_CRL/.test(code);
}

const worthDraining = 64 * 1024;

/**
 * Releases a body that nobody reads, by reading it where it is short, so that the connection can be used again. Unlike
 * the response's own `discard` it leaves no timer behind when the connection is gone already, which would keep the
 * process from ending. Never rejects.
 */
async function release({ body, headers }: HttpResponse): Promise<void> {
  let left = Number(headers['content-length'] ?? 0) > worthDraining ? 0 : worthDraining;
  try {
    for await (const chunk of body) {
      left -= chunk.length;
      if (left <= 0) {
        return;
      }
    }
  } catch {
    // There was nothing to release any more.
  }
}

/**
 * A requester that reports at once what repeating would not mend, as UnreachableError: whoever mistyped a host must not
 * wait. After the first answer of a host a refused connection may be a restart, and is repeated. Never fails.
 */
export function createEagerRequester(options: HttpRequesterOptions): HttpRequester {
  const requester = createHttpRequester(options);
  const answered = new Set<string>();
  return {
    send: async (request) => {
      try {
        const response = await requester.send(request);
        answered.add(request.url.host);
        return { ...response, discard: () => void release(response) };
      } catch (error) {
        const code = error instanceof RegistryConnectionError ? findCode(error) : undefined;
        const atFirst = code !== undefined && hopelessAtFirst.has(code) && !answered.has(request.url.host);
        if (code !== undefined && error instanceof Error && (atFirst || isAboutTls(code))) {
          throw new UnreachableError(code, error.message, { cause: error.cause });
        }
        throw error;
      }
    },
    close: () => requester.close(),
  };
}
