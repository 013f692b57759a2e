import type { CompiledQuery, Kysely } from 'kysely';
import type { Eventually } from '#kernel/eventually';
import type { Database } from './schema/database.ts';

/** A statement compiled once. `first` answers with its first row. */
export type PreparedFirst<Row> = (values: Readonly<Record<string, string | number>>) => Eventually<Row | undefined>;

/** Stands for a value in a statement that is compiled before the value is known. */
export type Placeholder = <T extends string | number = string>(name: string) => T;

const marker = '\u0000placeholder:';

export interface CompiledStatement {
  readonly sql: string;
  /** Turns named values into the statement's parameters, in order. */
  bind(values: Readonly<Record<string, string | number>>): (string | number)[];
}

/** Compiles a query written with placeholders into text and the order of its values. */
export function compileStatement(
  db: Kysely<Database>,
  build: (db: Kysely<Database>, value: Placeholder) => { compile(): CompiledQuery },
): CompiledStatement {
  const placeholder = ((name: string) => `${marker}${name}`) as Placeholder;
  const compiled = build(db, placeholder).compile();
  const slots = compiled.parameters.map((parameter) =>
    typeof parameter === 'string' && parameter.startsWith(marker)
      ? { name: parameter.slice(marker.length) }
      : { fixed: parameter as string | number },
  );
  return {
    sql: compiled.sql,
    bind: (values) =>
      slots.map((slot) => {
        if (!('name' in slot)) return slot.fixed;
        const value = values[slot.name];
        if (value === undefined) throw new TypeError(`no value for ${slot.name}`);
        return value;
      }),
  };
}
