/** Runs work, but never more than a set number of pieces at once. */
export type Limiter = <T>(work: () => Promise<T>) => Promise<T>;

/** Creates a limiter; pieces start in the order they came. A piece's failure is its caller's, and frees its place. */
export function createLimiter(most: number): Limiter {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= most) {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
      });
    } else {
      running++;
    }
    try {
      return await work();
    } finally {
      // The place is handed on rather than freed, so that nobody slips in between.
      const next = waiting.shift();
      if (next === undefined) {
        running--;
      } else {
        next();
      }
    }
  };
}
