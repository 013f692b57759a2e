import { RegistryError } from './errors.ts';

/** What one field of a list is asked for, in Harbor's `q` language. */
export type Condition =
  | { readonly kind: 'is'; readonly field: string; readonly value: string }
  | { readonly kind: 'like'; readonly field: string; readonly value: string }
  | {
      readonly kind: 'between';
      readonly field: string;
      readonly from: string | undefined;
      readonly to: string | undefined;
    }
  | { readonly kind: 'any'; readonly field: string; readonly values: readonly string[] }
  | { readonly kind: 'all'; readonly field: string; readonly values: readonly string[] };

export interface SortKey {
  readonly field: string;
  readonly descending: boolean;
}

/** What a list was asked for: conditions that all hold, an order, and a page of it. */
export interface ListQuery {
  readonly conditions: readonly Condition[];
  readonly sort: readonly SortKey[];
  /** Counts from one. */
  readonly page: number;
  readonly pageSize: number;
}

const defaultPageSize = 10;

/** What a list gives at once to a client that asks for everything. */
const wholePage = 1000;

const mostConditions = 20;
const mostValues = 100;
const mostSortKeys = 5;

/**
 * Reads Harbor's list parameters: `q` as `k=v` (exact), `k=~v` (part of it), `k=[from~to]`, `k={a b}` (one of),
 * `k=(a b)` (all of), with commas between; a backslash at the start of a value takes it as it is. `sort` as `a,-b`.
 * Fails with `query-invalid`. Which fields there are is for the store to say.
 */
export function readListQuery(given: {
  readonly q?: string | undefined;
  readonly sort?: string | undefined;
  readonly page?: number | undefined;
  readonly page_size?: number | undefined;
}): ListQuery {
  const size = given.page_size ?? defaultPageSize;
  return {
    conditions: parseConditions(decodeOnce(given.q ?? '')),
    sort: parseSort(given.sort ?? ''),
    page: Math.max(1, given.page ?? 1),
    pageSize: size <= 0 ? wholePage : size,
  };
}

/** Some clients of Harbor encode `q` twice; a condition has an equals sign, so one without is still encoded. */
function decodeOnce(text: string): string {
  if (text.includes('=') || !/%3d/i.test(text)) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

function parseConditions(text: string): Condition[] {
  if (text.trim() === '') return [];
  const parts = splitConditions(text);
  if (parts.length > mostConditions) throw invalid(`at most ${mostConditions} conditions are taken`);
  const conditions = parts.map(parseCondition);
  const fields = new Set(conditions.map(({ field }) => field));
  if (fields.size < conditions.length) throw invalid('a field is named twice');
  return conditions;
}

/** At commas that stand in no bracket. */
function splitConditions(text: string): string[] {
  const parts: string[] = [];
  let from = 0;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const sign = text[at] as string;
    if ('[{('.includes(sign) && text[at - 1] === '=') depth++;
    else if (']})'.includes(sign) && depth > 0) depth--;
    else if (sign === ',' && depth === 0) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  return [...parts, text.slice(from)];
}

function parseCondition(text: string): Condition {
  const mark = text.indexOf('=');
  const field = text.slice(0, mark).trim();
  const value = text.slice(mark + 1).trim();
  if (mark < 1 || !isFieldName(field) || value === '') throw invalid(`${JSON.stringify(text)} is no condition`);
  if (value.startsWith('\\')) return { kind: 'is', field, value: value.slice(1) };
  if (value.startsWith('~')) return { kind: 'like', field, value: value.slice(1) };
  const body = value.slice(1, -1);
  if (value.startsWith('[') && value.endsWith(']')) return parseBetween(field, body);
  if (value.startsWith('{') && value.endsWith('}')) return { kind: 'any', field, values: parseValues(body) };
  if (value.startsWith('(') && value.endsWith(')')) return { kind: 'all', field, values: parseValues(body) };
  return { kind: 'is', field, value };
}

function parseBetween(field: string, body: string): Condition {
  const ends = body.split('~');
  if (ends.length !== 2) throw invalid(`${field} takes [from~to]`);
  const [from, to] = ends.map((end) => end.trim() || undefined);
  return { kind: 'between', field, from, to };
}

function parseValues(body: string): string[] {
  const values = [...body.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    (found) => found[1] ?? found[2] ?? found[3] ?? '',
  );
  if (values.length === 0 || values.length > mostValues) throw invalid(`a list has one to ${mostValues} values`);
  return values;
}

function parseSort(text: string): SortKey[] {
  const keys = text
    .split(',')
    .map((key) => key.trim())
    .filter((key) => key !== '')
    .map((key) => ({ field: key.replace(/^[-+]/, ''), descending: key.startsWith('-') }));
  if (keys.length > mostSortKeys) throw invalid(`at most ${mostSortKeys} sort keys are taken`, 'sort');
  for (const { field } of keys) if (!isFieldName(field)) throw invalid(`${JSON.stringify(field)} is no field`, 'sort');
  return keys;
}

/** Harbor spells some fields with dots. */
const isFieldName = (text: string) => /^[a-z][a-z0-9_.]{0,63}$/i.test(text);

function invalid(what: string, where = 'q'): RegistryError {
  return new RegistryError('query-invalid', `query.${where}: ${what}.`);
}
