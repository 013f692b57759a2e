import type { Expression, Kysely } from 'kysely';
import type { Transact } from '#kernel/transaction';
import type { DatabaseKind } from './migrations/migration.ts';
import type { CompiledQuery } from 'kysely';
import type { Placeholder, PreparedFirst } from './prepared.ts';
import type { Database } from './schema/database.ts';
import type { Signals } from './signals.ts';

/** The metadata database, as the stores see it. */
export interface Db extends AsyncDisposable {
  readonly kind: DatabaseKind;
  /** Reads what is committed; never inside a transaction's unfinished work. */
  readonly read: Kysely<Database>;
  /** As `read`, for reads that may take long: on SQLite, where a read holds up the thread that asks, in another one. */
  readonly background: Kysely<Database>;
  readonly transact: Transact;
  readonly signals: Signals;
  /**
   * The time to write where rows are compared by age: on PostgreSQL the database's own, so that the clocks of several
   * processes cannot disagree; on SQLite the given one, in milliseconds since the Unix epoch.
   */
  stamp(now: number): Expression<number>;
  /** Compiles a read once for the hot path. Write values as `value('name')`. */
  prepareFirst<Row>(
    build: (db: Kysely<Database>, value: Placeholder) => { compile(): CompiledQuery<Row> },
  ): PreparedFirst<Row>;
  /** Resolves when the database takes a write, rejects with the reason when it does not. */
  probe(): Promise<void>;
}
