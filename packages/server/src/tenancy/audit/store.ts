import { actorName } from '#kernel/actor';
import type { Transaction } from '#kernel/transaction';
import { within } from '#platform/db';
import type { AuditEntry } from './types.ts';

export interface AuditStore {
  insert(tx: Transaction, entries: readonly { readonly entry: AuditEntry; readonly at: number }[]): Promise<void>;
}

/** PostgreSQL takes 65,535 parameters in a statement. */
const rowsPerStatement = 1000;

export function createAuditStore(): AuditStore {
  return {
    async insert(tx, entries) {
      for (let from = 0; from < entries.length; from += rowsPerStatement) {
        await within(tx)
          .insertInto('audit')
          .values(entries.slice(from, from + rowsPerStatement).map(({ entry, at }) => toRow(entry, at)))
          .execute();
      }
    },
  };
}

function toRow(entry: AuditEntry, at: number) {
  const { actor, address, requestId } = entry.asker;
  return {
    at,
    actor: actorName(actor),
    actor_id: actor.kind === 'anonymous' ? null : (actor.userId ?? null),
    address,
    request_id: requestId,
    action: entry.action,
    project_id: entry.projectId ?? null,
    resource: entry.resource,
    digest: entry.digest ?? null,
    outcome: entry.outcome,
    detail: entry.detail === undefined ? null : JSON.stringify(entry.detail),
  };
}
