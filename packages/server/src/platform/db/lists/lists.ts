import { type RawBuilder, sql } from 'kysely';
import type { Db } from '#platform/db';

type On = Pick<Db, 'kind'>;

/**
 * Lists inside a statement as one parameter each: the statement is the same for every length, so that it is compiled
 * once and not kept once for each length; a list of hundreds, compiled, is hundreds of kilobytes.
 */

/** These numbers, for what follows `in`. */
export function selectIds({ kind }: On, ids: readonly number[]): RawBuilder<number> {
  const json = JSON.stringify(ids);
  return kind === 'sqlite'
    ? sql`(select value from json_each(${json}))`
    : sql`(select value::bigint from jsonb_array_elements_text(${json}::jsonb) as listed (value))`;
}

/** These texts, for what follows `in`. */
export function selectTexts({ kind }: On, texts: readonly string[]): RawBuilder<string> {
  const json = JSON.stringify(texts);
  return kind === 'sqlite'
    ? sql`(select value from json_each(${json}))`
    : sql`(select value from jsonb_array_elements_text(${json}::jsonb) as listed (value))`;
}

/** These rows of numbers, each of so many columns, for what follows `(a, b) in`. */
export function selectRows({ kind }: On, columns: number, rows: readonly (readonly number[])[]): RawBuilder<unknown> {
  const json = JSON.stringify(rows);
  const parts = sql.join(
    Array.from({ length: columns }, (_, at) =>
      kind === 'sqlite' ? sql`value ->> ${sql.lit(at)}` : sql`(value ->> ${sql.lit(at)})::bigint`,
    ),
  );
  return kind === 'sqlite'
    ? sql`(select ${parts} from json_each(${json}))`
    : sql`(select ${parts} from jsonb_array_elements(${json}::jsonb) as listed (value))`;
}

/** SQLite and PostgreSQL both take far more; a statement stays readable in a log. */
const valuesPerStatement = 500;

/** What goes into one statement each, where values are written out in it. */
export function slices<T>(values: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(values.length / valuesPerStatement) }, (_, at) =>
    values.slice(at * valuesPerStatement, (at + 1) * valuesPerStatement),
  );
}
