import type { Execution, Task, TaskCounts } from '#platform/jobs';
import { keptSecret, type NewPolicy, targetTypeOf, type WebhookPolicy } from '#features/webhooks';

const iso = (ms: number) => new Date(ms).toISOString();

/** A policy with Harbor's fields, without its secrets. */
export function showPolicy(policy: WebhookPolicy) {
  return {
    id: policy.id,
    name: policy.name,
    description: policy.description,
    project_id: policy.projectId,
    targets: policy.targets.map((target) => ({
      type: target.type,
      address: target.address,
      ...(target.hasAuthHeader && { auth_header: keptSecret }),
      skip_cert_verify: target.skipCertVerify,
      ...(target.type === 'http' && { payload_format: target.payloadFormat }),
    })),
    event_types: policy.eventTypes,
    creator: policy.creator,
    creation_time: iso(policy.createdAt),
    update_time: iso(policy.updatedAt),
    enabled: policy.enabled,
  };
}

interface PolicyBody {
  readonly name: string;
  readonly description?: string | null | undefined;
  readonly enabled?: boolean | null | undefined;
  readonly event_types: readonly string[];
  readonly targets: readonly {
    readonly type: 'http' | 'slack';
    readonly address: string;
    readonly auth_header?: string | null | undefined;
    readonly skip_cert_verify?: boolean | null | undefined;
    readonly payload_format?: 'Default' | 'CloudEvents' | '' | null | undefined;
  }[];
}

export function readPolicy(body: PolicyBody): NewPolicy {
  return {
    name: body.name,
    description: body.description ?? '',
    enabled: body.enabled ?? true,
    eventTypes: [...new Set(body.event_types)],
    targets: body.targets.map((target) => ({
      type: target.type,
      address: target.address,
      // Those who write back what they read mean what is kept.
      authHeader: target.auth_header === keptSecret ? undefined : (target.auth_header ?? undefined),
      skipCertVerify: target.skip_cert_verify ?? false,
      payloadFormat: target.payload_format === 'CloudEvents' ? 'CloudEvents' : 'Default',
    })),
  };
}

export function showExecution(execution: Execution, counts: TaskCounts | undefined) {
  const { byStatus = {}, all = 0 } = counts ?? {};
  return {
    id: execution.id,
    vendor_type: execution.vendorType,
    vendor_id: execution.vendorId,
    status: execution.status,
    status_message: execution.statusMessage,
    metrics: {
      task_count: all,
      success_task_count: byStatus.Success ?? 0,
      error_task_count: byStatus.Error ?? 0,
      pending_task_count: byStatus.Pending ?? 0,
      running_task_count: byStatus.Running ?? 0,
      scheduled_task_count: byStatus.Scheduled ?? 0,
      stopped_task_count: byStatus.Stopped ?? 0,
    },
    trigger: execution.trigger,
    extra_attrs: execution.extraAttrs,
    start_time: iso(execution.createdAt),
    ...(execution.endedAt !== undefined && { end_time: iso(execution.endedAt) }),
  };
}

export function showTask(task: Task) {
  return {
    id: task.id,
    execution_id: task.executionId,
    status: task.status,
    status_message: task.statusMessage,
    run_count: task.runCount,
    extra_attrs: task.extraAttrs,
    creation_time: iso(task.createdAt),
    update_time: iso(task.updatedAt),
    ...(task.startedAt !== undefined && { start_time: iso(task.startedAt) }),
    ...(task.endedAt !== undefined && { end_time: iso(task.endedAt) }),
  };
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : '');

/** A delivery in the older shape of Harbor. */
export function showWebhookJob(execution: Execution) {
  return {
    id: execution.id,
    policy_id: execution.vendorId,
    event_type: textOf(execution.extraAttrs['event_type']),
    notify_type: targetTypeOf(execution.vendorType),
    status: execution.status,
    job_detail: textOf(execution.extraAttrs['payload']),
    creation_time: iso(execution.createdAt),
    update_time: iso(execution.updatedAt),
  };
}
