import { hash } from 'node:crypto';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { SqliteDatabase } from 'kysely';

/** Statements kept compiled per connection; the registry has far fewer different ones. */
const keptStatements = 500;
/** A longer one is one of many for lists of any length, and large when compiled. */
const longestKept = 8000;

/** One SQLite connection with its compiled statements, in the shape Kysely's dialect drives. */
export interface SqliteConnection extends SqliteDatabase {
  readonly raw: DatabaseSync;
  statement(text: string): StatementSync;
}

/** Opens a connection. `busyMs` is how long a statement waits for another process's write. */
export function openSqlite(
  path: string,
  options: { readonly readOnly: boolean; readonly busyMs: number },
): SqliteConnection {
  const raw = new DatabaseSync(path, {
    readOnly: options.readOnly,
    timeout: options.busyMs,
    enableForeignKeyConstraints: true,
  });
  // PostgreSQL has its own.
  raw.function('sha256_hex', { deterministic: true }, (text) => hash('sha256', String(text)));
  const statements = new Map<string, StatementSync>();

  function statement(text: string): StatementSync {
    const known = statements.get(text);
    if (known !== undefined) return known;
    const made = raw.prepare(text);
    if (text.length > longestKept) return made;
    if (statements.size >= keptStatements) statements.delete(statements.keys().next().value ?? '');
    statements.set(text, made);
    return made;
  }

  return {
    raw,
    statement,
    close: () => raw.close(),
    prepare(text) {
      const prepared = statement(text);
      const values = (parameters: readonly unknown[]) => parameters as readonly SQLInputValue[];
      return {
        reader: prepared.columns().length > 0,
        all: (parameters) => prepared.all(...values(parameters)),
        run: (parameters) => prepared.run(...values(parameters)),
        iterate: (parameters) => prepared.iterate(...values(parameters)) as IterableIterator<unknown>,
      };
    },
  };
}
