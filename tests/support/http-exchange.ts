import { Agent, type IncomingMessage, request as openRequest } from 'node:http';

/** A body in one piece is sent with its length; one in pieces is sent chunked, unless a length is among the headers. */
export type Body = string | Uint8Array | AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

export interface Question {
  readonly method: string;
  /** Sent as it is: path and query, or a whole address on the same server. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: Body;
  /** Milliseconds without a byte before the exchange fails; default 60 s. */
  readonly silence?: number;
}

export interface Answer {
  readonly status: number;
  /** The first value of a header; undefined when it is absent. */
  header(name: string): string | undefined;
  /** Every value of a header. */
  headers(name: string): string[];
  /** Every header name that was sent, in lower case. */
  readonly headerNames: readonly string[];
  readonly body: Buffer;
  readonly text: string;
  json(): unknown;
}

/** One server, with connections kept alive between exchanges. */
export interface Exchange extends Disposable {
  readonly origin: string;
  send(question: Question): Promise<Answer>;
  /** As `send`, but with the body as a stream that the caller reads or destroys. */
  open(question: Question): Promise<IncomingMessage>;
}

/** Path and query of what a server named in `Location`: absolute or relative, but always on the same server. */
export function pathOf(location: string, origin: string): string {
  const url = new URL(location, origin);
  return url.pathname + url.search;
}

async function writeBody(
  sink: NodeJS.WritableStream,
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  for await (const chunk of body) {
    if (!sink.writable) return;
    if (!sink.write(chunk)) {
      await new Promise<void>((resolve) => {
        sink.once('drain', resolve);
        sink.once('close', resolve);
        sink.once('error', () => resolve());
      });
    }
  }
  sink.end();
}

function toAnswer(message: IncomingMessage, body: Buffer): Answer {
  const headers = (name: string): string[] => message.headersDistinct[name.toLowerCase()] ?? [];
  return {
    status: message.statusCode ?? 0,
    header: (name) => headers(name)[0],
    headers,
    headerNames: Object.keys(message.headersDistinct),
    body,
    get text() {
      return body.toString();
    },
    json: () => JSON.parse(body.toString()),
  };
}

function begin(agent: Agent, origin: string, question: Question): Promise<IncomingMessage> {
  const { method, path, headers = {}, body, silence = 60_000 } = question;
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const request = openRequest({
      agent,
      hostname,
      port,
      method,
      path: path.startsWith('/') ? path : pathOf(path, origin),
    });
    for (const [name, value] of Object.entries(headers)) {
      request.setHeader(name, typeof value === 'string' ? value : [...value]);
    }
    request.setTimeout(silence, () => request.destroy(new Error(`${method} ${path}: silence for ${silence} ms`)));
    // An answer may come before the whole body is sent; what then happens to the rest of the body is no failure.
    request.once('response', (message) => {
      request.on('error', () => {});
      resolve(message);
    });
    request.once('error', reject);
    if (typeof body === 'string' || body instanceof Uint8Array) request.end(body);
    else if (body === undefined) request.end();
    else writeBody(request, body).catch((error: Error) => request.destroy(error));
  });
}

export function openExchange(origin: string): Exchange {
  const agent = new Agent({ keepAlive: true });
  return {
    origin,
    open: (question) => begin(agent, origin, question),
    async send(question) {
      const message = await begin(agent, origin, question);
      const chunks: Buffer[] = [];
      for await (const chunk of message) chunks.push(chunk);
      return toAnswer(message, Buffer.concat(chunks));
    },
    [Symbol.dispose]: () => agent.destroy(),
  };
}
