import {
  exportAudit,
  exportProjectAudit,
  listAudit,
  listProjectAudit,
  verifyAudit,
} from '@entrepot/contract/entrepot/audit';
import { listAuditLogEventTypes, listAuditLogExts, listAuditLogs } from '@entrepot/contract/harbor/auditlog';
import { getLogExts, getLogs } from '@entrepot/contract/harbor/project';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import { readListQuery } from '#kernel/list-query';
import { listReply, type ManagedReply, type ManagedRoute, serve } from '#platform/http/management';
import type { AuditChain, Verification } from '#tenancy/audit/chain';
import { eventTypes, nameOfAction } from './actions.ts';
import { exportRows } from './export.ts';
import type { AuditReads } from './read-model.ts';
import type { FindAuditScope } from './scope.ts';
import type { AuditRow, AuditScope } from './types.ts';

export interface AuditRoutesDeps {
  readonly reads: AuditReads;
  readonly chain: Pick<AuditChain, 'verify'>;
  readonly findScope: FindAuditScope;
  readonly clock: Clock;
}

type GivenList = Parameters<typeof readListQuery>[0];

export function auditRoutes({ reads, chain, findScope, clock }: AuditRoutesDeps): ManagedRoute[] {
  /** Verifications under way, by what they expect: one reads for all who ask meanwhile. */
  const verifying = new Map<string, Promise<Verification>>();

  async function list(scope: AuditScope, given: GivenList, url: string, show: (row: AuditRow) => object) {
    const query = readListQuery(given);
    const { rows, total } = await reads.list(scope, query);
    return listReply(rows.map(show), total, query, url);
  }

  const ofProject = ({ id }: { readonly id: number }): AuditScope => ({ kind: 'projects', projectIds: [id] });

  function stream(
    {
      format = 'ecs',
      from,
      to,
    }: { format?: 'ecs' | 'csv' | undefined; from?: string | undefined; to?: string | undefined },
    projectId: number | undefined,
  ): ManagedReply {
    const now = clock();
    const range = {
      from: from === undefined ? 0 : Date.parse(from),
      to: to === undefined ? now + 1 : Date.parse(to),
      projectId,
    };
    if (range.from > range.to) throw new RegistryError('query-invalid', 'query.from: is later than query.to.');
    const [type, ending] = format === 'csv' ? ['text/csv; charset=utf-8', 'csv'] : ['application/x-ndjson', 'ndjson'];
    const day = new Date(now).toISOString().slice(0, 10);
    return {
      status: 200,
      headers: {
        'Content-Type': type,
        'Content-Disposition': `attachment; filename="audit-${day}.${ending}"`,
      },
      body: exportRows(reads, format, range),
    };
  }

  async function verify(expect: string | undefined): Promise<Verification> {
    const key = expect ?? '';
    const running = verifying.get(key) ?? chain.verify({ expect }).finally(() => verifying.delete(key));
    verifying.set(key, running);
    return running;
  }

  return [
    serve(listAuditLogs, async ({ asker, query, url }) => list(await findScope(asker.actor), query, url, toLog)),
    serve(listAuditLogExts, async ({ asker, query, url }) => list(await findScope(asker.actor), query, url, toLogExt)),
    serve(listAuditLogEventTypes, async () => ({
      status: 200,
      body: eventTypes.map((event_type) => ({ event_type })),
    })),
    serve(getLogs, ({ project, query, url }) => list(ofProject(project), query, url, toLog)),
    serve(getLogExts, ({ project, query, url }) => list(ofProject(project), query, url, toLogExt)),
    serve(listAudit, async ({ asker, query, url }) => list(await findScope(asker.actor), query, url, toRow)),
    serve(listProjectAudit, ({ project, query, url }) => list(ofProject(project), query, url, toRow)),
    serve(exportAudit, async ({ query }) => stream(query, undefined)),
    serve(exportProjectAudit, async ({ project, query }) => stream(query, project.id)),
    serve(verifyAudit, async ({ query }) => ({ status: 200, body: toVerdict(await verify(query.expect)) })),
  ];
}

function toVerdict({ purges, ...verdict }: Verification) {
  return {
    ...verdict,
    purges: purges.map(({ at, actor, cutoff, actions, lastId, head, removed, finished }) => ({
      at: new Date(at).toISOString(),
      actor,
      before: new Date(cutoff).toISOString(),
      actions: [...actions],
      upTo: lastId,
      head,
      removed,
      finished,
    })),
  };
}

function toLog(row: AuditRow) {
  const { operation, resourceType } = nameOfAction(row.action);
  return {
    id: row.id,
    username: row.actor,
    resource: row.resource,
    resource_type: resourceType,
    operation,
    op_time: new Date(row.at).toISOString(),
  };
}

function toLogExt(row: AuditRow) {
  const log = toLog(row);
  return {
    ...log,
    operation_description: `${log.operation} ${log.resource_type}: ${row.resource}`,
    operation_result: row.outcome === 'success',
  };
}

function toRow(row: AuditRow) {
  const { operation, resourceType } = nameOfAction(row.action);
  return {
    id: row.id,
    time: new Date(row.at).toISOString(),
    username: row.actor,
    user_id: row.actorId,
    address: row.address,
    request_id: row.requestId,
    operation,
    resource_type: resourceType,
    resource: row.resource,
    project_id: row.projectId,
    digest: row.digest,
    success: row.outcome === 'success',
    detail: row.detail === null ? null : (JSON.parse(row.detail) as Record<string, unknown>),
  };
}
