import type { IncomingMessage } from 'node:http';
import { RegistryError } from '#kernel/errors';

export interface BodyLimits {
  /** Silence longer than this ends the body. */
  readonly idleMs: number;
  /** Fewer bytes a second than this, over a whole minute, end it too: a trickle holds resources for nothing. */
  readonly minBytesPerSecond: number;
}

const rateWindowMs = 60_000;

/**
 * Reads a request body with time limits that count idleness, not duration. Time that the consumer takes for itself
 * (a slow disk) is not held against the sender.
 */
export async function* guardedBody(
  request: IncomingMessage,
  limits: BodyLimits,
  count: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  const declared = request.headers['content-length'];
  const expected = declared === undefined ? undefined : Number(declared);
  let received = 0;
  let windowBytes = 0;
  let waitedMs = 0;
  const iterator = request.iterator({ destroyOnReturn: false })[Symbol.asyncIterator]();
  for (;;) {
    const since = performance.now();
    const next = await nextOrSilence(iterator, request, limits.idleMs);
    waitedMs += performance.now() - since;
    if (next.done === true) break;
    const chunk = next.value as Buffer;
    received += chunk.length;
    windowBytes += chunk.length;
    count(chunk.length);
    if (waitedMs >= rateWindowMs) {
      if (windowBytes < (limits.minBytesPerSecond * waitedMs) / 1000) {
        throw new RegistryError(
          'body-timeout',
          `The body arrived at less than ${limits.minBytesPerSecond} bytes a second.`,
        );
      }
      waitedMs = 0;
      windowBytes = 0;
    }
    yield chunk;
  }
  if (!request.complete || (expected !== undefined && received !== expected)) {
    throw new RegistryError(
      'body-incomplete',
      `The connection ended after ${received} of ${expected ?? 'unknown'} bytes.`,
    );
  }
}

async function nextOrSilence(
  iterator: AsyncIterator<unknown>,
  request: IncomingMessage,
  idleMs: number,
): Promise<IteratorResult<unknown>> {
  // What already lies in the stream's buffer needs no timer.
  if (request.readableLength > 0) return settle(iterator.next());
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new RegistryError('body-timeout', `No byte of the body arrived for ${Math.round(idleMs / 1000)} seconds.`),
      );
    }, idleMs);
  });
  try {
    return await Promise.race([settle(iterator.next()), silence]);
  } finally {
    clearTimeout(timer);
  }
}

async function settle(next: Promise<IteratorResult<unknown>>): Promise<IteratorResult<unknown>> {
  try {
    return await next;
  } catch (error) {
    throw new RegistryError('body-incomplete', 'The connection broke before the body was complete.', { cause: error });
  }
}
