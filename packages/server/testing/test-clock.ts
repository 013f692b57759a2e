import { setTimeout as sleep } from 'node:timers/promises';

/** A clock that stands still until it is told. */
export interface TestClock {
  readonly clock: () => number;
  advance(ms: number): void;
}

export function createTestClock(start = Date.UTC(2026, 0, 1)): TestClock {
  let now = start;
  return {
    clock: () => now,
    advance: (ms) => {
      now += ms;
    },
  };
}

/** Asks again and again until there is an answer. Rejects when there is none after `patienceMs`. */
export async function eventually<T>(ask: () => Promise<T | undefined>, patienceMs = 5000): Promise<T> {
  const end = performance.now() + patienceMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > end) throw new Error(`it did not come true within ${patienceMs} ms`);
    await sleep(20);
  }
}
