/** Milliseconds since the Unix epoch. Arrives as a dependency, so that tests own the time. */
export type Clock = () => number;

export const systemClock: Clock = () => Date.now();
