import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { RegistryError } from '#kernel/errors';
import { requestIdOf } from './request-id.ts';
import { type BodyLimits, guardedBody } from './body.ts';
import type { FindOrigin, Origin } from './origin.ts';

/** Header names and values in turn, as they go on the wire: the cheapest shape for Node to write. */
export type FlatHeaders = readonly string[];

/** What a raw handler answers with. */
export interface Reply {
  readonly status: number;
  readonly headers: FlatHeaders;
  /** How a text becomes bytes; `latin1` for texts that stand for bytes, one character each. UTF-8 when absent. */
  readonly encoding?: 'latin1';
  /** A stream needs a `Content-Length` among the headers; it is destroyed when the client leaves. */
  readonly body?: Uint8Array | string | Readable;
  /** Called once when the answer ended: whether every byte was handed over, and how many. */
  readonly onEnd?: (complete: boolean, bytes: number) => void;
}

/** One request on the raw side of the server: paths and bodies as they came. */
export class Exchange {
  readonly request: IncomingMessage;
  readonly method: string;
  /** Path without the query, still percent-encoded. */
  readonly path: string;
  /** The label under which metrics count this request; set by the router. */
  route = 'unmatched';
  readonly #response: ServerResponse;
  readonly #limits: BodyLimits;
  readonly #search: string;
  #query: URLSearchParams | undefined;
  #body: AsyncIterable<Uint8Array> | undefined;
  readonly #wantsContinue: boolean;
  #requestId: string | undefined;
  readonly #findOrigin: FindOrigin;
  #origin: Origin | undefined;
  bytesIn = 0;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    options: { readonly limits: BodyLimits; readonly findOrigin: FindOrigin; readonly wantsContinue: boolean },
  ) {
    const url = request.url ?? '/';
    const mark = url.indexOf('?');
    this.request = request;
    this.#response = response;
    this.method = request.method ?? 'GET';
    this.path = mark === -1 ? url : url.slice(0, mark);
    this.#search = mark === -1 ? '' : url.slice(mark + 1);
    this.#limits = options.limits;
    this.#wantsContinue = options.wantsContinue;
    this.#findOrigin = options.findOrigin;
  }

  get headers(): IncomingHttpHeaders {
    return this.request.headers;
  }

  get origin(): Origin {
    this.#origin ??= this.#findOrigin(this.request);
    return this.#origin;
  }

  /** The client's address. */
  get address(): string {
    return this.origin.address;
  }

  get query(): URLSearchParams {
    this.#query ??= new URLSearchParams(this.#search);
    return this.#query;
  }

  /** The client's own id where it sent a harmless one, else one of ours. */
  get requestId(): string {
    this.#requestId ??= requestIdOf(this.request);
    return this.#requestId;
  }

  /** True when the request declares a body of at least one byte, or one of unknown length. */
  get hasBody(): boolean {
    const length = this.request.headers['content-length'];
    return length === undefined ? this.request.headers['transfer-encoding'] !== undefined : length !== '0';
  }

  /** The declared length of the body, when there is one. */
  get contentLength(): number | undefined {
    const length = this.request.headers['content-length'];
    return length === undefined ? undefined : Number(length);
  }

  /**
   * The body as it arrives, once. It ends with `body-timeout` when the sender falls silent and with `body-incomplete`
   * when the connection breaks; how long it takes in all does not matter.
   */
  body(): AsyncIterable<Uint8Array> {
    this.#body ??= this.#readBody();
    return this.#body;
  }

  /** Invites a body that waits for it (RFC 9110 §10.1.1) only when the first byte is asked for. */
  async *#readBody(): AsyncGenerator<Uint8Array> {
    if (this.#wantsContinue) this.#response.writeContinue();
    yield* guardedBody(this.request, this.#limits, (bytes) => {
      this.bytesIn += bytes;
    });
  }

  /** The whole body in memory. Fails with `code` as soon as it is known to exceed `limit` bytes. */
  async readBody(limit: number, code: 'manifest-too-large' | 'body-too-large'): Promise<Buffer> {
    const refuse = () =>
      new RegistryError(code, `The request body exceeds the limit of ${limit} bytes.`, { detail: { limit } });
    if ((this.contentLength ?? 0) > limit) throw refuse();
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of this.body()) {
      size += chunk.length;
      if (size > limit) throw refuse();
      chunks.push(chunk);
    }
    // Bounded by the limit above: manifests and forms, never blobs.
    return chunks.length === 1 ? Buffer.from(chunks[0] as Uint8Array) : Buffer.concat(chunks, size);
  }
}
