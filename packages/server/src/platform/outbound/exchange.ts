import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIPv6, type LookupFunction } from 'node:net';
import { getCACertificates } from 'node:tls';
import type { Target } from './target.ts';

export interface OutboundAnswer {
  readonly status: number;
  /** Names in lower case; a header that came several times is joined. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Whether the body went on beyond what was read. */
  readonly truncated: boolean;
}

export interface Exchange {
  readonly target: Target;
  /** The only addresses that are connected to; all are checked. */
  readonly addresses: readonly string[];
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | undefined;
  readonly maxBytes: number;
  readonly insecure: boolean;
  readonly ca: string | undefined;
  readonly signal: AbortSignal;
}

/** One request and its answer, on a connection of its own. Rejects with whatever went wrong. */
export function exchange(asked: Exchange): Promise<OutboundAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<OutboundAnswer>();
  const request = open(asked);
  request.once('error', reject);
  request.once('response', (response) => void read(response, asked.maxBytes).then(resolve, reject));
  request.end(asked.body);
  return promise.finally(() => request.destroy());
}

function open({ target, addresses, method, headers, body, insecure, ca, signal }: Exchange): ClientRequest {
  const { url, host, port } = target;
  const options = {
    host,
    port,
    path: `${url.pathname}${url.search}`,
    method,
    headers: {
      'user-agent': 'entrepot',
      ...headers,
      ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
    },
    // An agent of its own: no connection of another caller, and no proxy that the environment names.
    agent: false as const,
    lookup: answerWith(addresses),
    signal,
  };
  if (url.protocol === 'http:') return httpRequest(options);
  return httpsRequest({
    ...options,
    rejectUnauthorized: !insecure,
    ...(ca === undefined ? {} : { ca: [...getCACertificates('default'), ca] }),
  });
}

/** A resolver that knows nothing but the addresses that were checked. */
function answerWith(addresses: readonly string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
  return (_host, options, callback) => {
    if (options.all === true) callback(null, all);
    else callback(null, all[0]?.address ?? '', all[0]?.family);
  };
}

async function read(response: IncomingMessage, maxBytes: number): Promise<OutboundAnswer> {
  const parts: Buffer[] = [];
  let size = 0;
  let truncated = false;
  for await (const part of response as AsyncIterable<Buffer>) {
    const room = maxBytes - size;
    parts.push(part.subarray(0, room));
    size += part.length;
    if (part.length > room) {
      truncated = true;
      break;
    }
  }
  const headers = Object.entries(response.headers).map(([name, value]) => [name, [value].flat().join(', ')] as const);
  return {
    status: response.statusCode ?? 0,
    headers: Object.fromEntries(headers),
    body: Buffer.concat(parts),
    truncated,
  };
}
