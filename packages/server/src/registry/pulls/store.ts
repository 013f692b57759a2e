import { sql } from 'kysely';
import type { Transaction } from '#kernel/transaction';
import { within } from '#platform/db';

/** Pulls of one manifest since the last writing. */
export interface Pulled {
  count: number;
  at: number;
  /** Times by tag. */
  readonly tags: Map<string, number>;
}

export interface PullStore {
  /** Adds the counts and moves the times forward. What was deleted meanwhile is passed over. */
  add(tx: Transaction, pulled: readonly (readonly [manifestId: number, Pulled])[]): Promise<void>;
}

export function createPullStore(): PullStore {
  return {
    async add(tx, pulled) {
      const q = within(tx);
      const counts = new Map<number, { count: number; at: number }>();
      // In the order of ids, so that two processes wait for each other rather than for themselves.
      for (const [id, { count, at, tags }] of pulled.toSorted(([one], [other]) => one - other)) {
        const row = await q
          .updateTable('manifest')
          .set({ pulled_at: at })
          .where('id', '=', id)
          .returning('repository_id')
          .executeTakeFirst();
        if (row === undefined) continue;
        const known = counts.get(row.repository_id);
        counts.set(row.repository_id, { count: (known?.count ?? 0) + count, at: Math.max(known?.at ?? 0, at) });
        for (const [name, when] of tags) {
          await q
            .updateTable('tag')
            .set({ pulled_at: when })
            .where('repository_id', '=', row.repository_id)
            .where('name', '=', name)
            .where('manifest_id', '=', id)
            .execute();
        }
      }
      for (const [id, { count, at }] of [...counts].toSorted(([one], [other]) => one - other)) {
        await q
          .updateTable('repository')
          .set({ pull_count: sql<number>`pull_count + ${count}`, updated_at: at })
          .where('id', '=', id)
          .execute();
      }
    },
  };
}
