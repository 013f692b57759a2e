import type { Kysely, Transaction as KyselyTransaction } from 'kysely';
import type { Transaction } from '#kernel/transaction';
import type { Database } from './schema/database.ts';

/** What an opaque transaction holds. Nobody but this room's stores looks inside. */
interface OpenTransaction extends Transaction {
  readonly db: Kysely<Database>;
  /** Channels to wake after the commit. */
  readonly signals: Set<string>;
}

export function wrapTransaction(
  db: Kysely<Database> | KyselyTransaction<Database>,
  signals = new Set<string>(),
): Transaction {
  const open: OpenTransaction = { kind: 'transaction', db, signals };
  return open;
}

/** The query builder inside a transaction. Only stores call this. */
export function within(tx: Transaction): Kysely<Database> {
  return (tx as OpenTransaction).db;
}

/** Has a channel's listeners woken when the transaction is committed. */
export function signalAfter(tx: Transaction, channel: string): void {
  (tx as OpenTransaction).signals.add(channel);
}
