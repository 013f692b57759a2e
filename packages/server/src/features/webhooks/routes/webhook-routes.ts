import {
  getWebhookOptions,
  redeliverWebhook,
  testWebhookPolicy,
  updateWebhookOptions,
} from '@entrepot/contract/entrepot/webhook';
import {
  createWebhookPolicyOfProject,
  deleteWebhookPolicyOfProject,
  getLogsOfWebhookTask,
  getSupportedEventTypes,
  getWebhookPolicyOfProject,
  lastTrigger,
  listExecutionsOfWebhookPolicy,
  listTasksOfWebhookExecution,
  listWebhookPoliciesOfProject,
  updateWebhookPolicyOfProject,
} from '@entrepot/contract/harbor/webhook';
import { listWebhookJobs } from '@entrepot/contract/harbor/webhook-job';
import { RegistryError } from '#kernel/errors';
import { readListQuery } from '#kernel/list-query';
import type { Execution, Jobs } from '#platform/jobs';
import { listReply, type ManagedRoute, serve } from '#platform/http/management';
import { eventTypeNames, type WebhookPolicy, type Webhooks } from '#features/webhooks';
import { readPolicy, showExecution, showPolicy, showTask, showWebhookJob } from './show.ts';

export interface WebhookRoutesDeps {
  readonly webhooks: Webhooks;
  readonly jobs: Pick<Jobs, 'countTasks'>;
}

/** So many of the newest deliveries of a policy are looked through for when each event was last told. */
const lookedThrough = 100;

export function webhookRoutes({ webhooks, jobs }: WebhookRoutesDeps): ManagedRoute[] {
  const showOptions = ({ repositories, tags, isSigned }: WebhookPolicy) => ({ repositories, tags, signed: isSigned });

  return [
    serve(listWebhookPoliciesOfProject, async ({ project, query, url }) => {
      const list = readListQuery(query);
      const { entries, total } = await webhooks.list(project, list);
      return listReply(entries.map(showPolicy), total, list, url);
    }),
    serve(createWebhookPolicyOfProject, async ({ asker, project, body }) => {
      assertSlackFormat(body.targets);
      const id = await webhooks.create(asker, project, readPolicy(body));
      return { status: 201, headers: { Location: `/api/v2.0/projects/${project.id}/webhook/policies/${id}` } };
    }),
    serve(getWebhookPolicyOfProject, async ({ project, params }) => ({
      status: 200,
      body: showPolicy(await webhooks.get(project, params.webhook_policy_id)),
    })),
    serve(updateWebhookPolicyOfProject, async ({ asker, project, params, body }) => {
      assertSlackFormat(body.targets);
      await webhooks.update(asker, project, params.webhook_policy_id, readPolicy(body));
      return { status: 200 };
    }),
    serve(deleteWebhookPolicyOfProject, async ({ asker, project, params }) => {
      await webhooks.delete(asker, project, params.webhook_policy_id);
      return { status: 200 };
    }),
    serve(listExecutionsOfWebhookPolicy, async ({ project, params, query, url }) => {
      const list = readListQuery(query);
      const { entries, total } = await webhooks.listExecutions(project, params.webhook_policy_id, list);
      const counts = await jobs.countTasks(entries.map(({ id }) => id));
      return listReply(
        entries.map((execution) => showExecution(execution, counts.get(execution.id))),
        total,
        list,
        url,
      );
    }),
    serve(listTasksOfWebhookExecution, async ({ project, params, query, url }) => {
      const list = readListQuery(query);
      const { webhook_policy_id: policyId, execution_id: executionId } = params;
      const { entries, total } = await webhooks.listTasks(project, policyId, executionId, list);
      return listReply(entries.map(showTask), total, list, url);
    }),
    serve(getLogsOfWebhookTask, async ({ project, params }) => ({
      status: 200,
      body: await webhooks.readLog(project, params.webhook_policy_id, params.execution_id, params.task_id),
    })),
    serve(lastTrigger, async ({ project }) => {
      const policies = await webhooks.listAll(project);
      const page = readListQuery({ page_size: lookedThrough });
      const last = await Promise.all(
        policies.map(async (policy) => {
          const { entries } = await webhooks.listExecutions(project, policy.id, page);
          return policy.eventTypes.map((type) => showLastTrigger(policy, type, entries));
        }),
      );
      return { status: 200, body: last.flat() };
    }),
    serve(getSupportedEventTypes, async () => ({
      status: 200,
      body: {
        event_type: eventTypeNames,
        notify_type: ['http', 'slack'],
        payload_formats: [{ notify_type: 'http', formats: ['Default', 'CloudEvents'] }],
      },
    })),
    serve(listWebhookJobs, async ({ project, query, url }) => {
      const asked = readListQuery(query);
      const status = query.status ?? [];
      const conditions =
        status.length === 0
          ? asked.conditions
          : [...asked.conditions, { kind: 'any', field: 'status', values: status } as const];
      const list = { ...asked, conditions };
      const { entries, total } = await webhooks.listExecutions(project, query.policy_id, list);
      return listReply(entries.map(showWebhookJob), total, list, url);
    }),
    serve(getWebhookOptions, async ({ project, params }) => ({
      status: 200,
      body: showOptions(await webhooks.get(project, params.webhook_policy_id)),
    })),
    serve(updateWebhookOptions, async ({ asker, project, params, body }) => {
      const { repositories, tags, signing_secret: signingSecret } = body;
      const options = { repositories, tags, signingSecret };
      return {
        status: 200,
        body: showOptions(await webhooks.setOptions(asker, project, params.webhook_policy_id, options)),
      };
    }),
    serve(testWebhookPolicy, async ({ asker, project, params, body }) => {
      // Where the record lets the body be left out, there may be none.
      const { event_type: eventType } = (body as typeof body | undefined) ?? {};
      const ids = await webhooks.test(asker, project, params.webhook_policy_id, eventType);
      return { status: 202, body: { execution_ids: ids } };
    }),
    serve(redeliverWebhook, async ({ asker, project, params }) => ({
      status: 202,
      body: { execution_ids: await webhooks.redeliver(asker, project, params.delivery_id) },
    })),
  ];
}

/** Slack has one format; Harbor refuses a choice, too. */
function assertSlackFormat(
  targets: readonly { readonly type: string; readonly payload_format?: string | null | undefined }[],
): void {
  const at = targets.findIndex(({ type, payload_format: format }) => type === 'slack' && (format ?? '') !== '');
  if (at < 0) return;
  throw new RegistryError('body-invalid', `body.targets.${at}.payload_format: a target of type slack takes none.`);
}

function showLastTrigger(policy: WebhookPolicy, type: string, executions: readonly Execution[]) {
  const last = executions.find(({ extraAttrs }) => extraAttrs['event_type'] === type);
  return {
    policy_name: policy.name,
    event_type: type,
    enabled: policy.enabled,
    creation_time: new Date(policy.createdAt).toISOString(),
    ...(last !== undefined && { last_trigger_time: new Date(last.createdAt).toISOString() }),
  };
}
