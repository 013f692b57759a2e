import { type SqlBool, sql } from 'kysely';
import type { DomainEvent } from '#kernel/events';
import type { Transaction } from '#kernel/transaction';
import { type Db, within } from '#platform/db';

export interface WaitingEvent {
  readonly rowId: number;
  readonly event: DomainEvent;
  readonly attempts: number;
}

export interface OutboxStore {
  insert(tx: Transaction, events: readonly DomainEvent[]): Promise<void>;
  isAnyWaiting(at: number): Promise<boolean>;
  /**
   * The oldest events that may be told, nothing of a project whose oldest one waits for another try. Undefined where
   * another process is telling; otherwise none does before the transaction ends.
   */
  take(tx: Transaction, most: number, at: number): Promise<WaitingEvent[] | undefined>;
  markDelivered(tx: Transaction, rowIds: readonly number[], at: number): Promise<void>;
  postpone(tx: Transaction, rowId: number, nextAt: number): Promise<void>;
  /** Forgets what was told before that time. Answers how many. */
  purge(tx: Transaction, before: number, most: number): Promise<number>;
}

const isUntold = sql<SqlBool>`outbox_event.delivered_at is null`;
const rowsPerStatement = 200;

export function createOutboxStore(db: Db): OutboxStore {
  const untold = (q: Db['read'], at: number) =>
    q
      .selectFrom('outbox_event')
      .where(isUntold)
      .where('project_id', 'not in', (held) =>
        held
          .selectFrom('outbox_event')
          .select('project_id')
          .where(isUntold)
          .where(sql<SqlBool>`attempts > 0`)
          .where('next_at', '>', at),
      );

  return {
    async insert(tx, events) {
      for (let from = 0; from < events.length; from += rowsPerStatement) {
        const rows = events.slice(from, from + rowsPerStatement).map((event) => ({
          event_id: event.id,
          project_id: event.projectId,
          kind: event.kind,
          payload: JSON.stringify(event),
          created_at: event.at,
          next_at: event.at,
          delivered_at: null,
        }));
        await within(tx).insertInto('outbox_event').values(rows).execute();
      }
    },

    async isAnyWaiting(at) {
      return (await untold(db.read, at).select('id').limit(1).executeTakeFirst()) !== undefined;
    },

    async take(tx, most, at) {
      if (db.kind === 'postgres') {
        const turn = within(tx).selectFrom('outbox_turn').select('id').forUpdate().skipLocked();
        if ((await turn.executeTakeFirst()) === undefined) return undefined;
      }
      const rows = await untold(within(tx), at)
        .select(['id', 'payload', 'attempts'])
        .orderBy('id')
        .limit(most)
        .execute();
      return rows.map((row) => ({
        rowId: row.id,
        event: JSON.parse(row.payload) as DomainEvent,
        attempts: row.attempts,
      }));
    },

    async markDelivered(tx, rowIds, at) {
      if (rowIds.length === 0) return;
      await within(tx)
        .updateTable('outbox_event')
        .set({ delivered_at: at })
        .where('id', 'in', rowIds)
        .where(isUntold)
        .execute();
    },

    async postpone(tx, rowId, nextAt) {
      await within(tx)
        .updateTable('outbox_event')
        .set((row) => ({ attempts: row('attempts', '+', 1), next_at: nextAt }))
        .where('id', '=', rowId)
        .execute();
    },

    async purge(tx, before, most) {
      const old = await within(tx)
        .selectFrom('outbox_event')
        .select('id')
        .where('delivered_at', 'is not', null)
        .where('delivered_at', '<', before)
        .limit(most)
        .execute();
      const ids = old.map(({ id }) => id);
      if (ids.length > 0) await within(tx).deleteFrom('outbox_event').where('id', 'in', ids).execute();
      return ids.length;
    },
  };
}
