import { isIP } from 'node:net';
import { nameOfAction } from './actions.ts';
import type { AuditRow } from './types.ts';

/** The version of the Elastic Common Schema whose fields are used: https://www.elastic.co/docs/reference/ecs */
const ecsVersion = '8.17.0';

const content: ReadonlySet<string> = new Set(['artifact', 'tag', 'blob', 'repository', 'artifact_label']);
const people: ReadonlySet<string> = new Set([
  'user',
  'user_password',
  'group',
  'member',
  'role',
  'robot',
  'robot_secret',
  'workload_identity',
  'cli_secret',
]);

/** The kinds of events and their types as the schema pairs them (ECS, "Expected event types" of each category). */
function classify(operation: string, resourceType: string): { category: string[]; type: string[] } {
  if (operation === 'login') return { category: ['authentication'], type: ['start'] };
  if (operation === 'logout') return { category: ['authentication'], type: ['end'] };
  if (resourceType === 'session' || resourceType === 'token') {
    return { category: ['authentication'], type: [operation === 'delete' ? 'end' : 'start'] };
  }
  if (content.has(resourceType)) {
    const type = operation === 'pull' ? 'access' : operation === 'delete' ? 'deletion' : 'change';
    return { category: ['package'], type: [type] };
  }
  const type = operation === 'create' ? 'creation' : operation === 'delete' ? 'deletion' : 'change';
  if (people.has(resourceType)) return { category: ['iam'], type: [type] };
  return { category: ['configuration'], type: [operation === 'refuse' || operation === 'omit' ? 'info' : type] };
}

/** `team/app:v1` is an image with a tag; other resources are no images. */
function imageOf(row: AuditRow, resourceType: string) {
  if (!content.has(resourceType)) return {};
  const [, name = row.resource, tag] = /^(.*?)(?::([^:/@]+))?$/s.exec(row.resource) ?? [];
  const image = {
    name,
    ...(tag === undefined ? {} : { tag: [tag] }),
    ...(row.digest === null ? {} : { hash: { all: [row.digest] } }),
  };
  return { container: { image } };
}

/** A row in the Elastic Common Schema. What the schema has no field for stands under `entrepot`. */
export function toEcs(row: AuditRow): object {
  const { operation, resourceType } = nameOfAction(row.action);
  const detail = row.detail === null ? undefined : (JSON.parse(row.detail) as { error?: unknown });
  const isAddress = isIP(row.address) !== 0;
  const known = row.actor !== 'anonymous';
  return {
    '@timestamp': new Date(row.at).toISOString(),
    ecs: { version: ecsVersion },
    message: `${row.actor} ${operation} ${resourceType} ${row.resource}: ${row.outcome}`,
    event: {
      kind: 'event',
      ...classify(operation, resourceType),
      action: `${operation}_${resourceType}`,
      outcome: row.outcome,
      id: String(row.id),
      dataset: 'entrepot.audit',
      module: 'entrepot',
      provider: 'entrepot',
      ...(typeof detail?.error === 'string' ? { reason: detail.error } : {}),
    },
    user: { name: row.actor, ...(row.actorId === null ? {} : { id: String(row.actorId) }) },
    source: { address: row.address, ...(isAddress ? { ip: row.address } : {}) },
    http: { request: { id: row.requestId } },
    ...imageOf(row, resourceType),
    related: {
      ...(known ? { user: [row.actor] } : {}),
      ...(isAddress ? { ip: [row.address] } : {}),
      ...(row.digest === null ? {} : { hash: [row.digest] }),
    },
    entrepot: {
      resource: row.resource,
      resource_type: resourceType,
      operation,
      ...(row.projectId === null ? {} : { project: { id: String(row.projectId) } }),
      ...(detail === undefined ? {} : { detail }),
    },
  };
}
