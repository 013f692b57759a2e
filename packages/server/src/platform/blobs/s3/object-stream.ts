import { Readable } from 'node:stream';
import type { ByteRange } from '#platform/blobs';
import { type ObjectCalls, tooShort } from './object-calls.ts';
import { s3Error } from './s3-error.ts';

/** What a reader goes by. */
export interface ReadRules {
  /** How long the store may be silent while the consumer waits. */
  readonly idleTimeoutMs: number;
}

/** A connection that breaks is replaced this often without a byte in between before the reader gives up. */
const reopenings = 3;

/**
 * Opens an object, or a part of it. A connection that breaks or falls silent on the way is replaced by one that goes on
 * where it stopped; the consumer notices only the time. Destroying the stream ends the connection.
 */
export async function openObject(
  calls: ObjectCalls,
  key: string,
  range: ByteRange | undefined,
  rules: ReadRules,
): Promise<Readable> {
  const abort = new AbortController();
  const { body, size } = await calls.get(key, range, abort.signal);
  const first = range?.first ?? 0;
  return new ObjectStream(
    (from) => calls.get(key, { first: from, last: first + size - 1 }, abort.signal),
    abort,
    body,
    first,
    first + size,
    rules.idleTimeoutMs,
  );
}

class ObjectStream extends Readable {
  readonly #reopen: (from: number) => Promise<{ readonly body: Readable }>;
  readonly #abort: AbortController;
  readonly #end: number;
  readonly #idleTimeoutMs: number;
  #body: Readable | undefined;
  #position: number;
  #reopened = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor(
    reopen: (from: number) => Promise<{ readonly body: Readable }>,
    abort: AbortController,
    body: Readable,
    first: number,
    end: number,
    idleTimeoutMs: number,
  ) {
    super({ highWaterMark: 256 * 1024 });
    this.#reopen = reopen;
    this.#abort = abort;
    this.#position = first;
    this.#end = end;
    this.#idleTimeoutMs = idleTimeoutMs;
    this.#attach(body);
  }

  override _read(): void {
    if (this.#body !== undefined && this.#body.isPaused()) {
      this.#watch();
      this.#body.resume();
    }
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#idle);
    this.#abort.abort();
    this.#body?.destroy();
    this.#body = undefined;
    done(error);
  }

  #attach(body: Readable): void {
    this.#body = body;
    body.pause();
    body.on('data', (chunk: Buffer) => {
      if (this.#body !== body) {
        return;
      }
      this.#position += chunk.length;
      this.#reopened = 0;
      this.#idle?.refresh();
      if (!this.push(chunk)) {
        clearTimeout(this.#idle);
        this.#idle = undefined;
        body.pause();
      }
    });
    body.on('error', (error) => this.#lose(body, error));
    body.on('close', () => this.#lose(body, tooShort()));
    body.on('end', () => {
      if (this.#body === body && this.#position >= this.#end) {
        clearTimeout(this.#idle);
        this.#body = undefined;
        this.push(null);
      }
    });
  }

  #watch(): void {
    this.#idle ??= setTimeout(() => {
      const silence = Object.assign(new Error('the store fell silent'), { name: 'TimeoutError' });
      this.#idle = undefined;
      if (this.#body !== undefined) {
        this.#lose(this.#body, silence);
      }
    }, this.#idleTimeoutMs);
  }

  #lose(body: Readable, cause: Error): void {
    if (this.#body !== body || this.destroyed) {
      return;
    }
    this.#body = undefined;
    clearTimeout(this.#idle);
    this.#idle = undefined;
    body.destroy();
    if (this.#reopened >= reopenings) {
      this.destroy(s3Error(cause, 'Reading a blob'));
      return;
    }
    this.#reopened++;
    this.#reopen(this.#position).then(
      (answer) => {
        if (this.destroyed) {
          answer.body.destroy();
        } else {
          this.#attach(answer.body);
          this._read();
        }
      },
      (error: Error) => this.destroy(error),
    );
  }
}
