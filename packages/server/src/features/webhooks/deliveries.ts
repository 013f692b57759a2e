import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { Transaction } from '#kernel/transaction';
import { JobFailed, type JobHandler, type Jobs, type RunningTask } from '#platform/jobs';
import { type GuardedRequest, withConstantCeiling } from '#platform/outbound';
import { formatMessage, signBody, toDefault } from './format.ts';
import type { WebhookStore } from './store.ts';
import type { DeliveryPayload, Message, TargetType, WebhookPolicy } from './types.ts';

/** Harbor's vendor types, by the type of the target. */
const vendorTypes: Readonly<Record<TargetType, string>> = { http: 'WEBHOOK', slack: 'SLACK' };

export const deliveryTypes: readonly string[] = Object.values(vendorTypes);

export function targetTypeOf(vendorType: string): TargetType {
  return vendorType === vendorTypes.slack ? 'slack' : 'http';
}

/** Harbor's figure. */
const timeoutMs = 3000;
/** Once, and three times more: after some seconds, half a minute and a few minutes. */
const maxRuns = 4;
const waitsMs = [5000, 30_000, 180_000];
/** One message a second is what Slack takes. */
const slackPaceMs = 1000;
const keepMs = 7 * 86_400_000;
/** The answer is not looked at. */
const maxBytes = 4096;

/** Puts a message on its way to every target of a policy: an execution for each. Answers with their ids. */
export async function enqueueDeliveries(
  jobs: Pick<Jobs, 'enqueue'>,
  tx: Transaction,
  policy: Pick<WebhookPolicy, 'id' | 'projectId' | 'targets'>,
  message: Message,
  how: { readonly trigger: 'EVENT' | 'MANUAL'; readonly note?: Readonly<Record<string, unknown>> } = {
    trigger: 'EVENT',
  },
): Promise<number[]> {
  const ids: number[] = [];
  for (const target of policy.targets) {
    const payload: DeliveryPayload = { policyId: policy.id, targetId: target.id, message };
    const { executionId } = await jobs.enqueue(tx, {
      vendorType: vendorTypes[target.type],
      vendorId: policy.id,
      projectId: policy.projectId,
      trigger: how.trigger,
      extraAttrs: { event_type: message.type, payload: JSON.stringify(toDefault(message)), ...how.note },
      tasks: [{ payload }],
    });
    ids.push(executionId);
  }
  return ids;
}

export interface DeliveriesDeps {
  readonly store: Pick<WebhookStore, 'findSending'>;
  readonly request: GuardedRequest;
  readonly clock: Clock;
}

/** What sends: the work behind executions of webhooks. */
export function createDeliveryHandlers({ store, request, clock }: DeliveriesDeps): JobHandler[] {
  async function deliver(task: RunningTask): Promise<void> {
    const { policyId, targetId, message } = task.payload as DeliveryPayload;
    const sending = await store.findSending(policyId, targetId);
    if (sending === undefined) throw new JobFailed('The webhook, or this target of it, is gone.');
    const { target, authHeader, signingSecret } = sending;
    const { contentType, body } = formatMessage(message, sending);
    const { origin, pathname } = new URL(target.address);
    // Not what stands behind the question mark: some receivers want their secret there.
    task.log(`Run ${task.runCount}: POST ${origin}${pathname} with ${message.type}, ${Buffer.byteLength(body)} bytes.`);
    if (target.skipCertVerify) task.log('The certificate of the target is not verified.');
    const asked = {
      url: target.address,
      field: 'address',
      method: 'POST',
      headers: {
        'content-type': contentType,
        'x-entrepot-event': message.type,
        'x-entrepot-delivery': String(task.id),
        ...(signingSecret === undefined ? {} : { 'x-entrepot-signature': signBody(signingSecret, body, clock()) }),
      },
      ...(authHeader === undefined ? {} : { authorization: { origin, value: authHeader } }),
      body,
      maxBytes,
      insecure: target.skipCertVerify,
    };
    // Whoever may read the times of a delivery learns no more of a network than its answer says.
    const answer = await withConstantCeiling(timeoutMs, (late) =>
      request({ ...asked, signal: AbortSignal.any([late, task.signal]) }),
    );
    task.log(`Answered with ${answer.status}.`);
    if (answer.status >= 200 && answer.status < 300) return;
    const said = `The target answered with ${answer.status}.`;
    // Gone for good, as its owner says (RFC 9110, 15.5.11).
    if (answer.status === 410) throw new JobFailed(said);
    throw new RegistryError('target-unreachable', said);
  }

  const shared = { maxRuns, keepMs, backoffMs: (run: number) => waitsMs[run - 1] ?? 180_000 };
  return [
    { type: vendorTypes.http, concurrency: 8, ...shared, run: deliver },
    {
      type: vendorTypes.slack,
      concurrency: 1,
      ...shared,
      async run(task) {
        await deliver(task);
        await pause(slackPaceMs, task.signal);
      },
    },
  ];
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
