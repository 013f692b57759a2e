/** Failures of one name from one network, as they are kept. */
export interface Failures {
  /** Within the window. */
  readonly recent: number;
  /** As long as any are kept. */
  readonly kept: number;
  /** When the last one was; 0 without one. */
  readonly lastAt: number;
}

/** Failures are remembered for so many windows: who goes on guessing waits longer each time. */
const windowsKept = 8;

/** The first wait beyond the attempts that are free; each failure more doubles it, up to the window. */
const firstWaitMs = 30_000;

/** Older failures are forgotten. */
export const failuresKeptSince = (now: number, windowMs: number): number => now - windowsKept * windowMs;

/**
 * How long the next guess has to wait, in milliseconds; 0 when it need not. Within a window there are so many attempts
 * and no more; beyond them, and in the windows that follow, each wrong one doubles the wait. It counts for one name from
 * one network only: nobody can lock anybody else out.
 */
export function waitOf(
  { recent, kept, lastAt }: Failures,
  now: number,
  { attempts, windowMs }: { readonly attempts: number; readonly windowMs: number },
): number {
  if (recent >= attempts) return windowMs;
  if (kept < attempts) return 0;
  const doubled = firstWaitMs * 2 ** Math.min(30, kept - attempts);
  return Math.max(0, lastAt + Math.min(windowMs, doubled) - now);
}
