import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { TlsOptions } from 'node:tls';
import type { RegistryError } from '#kernel/errors';
import { Exchange, type FindOrigin, ociErrorReply, type Reply, toRegistryError } from '#platform/http';
import { createManagement, type ManagementDeps } from '#platform/http/management';
import { createListener, send } from '#platform/http/server';
import type { Metrics } from '#platform/metrics';
import type { Eventually } from '#kernel/eventually';

export interface HttpDeps {
  /** Paths that are answered raw: whole paths, and everything below those that end in a slash. */
  readonly raw: Readonly<Record<string, (exchange: Exchange) => Eventually<Reply>>>;
  readonly management: Pick<
    ManagementDeps,
    'routes' | 'identify' | 'authorize' | 'isReadOnly' | 'onRefused' | 'assertAnswers'
  >;
  readonly metrics: Metrics;
  readonly findOrigin: FindOrigin;
  readonly onFault: (error: RegistryError, requestId: string) => void;
  readonly onAnswered: ((exchange: Exchange, status: number, bytes: number, seconds: number) => void) | undefined;
  readonly limits: {
    readonly headersTimeoutMs: number;
    readonly keepAliveTimeoutMs: number;
    readonly maxHeaderBytes: number;
    readonly maxConnections: number;
    readonly bodyIdleMs: number;
    readonly bodyMinBytesPerSecond: number;
    readonly responseIdleMs: number;
  };
  readonly tls: TlsOptions | undefined;
}

const managementBodyLimit = 1024 * 1024;

/** What the management API answers with is data: no browser takes it for a page, whatever a tenant wrote into it. */
const protections = [
  ['X-Content-Type-Options', 'nosniff'],
  ['Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'"],
] as const;

/** Fastify reads a body with all the time in the world; one of the management API is small and has so long in all. */
function hurry(request: IncomingMessage, ms: number): void {
  const timer = setTimeout(() => request.complete || request.socket.destroy(), ms);
  request.once('close', () => clearTimeout(timer));
}

/**
 * One HTTP server for everything: registry traffic is answered raw, from stream to stream, and the management API goes
 * through Fastify.
 */
export async function createHttp(
  deps: HttpDeps,
): Promise<{ server: Server; requestsWithBody(): number; close(): Promise<void> }> {
  const { metrics, limits } = deps;
  const bodyLimits = { idleMs: limits.bodyIdleMs, minBytesPerSecond: limits.bodyMinBytesPerSecond };
  const exact = new Map(Object.entries(deps.raw).filter(([path]) => !path.endsWith('/')));
  const below = Object.entries(deps.raw).filter(([path]) => path.endsWith('/'));

  function findRaw(path: string) {
    for (const [prefix, handler] of below) if (path.startsWith(prefix)) return handler;
    return exact.get(path);
  }

  function answerRaw(
    handle: (exchange: Exchange) => Eventually<Reply>,
    exchange: Exchange,
    response: ServerResponse,
  ): void {
    const started = performance.now();
    metrics.requestStarted();
    const { hasBody } = exchange;
    if (hasBody) withBody += 1;
    const write = (made: Reply) => {
      const onEnd = (complete: boolean, bytes: number) => {
        if (hasBody) withBody -= 1;
        made.onEnd?.(complete, bytes);
        const seconds = (performance.now() - started) / 1000;
        const { route, method, bytesIn } = exchange;
        metrics.requestFinished({ route, method, status: made.status, seconds, bytesIn, bytesOut: bytes });
        deps.onAnswered?.(exchange, made.status, bytes, seconds);
      };
      void send(exchange, response, { ...made, onEnd }, limits.responseIdleMs);
    };
    // Handlers answer their own failures; what gets past them, or cannot be written, ends here and not in the process.
    const fail = (error: unknown) => {
      const told = toRegistryError(error, exchange.requestId);
      deps.onFault(told, exchange.requestId);
      if (response.headersSent) response.destroy();
      else write(ociErrorReply(told));
    };
    try {
      const reply = handle(exchange);
      if (reply instanceof Promise) reply.then(write).catch(fail);
      else write(reply);
    } catch (error) {
      fail(error);
    }
  }

  /** The management API answers by itself; it is counted as one route. */
  function countManaged(exchange: Exchange, response: ServerResponse): void {
    const started = performance.now();
    metrics.requestStarted();
    response.once('close', () => {
      const seconds = (performance.now() - started) / 1000;
      const { method } = exchange;
      const status = response.statusCode;
      metrics.requestFinished({ route: '/api', method, status, seconds, bytesIn: 0, bytesOut: 0 });
      deps.onAnswered?.(exchange, status, 0, seconds);
    });
  }

  let withBody = 0;
  let toFastify: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  const server = createListener(
    (request, response, wantsContinue) => {
      const exchange = new Exchange(request, response, {
        limits: bodyLimits,
        findOrigin: deps.findOrigin,
        wantsContinue,
      });
      const handler = findRaw(exchange.path);
      if (handler !== undefined) return answerRaw(handler, exchange, response);
      if (wantsContinue) response.writeContinue();
      for (const [name, value] of protections) response.setHeader(name, value);
      if (exchange.hasBody) hurry(request, limits.bodyIdleMs);
      countManaged(exchange, response);
      toFastify?.(request, response);
    },
    limits,
    deps.tls,
  );
  const management = createManagement({
    ...deps.management,
    findOrigin: deps.findOrigin,
    onFault: deps.onFault,
    bodyLimit: managementBodyLimit,
    serverFactory: (handler) => {
      toFastify = handler;
      return server;
    },
  });
  await management.ready();
  async function close(): Promise<void> {
    await management.close();
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }
  return { server, requestsWithBody: () => withBody, close };
}
