import type { ClientRequest } from 'node:http';
import { RegistryConnectionError } from './errors.ts';
import type { RequestBody } from './http-exchange.ts';

/** A request body on its way. */
export interface BodyWriting {
  /** Ends the watch and lets go of the source; for when the answer came or the request failed. */
  stop(): void;
  /** What the source threw, when it was the source that failed and not the connection. */
  sourceFailure(): Error | undefined;
}

/**
 * Writes the body, if any, ends the request and watches for silence: time spent waiting for the peer counts, time
 * spent waiting for the source does not. Destroys the request when the peer falls silent, when the source throws, and
 * when the source yields another number of bytes than announced. Never throws.
 */
export function writeBody(
  outgoing: ClientRequest,
  body: RequestBody | undefined,
  silenceMs: number,
  name: string,
): BodyWriting {
  let failure: Error | undefined;
  let stopped = false;
  let wake = (): void => {};
  let timer: NodeJS.Timeout | undefined;
  const iterator = body?.open()[Symbol.asyncIterator]();

  const watch = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      outgoing.destroy(new RegistryConnectionError(`${name} had no answer for ${silenceMs} ms`));
    }, silenceMs);
  };
  const interrupted = (): Promise<undefined> =>
    new Promise((resolve) => {
      wake = () => resolve(undefined);
    });

  async function writeAll(source: AsyncIterator<Uint8Array>, size: number): Promise<void> {
    let left = size;
    while (!stopped) {
      clearTimeout(timer);
      const next = await Promise.race([source.next(), interrupted()]);
      if (stopped || next === undefined) {
        return;
      }
      if (next.done === true) {
        break;
      }
      left -= next.value.length;
      if (left < 0) {
        throw new RangeError(`the source of ${name} has more than the announced ${size} bytes`);
      }
      if (!outgoing.write(next.value)) {
        watch();
        await interrupted();
      }
    }
    if (left > 0 && !stopped) {
      throw new RangeError(`the source of ${name} ended ${left} bytes before the announced ${size}`);
    }
  }

  async function run(): Promise<void> {
    if (iterator !== undefined && body !== undefined) {
      await writeAll(iterator, body.size);
    }
    if (!stopped) {
      outgoing.end();
      watch();
    }
  }

  outgoing.on('drain', () => wake());
  run().catch((cause: unknown) => {
    if (!stopped) {
      failure = cause instanceof Error ? cause : new Error(String(cause));
      outgoing.destroy(failure);
    }
  });

  return {
    stop: () => {
      if (stopped) {
        return;
      }
      stopped = true;
      clearTimeout(timer);
      wake();
      // A source that hangs must not hold up the answer.
      iterator?.return?.()?.catch(() => {});
    },
    sourceFailure: () => failure,
  };
}
