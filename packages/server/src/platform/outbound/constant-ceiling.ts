import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Runs a probe on somebody's behalf without telling by the clock why it failed: whatever fails is told when the ceiling
 * is reached, be the port closed, filtered, or open and speaking something else. The work gets a signal that ends it a
 * little before.
 */
export async function withConstantCeiling<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const started = performance.now();
  try {
    return await work(AbortSignal.timeout(ms * 0.9));
  } catch (error) {
    await sleep(Math.max(0, started + ms - performance.now()));
    throw error;
  }
}
