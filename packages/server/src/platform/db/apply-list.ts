import { type ReferenceExpression, type SelectQueryBuilder, sql } from 'kysely';
import { RegistryError } from '#kernel/errors';
import type { Condition, ListQuery } from '#kernel/list-query';
import type { Database } from './schema/database.ts';

/** What a column of a list holds: how text from a client becomes a value that is compared with it. */
export type ColumnKind = 'text' | 'number' | 'time' | 'flag';

/** The fields a list may be filtered and sorted by, by the name that clients use. What is not here cannot be asked. */
export type ListColumns = Readonly<
  Record<string, { readonly ref: string; readonly kind: ColumnKind; readonly sortOnly?: boolean }>
>;

type Query<T extends keyof Database, O> = SelectQueryBuilder<Database, T, O>;

/** Adds the conditions. Fails with `query-invalid` for a field that is not in the list or a value that is none of its kind. */
export function applyConditions<T extends keyof Database, O>(
  query: Query<T, O>,
  conditions: readonly Condition[],
  columns: ListColumns,
): Query<T, O> {
  return conditions.reduce((filtered, condition) => {
    const column = Object.hasOwn(columns, condition.field) ? columns[condition.field] : undefined;
    if (column === undefined || column.sortOnly === true) throw unknown('q', condition.field, columns);
    const ref = sql.ref(column.ref) as unknown as ReferenceExpression<Database, T>;
    const value = (text: string) => toValue(condition.field, text, column.kind) as never;
    switch (condition.kind) {
      case 'is':
        return filtered.where(ref, '=', value(condition.value));
      case 'like': {
        if (column.kind !== 'text') throw invalid(condition.field, 'a whole value, no part of one');
        const part = `%${escapeLike(toText(condition.field, condition.value).toLowerCase())}%`;
        return filtered.where(sql<boolean>`lower(${sql.ref(column.ref)}) like ${part} escape '!'`);
      }
      case 'any':
        return filtered.where(ref, 'in', condition.values.map(value) as never);
      case 'all':
        // One value per row: a row has all of several different values only when they are one.
        return condition.values.reduce((each, one) => each.where(ref, '=', value(one)), filtered);
      case 'between': {
        const from = condition.from === undefined ? filtered : filtered.where(ref, '>=', value(condition.from));
        return condition.to === undefined ? from : from.where(ref, '<=', value(condition.to));
      }
    }
  }, query);
}

/** Orders and cuts out the page. `tie` is a unique column that makes the order total. */
export function applyPage<T extends keyof Database, O>(
  query: Query<T, O>,
  list: ListQuery,
  columns: ListColumns,
  order: { readonly tie: string; readonly first?: readonly { readonly field: string; readonly descending: boolean }[] },
): Query<T, O> {
  const keys = list.sort.length > 0 ? list.sort : (order.first ?? []);
  const sorted = keys.reduce((ordered, { field, descending }) => {
    const column = Object.hasOwn(columns, field) ? columns[field] : undefined;
    if (column === undefined) throw unknown('sort', field, columns);
    return ordered.orderBy(sql.ref(column.ref), descending ? 'desc' : 'asc');
  }, query);
  // The last key's direction for the tie lets an index serve both.
  const direction = keys.at(-1)?.descending === true ? 'desc' : 'asc';
  return sorted
    .orderBy(sql.ref(order.tie), direction)
    .limit(list.pageSize)
    .offset((list.page - 1) * list.pageSize);
}

/** For `like … escape '!'`: a backslash is taken differently by the two databases. */
export function escapeLike(text: string): string {
  return text.replaceAll(/[!%_]/g, (sign) => `!${sign}`);
}

function toValue(field: string, text: string, kind: ColumnKind): string | number {
  switch (kind) {
    case 'text':
      return toText(field, text);
    case 'number':
      if (!/^-?\d{1,15}$/.test(text)) throw invalid(field, 'a number');
      return Number(text);
    case 'flag':
      if (!/^(?:true|false|0|1)$/.test(text)) throw invalid(field, 'true or false');
      return text === 'true' || text === '1' ? 1 : 0;
    case 'time':
      return toTime(field, text);
  }
}

function toText(field: string, text: string): string {
  if (text.includes('\0')) throw invalid(field, 'no NUL');
  return text;
}

/** Harbor writes times as `2006-01-02T15:04:05`, which are UTC, and portals with a space; seconds since 1970 also come. */
function toTime(field: string, text: string): number {
  if (/^\d{9,10}$/.test(text)) return Number(text) * 1000;
  if (/^\d{12,15}$/.test(text)) return Number(text);
  if (!/^\d{4}-\d{2}-\d{2}/.test(text)) throw invalid(field, 'a time as 2006-01-02T15:04:05');
  const spelt = text.replace(' ', 'T');
  const zoned = /(?:Z|[+-]\d{2}:?\d{2})$/.test(spelt) || !spelt.includes('T') ? spelt : `${spelt}Z`;
  const time = Date.parse(zoned);
  if (Number.isNaN(time)) throw invalid(field, 'a time as 2006-01-02T15:04:05');
  return time;
}

function invalid(field: string, wanted: string): RegistryError {
  return new RegistryError('query-invalid', `query.q: ${field} takes ${wanted}.`);
}

function unknown(where: string, field: string, columns: ListColumns): RegistryError {
  const names = Object.entries(columns)
    .filter(([, column]) => where === 'sort' || column.sortOnly !== true)
    .map(([name]) => name);
  return new RegistryError(
    'query-invalid',
    `query.${where}: there is no field ${field} here; there are ${names.join(', ')}.`,
  );
}
