import type { IncomingHttpHeaders } from 'node:http';

/** Content to send. `open` may be called again for another attempt and then yields the same bytes. */
export interface RequestBody {
  readonly size: number;
  open(): AsyncIterable<Uint8Array>;
}

export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
  readonly signal?: AbortSignal;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The bytes as they travel, once. Leaving the loop early closes the connection. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Releases a body that nobody will read. */
  discard(): void;
}

/**
 * One HTTP exchange: no redirects, no retries, no credentials. Rejects with RegistryConnectionError when no answer
 * comes, with the signal's reason when aborted, and with whatever the body's source throws.
 */
export interface HttpRequester {
  send(request: HttpRequest): Promise<HttpResponse>;
  /** Closes idle connections. */
  close(): void;
}

/** A body that lies in memory. Never fails. */
export function bodyOf(bytes: Uint8Array): RequestBody {
  return {
    size: bytes.length,
    async *open() {
      if (bytes.length > 0) {
        yield bytes;
      }
    },
  };
}
