import { createGlob } from './glob.ts';

/** One choice among names, as rules of retention and immutability make it. */
export interface NameSelector {
  readonly kind: 'matches' | 'excludes';
  /** As `createGlob` reads it. */
  readonly pattern: string;
}

/** Whether a name is chosen: every selector has to agree. Without selectors every name is. */
export function createSelection(selectors: readonly NameSelector[]): (name: string) => boolean {
  const tests = selectors.map(({ kind, pattern }) => ({ wanted: kind === 'matches', matches: createGlob(pattern) }));
  return (name) => tests.every(({ wanted, matches }) => matches(name) === wanted);
}
