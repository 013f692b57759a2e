import { type SqlBool, sql } from 'kysely';
import type { Transaction } from '#kernel/transaction';
import { type Db, within } from '#platform/db';
import type { Purge } from '#tenancy/audit/chain';
import type { PurgePlan } from './types.ts';

export interface PurgeStore {
  /**
   * Writes down what will be taken, which lets those rows go. Answers its id; undefined where somebody purged since
   * the plan was made after the purge `since` (0 for none).
   */
  begin(
    tx: Transaction,
    plan: PurgePlan,
    since: number,
    about: { readonly at: number; readonly actor: string },
  ): Promise<number | undefined>;
  /** Takes some of the rows. Answers how many. */
  remove(tx: Transaction, purge: Pick<Purge, 'cutoff' | 'actions' | 'lastId'>, most: number): Promise<number>;
  /** From then on nothing may go any more. */
  finish(tx: Transaction, id: number): Promise<void>;
}

/** As the guards of the table read it. */
const asText = (actions: readonly string[]): string => (actions.length === 0 ? '' : `,${actions.join(',')},`);

export function createPurgeStore(db: Pick<Db, 'kind'>): PurgeStore {
  return {
    async begin(tx, plan, since, { at, actor }) {
      const q = within(tx);
      if (db.kind === 'postgres') await sql`lock table audit_purge in share row exclusive mode`.execute(q);
      const last = await q.selectFrom('audit_purge').select('id').orderBy('id', 'desc').limit(1).executeTakeFirst();
      if ((last?.id ?? 0) !== since) return undefined;
      const { id } = await q
        .insertInto('audit_purge')
        .values({
          at,
          actor,
          cutoff: plan.cutoff,
          actions: asText(plan.actions),
          through: plan.through,
          last_id: plan.lastId,
          head: plan.head,
          removed: plan.removed,
          kept_rows: plan.keptRows,
          kept_hash: plan.keptHash,
        })
        .returning('id')
        .executeTakeFirstOrThrow();
      return id;
    },
    async remove(tx, { cutoff, actions, lastId }, most) {
      const q = within(tx);
      const doomed = q
        .selectFrom('audit')
        .select('id')
        .where('id', '<=', lastId)
        .where('at', '<', cutoff)
        .where(actions.length === 0 ? sql<SqlBool>`1 = 1` : sql<SqlBool>`action in (${sql.join(actions)})`)
        .orderBy('id')
        .limit(most);
      const gone = await q.deleteFrom('audit').where('id', 'in', doomed).executeTakeFirst();
      return Number(gone.numDeletedRows);
    },
    async finish(tx, id) {
      await within(tx).updateTable('audit_purge').set({ finished: 1 }).where('id', '=', id).execute();
    },
  };
}
