import { getWebhookOptions, updateWebhookOptions } from '@entrepot/contract/entrepot/webhook';
import {
  createWebhookPolicyOfProject,
  deleteWebhookPolicyOfProject,
  eventTypes,
  listWebhookPoliciesOfProject,
  updateWebhookPolicyOfProject,
} from '@entrepot/contract/harbor/webhook';
import { MissingError } from '#src/failures/failures';
import { listAll } from '#src/management/list-all';
import { brief, inProject, type Kind, type Work } from '#src/state/kind';
import {
  choice,
  flag,
  list,
  name,
  needed,
  optional,
  type ReadBy,
  record,
  secret,
  set,
  text,
} from '#src/state/read-value';
import { keptSecret, type SecretState } from '#src/state/secret';

const target = record({
  address: needed(text({ pattern: /^https?:\/\/\S+$/, what: 'an address with https:// or http://', most: 2048 })),
  type: optional(choice(['http', 'slack'])),
  format: optional(choice(['Default', 'CloudEvents'])),
  skip_cert_verify: optional(flag),
  auth_header: optional(secret),
});

const read = record({
  name: needed(name),
  description: optional(text()),
  enabled: optional(flag),
  events: needed(set(choice(eventTypes))),
  targets: needed(list(target, 20)),
  repositories: optional(text()),
  tags: optional(text()),
  signing_secret: optional(secret),
});

type ReadTarget = ReadBy<typeof target>;
type Target = Omit<ReadTarget, 'auth_header'> & { readonly auth_header: SecretState | undefined };
type Webhook = Omit<ReadBy<typeof read>, 'targets' | 'signing_secret'> & {
  readonly targets: readonly Target[];
  readonly signing_secret: SecretState | undefined;
};

const valueOf = (work: Work, value: SecretState | undefined) =>
  value === undefined || 'kept' in value ? undefined : work.secretOf(value);

function bodyOf(work: Work, { name: called, description, enabled = true, events, targets }: Webhook) {
  return {
    name: called,
    description,
    enabled,
    event_types: eventTypes.filter((event) => events.includes(event)),
    targets: targets.map(
      ({ address, type = 'http', format = 'Default', skip_cert_verify: skip, auth_header: header }) => ({
        type,
        address,
        skip_cert_verify: skip,
        ...(type === 'http' ? { payload_format: format } : {}),
        auth_header: valueOf(work, header),
      }),
    ),
  };
}

async function setOptions(work: Work, id: number, webhook: Webhook, project: string | undefined): Promise<void> {
  const signing = valueOf(work, webhook.signing_secret);
  const { params, headers } = inProject(project);
  await work.client.call(updateWebhookOptions, {
    params: { ...params, webhook_policy_id: id },
    headers,
    body: {
      repositories: webhook.repositories,
      tags: webhook.tags,
      ...(signing === undefined ? {} : { signing_secret: signing }),
    },
  });
}

const writeTarget = ({ type, format, skip_cert_verify: skip, ...one }: Target) =>
  brief({
    ...one,
    type: type === 'http' ? undefined : type,
    format: format === 'Default' ? undefined : format,
    skip_cert_verify: skip === true ? true : undefined,
  });

/** The webhooks of a project. */
export const webhooks: Kind<Webhook> = {
  noun: 'webhook',
  read,
  write: ({ targets, enabled, ...webhook }) =>
    brief({ ...webhook, enabled: enabled === false ? false : undefined, targets: targets.map(writeTarget) }),
  keyOf: (webhook) => webhook.name,
  async list(client, project) {
    const { params, headers } = inProject(project);
    const found = await Array.fromAsync(listAll(client, listWebhookPoliciesOfProject, { params, headers }));
    const withOptions = found.map(async (policy) => {
      const id = policy.id ?? 0;
      const { body: options } = await client.call(getWebhookOptions, {
        params: { ...params, webhook_policy_id: id },
        headers,
      });
      return {
        id,
        entry: {
          name: policy.name ?? '',
          description: policy.description ?? '',
          enabled: policy.enabled,
          events: policy.event_types?.toSorted() ?? [],
          targets: (policy.targets ?? []).map((one) => ({
            address: one.address ?? '',
            type: one.type === 'slack' ? ('slack' as const) : ('http' as const),
            format: one.payload_format === 'CloudEvents' ? ('CloudEvents' as const) : ('Default' as const),
            skip_cert_verify: one.skip_cert_verify ?? false,
            auth_header: one.auth_header ? keptSecret : undefined,
          })),
          repositories: options.repositories,
          tags: options.tags,
          signing_secret: options.signed ? keptSecret : undefined,
        } as Webhook,
      };
    });
    return Promise.all(withOptions);
  },
  async create(work, webhook, project) {
    const where = inProject(project);
    await work.client.call(createWebhookPolicyOfProject, { ...where, body: bodyOf(work, webhook) });
    const made = listAll(work.client, listWebhookPoliciesOfProject, where);
    for await (const policy of made) {
      if (policy.name === webhook.name) {
        return setOptions(work, policy.id ?? 0, webhook, project);
      }
    }
    throw new MissingError(`the webhook ${webhook.name} was made and is gone`);
  },
  async change(work, webhook, { id }, project) {
    const { params, headers } = inProject(project);
    await work.client.call(updateWebhookPolicyOfProject, {
      params: { ...params, webhook_policy_id: id },
      headers,
      body: bodyOf(work, webhook),
    });
    await setOptions(work, id, webhook, project);
  },
  async remove({ client }, { id }, project) {
    const { params, headers } = inProject(project);
    await client.call(deleteWebhookPolicyOfProject, { params: { ...params, webhook_policy_id: id }, headers });
  },
};
