import { createHash, type Hash } from 'node:crypto';
import type { ChainedRow } from './store.ts';
import type { Purge } from './types.ts';

/** What the audit's own row about a purge says, so that the chain vouches for it. */
export interface PurgeNote {
  readonly purge: number;
  readonly upTo: number;
  readonly through: number;
  readonly head: string;
  readonly removed: number;
  readonly kept: number;
  readonly keptHash: string;
  /** Rows of that moment and later stayed. */
  readonly before: string;
  /** The actions whose rows went; empty for all. */
  readonly actions: readonly string[];
}

export const toNote = (purge: Purge): PurgeNote => ({
  purge: purge.id,
  upTo: purge.lastId,
  through: purge.through,
  head: purge.head,
  removed: purge.removed,
  kept: purge.keptRows,
  keptHash: purge.keptHash,
  before: new Date(purge.cutoff).toISOString(),
  actions: purge.actions,
});

/** Whether a purge may take the row. */
export function isDoomed(purge: Pick<Purge, 'cutoff' | 'actions'>, { at, action }: Omit<ChainedRow, 'line'>): boolean {
  return at < purge.cutoff && (purge.actions.length === 0 || purge.actions.includes(action));
}

/** Counts and hashes the rows that purges have left, in the order of their ids: each after a line feed. */
export interface KeptRows {
  add(row: Pick<ChainedRow, 'line'>): void;
  readonly rows: () => number;
  readonly hash: () => string;
}

export function createKeptRows(): KeptRows {
  const hash: Hash = createHash('sha256');
  let rows = 0;
  return {
    add({ line }) {
      hash.update(`\n${line}`);
      rows += 1;
    },
    rows: () => rows,
    hash: () => hash.copy().digest('hex'),
  };
}
