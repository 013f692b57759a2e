import type { Rival, Rivals } from './rivals.ts';
import { median } from './statistics.ts';

/** How long and how often to measure. */
export interface Pace {
  readonly quick: boolean;
  readonly rounds: number;
  readonly seconds: number;
  readonly log: (line: string) => void;
}

/** Measures both rivals in turn, the order changing from round to round; answers with the medians. */
export async function alternate(
  pace: Pace,
  { ours, theirs }: Pick<Rivals, 'ours' | 'theirs'>,
  measure: (rival: Rival, round: number) => Promise<number>,
): Promise<{ ours: number; theirs: number }> {
  const seen = { entrepot: [] as number[], 'docker-registry': [] as number[] };
  for (let round = 0; round < pace.rounds; round++) {
    for (const rival of round % 2 === 0 ? [ours, theirs] : [theirs, ours])
      seen[rival.name].push(await measure(rival, round));
  }
  return { ours: median(seen.entrepot), theirs: median(seen['docker-registry']) };
}
