import { createHash } from 'node:crypto';

/** Chance that can be had again from its seed. */
export interface Chance {
  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number;
  pick<T>(items: readonly T[]): T | undefined;
  /** Picks a name by its weight. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K;
  bytes(size: number): Buffer;
  /** A chance of its own for a part of the work. */
  fork(name: string): Chance;
}

/** Mulberry32 (public domain): 32 bits of state are plenty for choosing operations. */
function makeGenerator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function makeChance(seed: string): Chance {
  const next = makeGenerator(createHash('sha256').update(seed).digest().readUInt32LE(0));
  const between = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1));
  return {
    between,
    pick: (items) => items[between(0, items.length - 1)],
    weighted(weights) {
      const entries = Object.entries<number>(weights) as [keyof typeof weights, number][];
      let left = next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [name, weight] of entries) {
        left -= weight;
        if (left < 0) return name;
      }
      throw new Error('there is nothing to pick from');
    },
    bytes(size) {
      // Enough variety for bytes of their own digest; the rest may repeat.
      const bytes = Buffer.alloc(size, 1 + between(0, 254));
      for (let at = 0; at < Math.min(size, 64); at++) bytes[at] = between(0, 255);
      return bytes;
    },
    fork: (name) => makeChance(`${seed}/${name}`),
  };
}
