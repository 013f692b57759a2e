import { nameOfAction } from './actions.ts';
import type { AuditRow } from './types.ts';

/**
 * What a spreadsheet takes for a formula: these signs at the start of a cell or of a line in it, in their wide forms as
 * well, and white space that it skips before them.
 * @see https://owasp.org/www-community/attacks/CSV_Injection
 */
const formula = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]|(?<=[\r\n])[=+\-@\t\uff1d\uff0b\uff0d\uff20]/g;

/** One cell in quotes (RFC 4180 §2), with an apostrophe before whatever would be calculated. */
export function csvCell(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  return `"${value.replaceAll(formula, "'$&").replaceAll('"', '""')}"`;
}

const head = [
  'id',
  'time',
  'actor',
  'actor_id',
  'address',
  'request_id',
  'operation',
  'resource_type',
  'resource',
  'project_id',
  'digest',
  'outcome',
  'detail',
];

export const csvHead = `${head.join(',')}\r\n`;

/** A row as a line of CSV, in the order of `csvHead`. */
export function csvLine(row: AuditRow): string {
  const { operation, resourceType } = nameOfAction(row.action);
  const cells = [
    row.id,
    new Date(row.at).toISOString(),
    row.actor,
    row.actorId,
    row.address,
    row.requestId,
    operation,
    resourceType,
    row.resource,
    row.projectId,
    row.digest,
    row.outcome,
    row.detail,
  ];
  return `${cells.map(csvCell).join(',')}\r\n`;
}
