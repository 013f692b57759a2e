import type { IncomingHttpHeaders } from 'node:http';
import type { Scope } from '#src/scope';
import { createAuthorizer } from './authorizer.ts';
import type { CredentialSource } from './credentials.ts';
import { RegistryConnectionError, RegistryTrustError, readResponseError } from './errors.ts';
import type { HttpRequest, HttpRequester, HttpResponse, RequestBody } from './http-exchange.ts';
import { createHttpRequester, type HttpRequesterOptions } from './http-requester.ts';
import { isTransientStatus, parseRetryAfter, type RetryClock, realRetryClock, retryDelayMs } from './retry.ts';
import { resolveTarget } from './trust.ts';

export interface TransportOptions {
  /** `host` or `host:port`, as in an image reference. */
  readonly registry: string;
  readonly credentials?: CredentialSource;
  /** Plain HTTP, for registries without TLS. By default only loopback hosts are reached so. */
  readonly plainHttp?: boolean;
  /** Hosts (with port, if any) of token servers that may get credentials although another party runs them. */
  readonly trustedRealms?: readonly string[];
  /** Attempts in all for a request that may be repeated; 5 by default. */
  readonly attempts?: number;
  /** A wait the registry asks for beyond this is not waited for; the failure is reported instead. */
  readonly longestWaitMs?: number;
  readonly userAgent?: string;
  readonly http?: HttpRequesterOptions;
  /** Replaces the HTTP client; it stays the caller's to close. */
  readonly requester?: HttpRequester;
  readonly clock?: RetryClock;
}

export interface RegistryRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** A path of the registry, or an address that it named. */
  readonly target: string | URL;
  readonly scopes: readonly Scope[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
  /** False when a second attempt could not do what the first one meant to; true by default. */
  readonly repeatable?: boolean;
  readonly signal?: AbortSignal;
}

/** An answer, and the address that gave it. */
export interface RegistryResponse extends HttpResponse {
  readonly url: URL;
}

/** The way to one registry: credentials, tokens, redirects and retries are its business. */
export interface Transport extends Disposable {
  readonly registry: string;
  readonly base: URL;
  /**
   * Sends a request and resolves with an answer whose status is among `expected`. Rejects with RegistryResponseError
   * for any other answer, RegistryConnectionError when there is none, RegistryTrustError when the registry asks for
   * something unsafe, and the signal's reason when aborted.
   */
  send(request: RegistryRequest, expected: readonly number[]): Promise<RegistryResponse>;
  /** Releases connections, unless the requester was the caller's. */
  close(): void;
}

const mostRedirects = 5;

function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127(?:\.[0-9]+){3}$/.test(host);
}

function findBase(registry: string, plainHttp: boolean | undefined): URL {
  const host = registry === 'docker.io' || registry === 'index.docker.io' ? 'registry-1.docker.io' : registry;
  const base = new URL(`https://${host}`);
  return (plainHttp ?? isLoopback(base.hostname)) ? new URL(`http://${host}`) : base;
}

