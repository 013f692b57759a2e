import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { nameUrl, RegistryConnectionError } from './errors.ts';
import type { HttpRequest, HttpRequester, HttpResponse } from './http-exchange.ts';
import { writeBody } from './write-body.ts';

export interface HttpRequesterOptions {
  /** Longest silence of the peer before the exchange fails; a slow exchange that moves never fails by time. */
  readonly silenceMs?: number;
  readonly mostSockets?: number;
  readonly verifyTls?: boolean;
  readonly ca?: string | readonly string[];
  /** A client certificate and its key, for registries that ask for one. */
  readonly cert?: string;
  readonly key?: string;
  /** Resolves and judges host names; where a server guards against forged requests. */
  readonly lookup?: LookupFunction;
  /** Where HTTP_PROXY, HTTPS_PROXY and NO_PROXY are read; none are used when absent. */
  readonly proxyEnv?: Readonly<Record<string, string | undefined>>;
}

// Registries hash a whole layer before they answer its last request, and are silent meanwhile.
const defaultSilenceMs = 120_000;
const worthDraining = 64 * 1024;

async function* readMessage(message: IncomingMessage, silenceMs: number, name: string): AsyncGenerator<Uint8Array> {
  const chunks = message[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  const silence = () =>
    message.destroy(new RegistryConnectionError(`${name} fell silent for ${silenceMs} ms while answering`));
  try {
    for (;;) {
      // Only waiting for the peer counts; a reader may take its time between two chunks.
      const timer = setTimeout(silence, silenceMs);
      let next: IteratorResult<Uint8Array>;
      try {
        next = await chunks.next();
      } finally {
        clearTimeout(timer);
      }
      if (next.done === true) {
        return;
      }
      yield next.value;
    }
  } catch (cause) {
    throw asConnectionError(cause, name);
  } finally {
    if (!message.readableEnded) {
      message.destroy();
    }
  }
}

function asConnectionError(cause: unknown, name: string): unknown {
  if (cause instanceof RegistryConnectionError || (cause instanceof Error && cause.name === 'AbortError')) {
    return cause;
  }
  const { code, message } = cause as NodeJS.ErrnoException;
  return new RegistryConnectionError(`${name} failed: ${code ?? message}`, { cause });
}

function discardMessage(message: IncomingMessage, silenceMs: number): void {
  message.on('error', () => {});
  if (Number(message.headers['content-length'] ?? Number.POSITIVE_INFINITY) > worthDraining && !message.complete) {
    message.destroy();
    return;
  }
  const timer = setTimeout(() => message.destroy(), silenceMs);
  message.once('close', () => clearTimeout(timer));
  message.resume();
}

function receive(outgoing: ClientRequest, message: IncomingMessage, silenceMs: number, name: string): HttpResponse {
  // A request that was answered before its body ended leaves a connection nobody else can use.
  message.once('close', () => {
    if (!outgoing.writableFinished) {
      outgoing.destroy();
    }
  });
  return {
    status: message.statusCode ?? 0,
    headers: message.headers,
    body: readMessage(message, silenceMs, name),
    discard: () => discardMessage(message, silenceMs),
  };
}

/** Creates a requester with its own pool of kept-alive connections. `close` it when done. Never fails. */
export function createHttpRequester(options: HttpRequesterOptions = {}): HttpRequester {
  const silenceMs = options.silenceMs ?? defaultSilenceMs;
  const pool = {
    keepAlive: true,
    maxSockets: options.mostSockets ?? 16,
    ...(options.proxyEnv === undefined ? {} : { proxyEnv: { ...options.proxyEnv } }),
  };
  const plain = new http.Agent(pool);
  const secure = new https.Agent({
    ...pool,
    rejectUnauthorized: options.verifyTls ?? true,
    ...(options.ca === undefined ? {} : { ca: [options.ca].flat() as string[] }),
    ...(options.cert === undefined ? {} : { cert: options.cert }),
    ...(options.key === undefined ? {} : { key: options.key }),
  });

  function send(request: HttpRequest): Promise<HttpResponse> {
    const { method, url, headers, body, signal } = request;
    const name = `${method} ${nameUrl(url)}`;
    const isSecure = url.protocol === 'https:';
    return new Promise<HttpResponse>((resolve, reject) => {
      signal?.throwIfAborted();
      const outgoing = (isSecure ? https : http).request(url, {
        method,
        headers: body === undefined ? headers : { ...headers, 'content-length': String(body.size) },
        agent: isSecure ? secure : plain,
        ...(signal === undefined ? {} : { signal }),
        ...(options.lookup === undefined ? {} : { lookup: options.lookup }),
      });
      const writing = writeBody(outgoing, body, silenceMs, name);
      outgoing.once('response', (message) => {
        writing.stop();
        resolve(receive(outgoing, message, silenceMs, name));
      });
      outgoing.on('error', (cause) => {
        writing.stop();
        reject(signal?.aborted ? signal.reason : (writing.sourceFailure() ?? asConnectionError(cause, name)));
      });
    });
  }

  return {
    send,
    close: () => {
      plain.destroy();
      secure.destroy();
    },
  };
}
