import {
  createRetention,
  deleteRetention,
  getRetention,
  getRetentionMetadata,
  getRetentionTaskLog,
  listRetentionExecutions,
  listRetentionTasks,
  operateRetentionExecution,
  triggerRetentionExecution,
  updateRetention,
} from '@entrepot/contract/harbor/retention';
import { RegistryError } from '#kernel/errors';
import { readListQuery } from '#kernel/list-query';
import { listReply, type ManagedRoute, serve } from '#platform/http/management';
import { type NewRetentionPolicy, type Retention, type RetentionPolicy, retentionTemplates } from '#features/retention';
import { type GivenRule, readRules, showRule } from './rules.ts';
import { showExecution, showTask } from './show-runs.ts';

/** Harbor's operations. */
export function retentionRoutes({ retention }: { readonly retention: Retention }): ManagedRoute[] {
  return [
    serve(getRetentionMetadata, async () => ({ status: 200, body: metadata })),
    serve(createRetention, async ({ asker, body }) => {
      const ref = body.scope?.ref ?? 0;
      if (ref === 0) throw new RegistryError('body-invalid', 'body.scope.ref: expected the id of a project.');
      const id = await retention.create(asker, ref, readPolicy(body));
      return { status: 201, headers: { Location: `/api/v2.0/retentions/${id}` } };
    }),
    serve(getRetention, async ({ asker, params }) => ({
      status: 200,
      body: showPolicy(await retention.get(asker, params.id, 'tag-retention:read')),
    })),
    serve(updateRetention, async ({ asker, params, body }) => {
      const ref = body.scope?.ref ?? 0;
      await retention.update(asker, params.id, ref === 0 ? undefined : ref, readPolicy(body));
      return { status: 200 };
    }),
    serve(deleteRetention, async ({ asker, params }) => {
      await retention.delete(asker, params.id);
      return { status: 200 };
    }),
    serve(triggerRetentionExecution, async ({ asker, params, body }) => {
      const id = await retention.run(asker, params.id, body.dry_run ?? false);
      return { status: 201, headers: { Location: `/api/v2.0/retentions/${params.id}/executions/${id}` } };
    }),
    serve(listRetentionExecutions, async ({ asker, params, query, url }) => {
      const list = readListQuery(query);
      const { entries, total } = await retention.listExecutions(asker, params.id, list);
      return listReply(entries.map(showExecution), total, list, url);
    }),
    serve(operateRetentionExecution, async ({ asker, params }) => {
      await retention.stop(asker, params.id, params.eid);
      return { status: 200 };
    }),
    serve(listRetentionTasks, async ({ asker, params, query, url }) => {
      const list = readListQuery(query);
      const { entries, total } = await retention.listTasks(asker, params.id, params.eid, list);
      return listReply(entries.map(showTask), total, list, url);
    }),
    serve(getRetentionTaskLog, async ({ asker, params }) => ({
      status: 200,
      body: await retention.readLog(asker, params.id, params.eid, params.tid),
    })),
  ];
}

const units = { count: 'COUNT', days: 'DAYS', text: '' } as const;

const metadata = {
  templates: retentionTemplates.map(({ name, title, takes }) => ({
    rule_template: name,
    display_text: title,
    action: 'retain',
    params: takes === 'none' ? [] : [{ type: takes === 'text' ? 'string' : 'int', unit: units[takes], required: true }],
  })),
  scope_selectors: [{ display_text: 'Repositories', kind: 'doublestar', decorations: ['repoMatches', 'repoExcludes'] }],
  tag_selectors: [{ display_text: 'Tags', kind: 'doublestar', decorations: ['matches', 'excludes'] }],
};

function readPolicy(body: {
  readonly rules?: readonly GivenRule[] | null | undefined;
  readonly trigger?:
    | { readonly settings?: { readonly cron?: string | null | undefined } | null | undefined }
    | null
    | undefined;
}): NewRetentionPolicy {
  return { rules: readRules(body.rules), cron: body.trigger?.settings?.cron ?? '' };
}

function showPolicy({ id, projectId, rules, cron }: RetentionPolicy) {
  return {
    id,
    algorithm: 'or',
    rules: rules.map(showRule),
    trigger: { kind: 'Schedule', settings: { cron }, references: {} },
    scope: { level: 'project', ref: projectId },
  };
}