/** The first value of a header of an answer; undefined when it has none. Never fails. */
export function readHeader(response: { readonly headers: IncomingHttpHeaders }, name: string): string | undefined {
  const value = response.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function isRedirect(status: number, method: string): boolean {
  const reads = method === 'GET' || method === 'HEAD';
  return status === 307 || status === 308 || (reads && (status === 301 || status === 302 || status === 303));
}

/** Follows redirects. Credentials stay with the origin they are for, and do not come back once left behind. */
async function sendFollowing(requester: HttpRequester, first: HttpRequest): Promise<RegistryResponse> {
  let request = first;
  for (let hops = 0; ; hops++) {
    const response = await requester.send(request);
    const location = readHeader(response, 'location');
    if (location === undefined || !isRedirect(response.status, request.method)) {
      return { ...response, url: request.url };
    }
    response.discard();
    if (hops === mostRedirects) {
      throw new RegistryTrustError(`${first.url.host} redirects more than ${mostRedirects} times`);
    }
    const url = resolveTarget(location, request.url);
    const headers = { ...request.headers };
    if (url.origin !== request.url.origin) {
      delete headers['authorization'];
    }
    request = { ...request, url, headers };
  }
}

/**
 * Creates the way to one registry. `close` or dispose it when done. Throws TypeError when `registry` is no host.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md
 */
export function createTransport(options: TransportOptions): Transport {
  const { registry, attempts = 5, longestWaitMs = 60_000, clock = realRetryClock } = options;
  const base = findBase(registry, options.plainHttp);
  const requester = options.requester ?? createHttpRequester(options.http);
  const userAgent = options.userAgent ?? 'entrepot';
  const authorizer = createAuthorizer({
    registry,
    base,
    credentials: options.credentials ?? (() => undefined),
    trustedRealms: options.trustedRealms ?? [],
    clientId: 'entrepot',
    clock,
    send: (request) => sendRepeatedly(request.url, undefined, true, () => sendFollowing(requester, named(request))),
  });

  function named(request: HttpRequest): HttpRequest {
    return { ...request, headers: { 'user-agent': userAgent, ...request.headers } };
  }

  /** Repeats what may be repeated while the registry is in trouble; the last answer or failure is the caller's. */
  async function sendRepeatedly(
    url: URL,
    signal: AbortSignal | undefined,
    repeatable: boolean,
    sendOnce: () => Promise<RegistryResponse>,
  ): Promise<RegistryResponse> {
    for (let attempt = 1; ; attempt++) {
      const last = !repeatable || attempt >= attempts;
      let waitMs = retryDelayMs(attempt, clock.random());
      try {
        const response = await sendOnce();
        const asked = parseRetryAfter(readHeader(response, 'retry-after'), clock.now());
        if (!isTransientStatus(response.status) || last || (asked ?? 0) > longestWaitMs) {
          return response;
        }
        waitMs = Math.max(asked ?? 0, waitMs);
        response.discard();
      } catch (error) {
        if (last || !(error instanceof RegistryConnectionError)) {
          throw error;
        }
      }
      await clock.sleep(waitMs, signal);
    }
  }

  async function sendAuthorized(request: RegistryRequest, url: URL): Promise<RegistryResponse> {
    const { method, scopes, headers, body, signal } = request;
    const own = url.origin === base.origin;
    for (let round = 0; ; round++) {
      const authorization = own ? await authorizer.authorize(scopes) : undefined;
      const response = await sendFollowing(
        requester,
        named({
          method,
          url,
          headers: authorization === undefined ? { ...headers } : { ...headers, authorization },
          ...(body === undefined ? {} : { body }),
          ...(signal === undefined ? {} : { signal }),
        }),
      );
      const mayLearn = response.status === 401 && round < 2 && own && response.url.origin === base.origin;
      if (!mayLearn || !(await authorizer.learn(readHeader(response, 'www-authenticate'), scopes, authorization))) {
        return response;
      }
      response.discard();
    }
  }

  async function send(request: RegistryRequest, expected: readonly number[]): Promise<RegistryResponse> {
    const url = resolveTarget(String(request.target), base);
    const response = await sendRepeatedly(url, request.signal, request.repeatable ?? true, () =>
      sendAuthorized(request, url),
    );
    if (expected.includes(response.status)) {
      return response;
    }
    const asked = parseRetryAfter(readHeader(response, 'retry-after'), clock.now());
    throw await readResponseError(request.method, response.url, response, asked);
  }

  function close(): void {
    if (options.requester === undefined) {
      requester.close();
    }
  }

  return { registry, base, send, close, [Symbol.dispose]: close };
}

/**
 * Asks whether the registry speaks the distribution API and accepts the credentials. Rejects as `send` does.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#determining-support
 */
export async function pingRegistry(transport: Transport, signal?: AbortSignal): Promise<void> {
  const request: RegistryRequest = { method: 'GET', target: '/v2/', scopes: [] };
  const response = await transport.send(signal === undefined ? request : { ...request, signal }, [200]);
  response.discard();
}
