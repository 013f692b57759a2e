import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { SecureContextOptions, TlsOptions } from 'node:tls';

export interface ListenerLimits {
  readonly headersTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  readonly maxHeaderBytes: number;
  readonly maxConnections: number;
}

export type TlsListenerOptions = TlsOptions;

export type RawHandler = (request: IncomingMessage, response: ServerResponse, wantsContinue: boolean) => void;

/**
 * Makes the HTTP/1.1 server. No limit on how long a request may take (a layer over a slow line takes hours); headers
 * must arrive quickly, and what is not HTTP is answered once and cut off.
 */
export function createListener(
  handler: RawHandler,
  limits: ListenerLimits,
  tls: TlsListenerOptions | undefined,
): Server {
  const options = {
    requestTimeout: 0,
    headersTimeout: limits.headersTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    maxHeaderSize: limits.maxHeaderBytes,
    connectionsCheckingInterval: 5000,
    noDelay: true,
    highWaterMark: 256 * 1024,
    requireHostHeader: true,
    rejectNonStandardBodyWrites: false,
  };
  const admit: RawHandler = (request, response, wantsContinue) => {
    if (request.socket.writableEnded) {
      // What follows the request that the connection was closed over is not served any more.
      request.socket.destroy();
    } else if (request.rawHeaders.length > 2 * mostHeaders) {
      response
        .writeHead(431, { Connection: 'close', 'Content-Length': '0', 'X-Content-Type-Options': 'nosniff' })
        .end();
    } else if (response.socket === null && isLineFull(request.socket, response)) {
      request.socket.destroy();
    } else {
      handler(request, response, wantsContinue);
    }
  };
  const onRequest: RequestListener = (request, response) => admit(request, response, false);
  const server =
    tls === undefined ? createServer(options, onRequest) : createTlsServer({ ...options, ...tls }, onRequest);
  server.maxConnections = limits.maxConnections;
  server.on('checkContinue', (request, response) => admit(request, response, true));
  server.on('clientError', answerBrokenRequest);
  return server;
}

/** Node drops headers beyond two thousand without a word; nobody needs a tenth of that. */
const mostHeaders = 200;

/** Requests that may wait on one connection for the answers before theirs: each holds memory and perhaps a file. */
const mostWaiting = 32;

/** How many answers wait on each connection. Clients of a registry send a request after the answer to the last. */
const lines = new WeakMap<Socket, number>();

function isLineFull(socket: Socket, response: ServerResponse): boolean {
  const waiting = lines.get(socket) ?? 0;
  if (waiting >= mostWaiting) return true;
  lines.set(socket, waiting + 1);
  response.once('close', () => lines.set(socket, (lines.get(socket) ?? 1) - 1));
  return false;
}

const brokenRequests: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/** What does not parse as HTTP gets one plain answer, and the connection is closed: nothing after it can be trusted. */
function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const status = brokenRequests[error.code ?? ''] ?? '400 Bad Request';
  const body = `{"errors":[{"code":"UNSUPPORTED","message":"${status.slice(4)}"}]}`;
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json\r\nX-Content-Type-Options: nosniff\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}

/** Starts to listen. Rejects with the operating system's reason, such as `EADDRINUSE`. */
export function listen(
  server: Server,
  address: { readonly host: string; readonly port: number },
): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: address.host, port: address.port, backlog: 1024 }, () => {
      server.off('error', reject);
      resolve(server.address() as AddressInfo);
    });
  });
}

/** Takes renewed certificates into use; connections that are open keep theirs. */
export function renewCertificates(server: Server, context: SecureContextOptions): void {
  if ('setSecureContext' in server && typeof server.setSecureContext === 'function') server.setSecureContext(context);
}
