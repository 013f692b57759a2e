import { setTimeout as sleep } from 'node:timers/promises';

/** Keeps a stream of bytes below a rate. */
export interface Pace {
  /** Resolves when so many bytes more may have been read. Rejects with the signal's reason. */
  spend(bytes: number, signal: AbortSignal): Promise<void>;
}

/** A pause shorter than this costs more than it spares. */
const shortestMs = 5;
/** A pass that was held up does not make up for it beyond this. */
const mostBehindMs = 1000;

/** `bytesPerSecond` of 0 is as fast as it goes. */
export function createPace(bytesPerSecond: number, now: () => number = () => performance.now()): Pace {
  /** When everything that was read so far should have been read. */
  let due = now();
  return {
    async spend(bytes, signal) {
      signal.throwIfAborted();
      if (bytesPerSecond === 0) return;
      due = Math.max(due, now() - mostBehindMs) + (bytes / bytesPerSecond) * 1000;
      const ahead = due - now();
      if (ahead >= shortestMs) await sleep(ahead, undefined, { signal });
    },
  };
}
