import type { RetryClock } from '#src/client/retry';

/** A clock on which sleeping takes no time, and which remembers how long it slept. */
export interface QuickClock extends RetryClock {
  readonly slept: number[];
  advance(ms: number): void;
}

/** Creates a quick clock that starts at the present. Never fails. */
export function createQuickClock(): QuickClock {
  const slept: number[] = [];
  let now = Date.now();
  return {
    slept,
    now: () => now,
    random: () => 0.5,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      slept.push(ms);
      now += ms;
    },
    advance: (ms) => {
      now += ms;
    },
  };
}
