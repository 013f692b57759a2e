/**
 * Works on all of them, so many side by side. Goes on where one fails; rejects with the first failure when all were
 * tried.
 */
export async function forEachAtOnce<T>(all: readonly T[], width: number, work: (one: T) => Promise<void>) {
  const left = all[Symbol.iterator]();
  const failures: unknown[] = [];
  const lane = async () => {
    for (const one of left) await work(one).catch((error: unknown) => failures.push(error));
  };
  await Promise.all(Array.from({ length: Math.min(width, all.length) }, lane));
  if (failures.length > 0) throw failures[0];
}
