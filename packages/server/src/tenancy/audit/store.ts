import { CompiledQuery } from 'kysely';
import { actorName, userIdOf } from '#kernel/actor';
import type { Transaction } from '#kernel/transaction';
import { within } from '#platform/db';
import { detailText } from './detail.ts';
import type { AuditEntry } from './types.ts';

export interface AuditStore {
  insert(tx: Transaction, entries: readonly { readonly entry: AuditEntry; readonly at: number }[]): Promise<void>;
}

/** Rows of one statement: as many as the recorder flushes at once. */
const rowsPerStatement = 200;

type AuditRow = ReturnType<typeof toRow>;

export function createAuditStore(): AuditStore {
  /**
   * The text of a full statement, whose values come in the order of a row's fields. A busy registry writes one many
   * times a second, and building it costs more than running it.
   */
  let fullStatement: string | undefined;

  async function insertRows(tx: Transaction, rows: readonly AuditRow[]): Promise<void> {
    const db = within(tx);
    if (rows.length === rowsPerStatement && fullStatement !== undefined) {
      await db.executeQuery(
        CompiledQuery.raw(
          fullStatement,
          rows.flatMap((row) => Object.values(row)),
        ),
      );
      return;
    }
    const query = db.insertInto('audit').values(rows).compile();
    if (rows.length === rowsPerStatement) fullStatement = query.sql;
    await db.executeQuery(query);
  }

  return {
    async insert(tx, entries) {
      const rows = entries.map(({ entry, at }) => toRow(entry, at));
      for (let from = 0; from < rows.length; from += rowsPerStatement) {
        await insertRows(tx, rows.slice(from, from + rowsPerStatement));
      }
    },
  };
}

function toRow(entry: AuditEntry, at: number) {
  const { actor, address, requestId } = entry.asker;
  return {
    at,
    actor: actorName(actor),
    actor_id: userIdOf(actor) ?? null,
    address,
    request_id: requestId,
    action: entry.action,
    project_id: entry.projectId ?? null,
    resource: entry.resource,
    digest: entry.digest ?? null,
    outcome: entry.outcome,
    detail: detailText(entry),
  };
}
