import type { Purge } from '#tenancy/audit/chain';

/** What may go: rows before a moment, of these actions; of all where there are none. */
export interface PurgeWish {
  readonly cutoff: number;
  readonly actions: readonly string[];
}

/** What a purge would take and leave. */
export type PurgePlan = Omit<Purge, 'id' | 'at' | 'actor' | 'finished'>;
