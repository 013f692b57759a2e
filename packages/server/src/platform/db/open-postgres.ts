import { setTimeout as sleep } from 'node:timers/promises';
import { type CompiledQuery, Kysely, PostgresDialect, sql } from 'kysely';
import { Pool, types } from 'pg';
import { RegistryError } from '#kernel/errors';
import type { Transact } from '#kernel/transaction';
import type { Db } from './db.ts';
import { DatabaseUnusable, migrate } from './migrate.ts';
import { compileStatement } from './prepared.ts';
import type { Database } from './schema/database.ts';
import { createPostgresSignals, type PostgresSignals } from './postgres-signals.ts';
import { signalAfter, wrapTransaction } from './transaction.ts';

export interface PostgresOptions {
  readonly url: string;
  readonly poolSize: number;
  /** False takes the schema only as this build left it. */
  readonly upgrade?: boolean;
  /** Called when an idle connection breaks; the pool replaces it. */
  readonly onIdleError: (error: Error) => void;
}

const int8 = 20;

/** What a row stands on was removed at the same moment: another look tells what is there now. */
const foreignKeyViolation = '23503';

/** Serialization failure and deadlock: the database asks for the work to be run again. */
const again = new Set(['40001', '40P01', foreignKeyViolation]);

const attempts = 5;

/** Connects, and brings the schema up to this build's version. Rejects with `DatabaseUnusable` when that cannot be done. */
export async function openPostgresDb(options: PostgresOptions): Promise<Db> {
  const pool = new Pool({
    connectionString: options.url,
    max: options.poolSize,
    connectionTimeoutMillis: 5000,
    // Ids, sizes and times stay below 2^53.
    types: { getTypeParser: (oid, format) => (oid === int8 ? Number : types.getTypeParser(oid, format as 'text')) },
  });
  pool.on('error', options.onIdleError);
  const kysely = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
  try {
    await migrate(kysely as Kysely<unknown>, 'postgres', options.upgrade);
  } catch (error) {
    await kysely.destroy();
    if (error instanceof DatabaseUnusable) throw error;
    const reason = error instanceof Error ? error.message || String((error as { code?: string }).code) : String(error);
    throw new DatabaseUnusable(`The PostgreSQL database cannot be used: ${reason}.`, error);
  }
  const signals = createPostgresSignals(options.url, pool);
  let statements = 0;
  return {
    kind: 'postgres',
    read: kysely,
    background: kysely,
    transact: retrying(kysely, signals),
    signals: { send: signalAfter, listen: signals.listen },
    stamp: () => sql<number>`(extract(epoch from statement_timestamp()) * 1000)::bigint`,
    prepareFirst<Row>(build: Parameters<Db['prepareFirst']>[0]) {
      const compiled = compileStatement(kysely, build as (db: Kysely<Database>) => { compile(): CompiledQuery });
      statements += 1;
      const name = `hot-${statements}`;
      return async (values) => {
        const found = await pool.query({ name, text: compiled.sql, values: compiled.bind(values) });
        return found.rows[0] as Row | undefined;
      };
    },
    probe: async () => {
      await pool.query('select 1');
    },
    async [Symbol.asyncDispose]() {
      await signals[Symbol.asyncDispose]();
      await kysely.destroy();
    },
  };
}

function retrying(kysely: Kysely<Database>, signals: Pick<PostgresSignals, 'announce'>): Transact {
  return async (work) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const channels = new Set<string>();
        const result = await kysely.transaction().execute((trx) => work(wrapTransaction(trx, channels)));
        signals.announce(channels);
        return result;
      } catch (error) {
        const code = String((error as { code?: unknown }).code);
        if (attempt === attempts && code === foreignKeyViolation) {
          throw new RegistryError('conflict', 'What this stands on was removed at the same moment.', { cause: error });
        }
        if (attempt === attempts || !again.has(code)) throw error;
        await sleep(Math.random() * 20 * attempt);
      }
    }
  };
}
