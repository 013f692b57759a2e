import { manageVerb } from '#src/management/manage-verb';
import { createWebhookPolicyOfProject, eventTypes } from '@entrepot/contract/harbor/webhook';
import { UsageError } from '#src/failures/failures';
import { byName } from '#src/management/find-one';

export const webhookCreateVerb = manageVerb({
  name: 'webhook create',
  description:
    'Have an address told of what happens in a project: of everything that can happen, unless --event says of what.',
  arguments: {
    PROJECT: { kind: 'one', describes: 'The name of the project.' },
    NAME: { kind: 'one', describes: 'The name of the webhook.' },
    ADDRESS: { kind: 'one', describes: 'Where to post it: http:// or https://.' },
  },
  options: {
    event: { kind: 'list', flags: '--event <type>', describes: 'Such as PUSH_ARTIFACT; several times.' },
    format: {
      kind: 'choice',
      flags: '--format <format>',
      describes: 'How it is written.',
      choices: ['Default', 'CloudEvents'],
      default: 'Default',
    },
    slack: { kind: 'flag', flags: '--slack', describes: 'The address is that of a Slack channel.' },
    insecure: { kind: 'flag', flags: '--skip-cert-verify', describes: 'Do not verify the certificate of the address.' },
    authHeader: { kind: 'text', flags: '--auth-header <value>', describes: 'Sent as Authorization with each message.' },
  },
  examples: [
    {
      does: 'Tell a build server of pushes',
      command: 'entrepot webhook create team ci https://ci.example.com/hook --event PUSH_ARTIFACT',
    },
  ],
  async work(client, { arguments: { PROJECT, NAME, ADDRESS }, options }) {
    const where = { params: { project_name_or_id: PROJECT }, headers: byName };
    const unknown = options.event.find((event) => !eventTypes.some((one) => one === event));
    if (unknown !== undefined) {
      throw new UsageError(`there is no event ${unknown}`, `there are ${eventTypes.join(', ')}.`);
    }
    const events = eventTypes.filter((event) => options.event.length === 0 || options.event.includes(event));
    await client.call(createWebhookPolicyOfProject, {
      ...where,
      body: {
        name: NAME,
        enabled: true,
        event_types: events,
        targets: [
          {
            type: options.slack ? 'slack' : 'http',
            address: ADDRESS,
            skip_cert_verify: options.insecure,
            ...(options.slack ? {} : { payload_format: options.format }),
            ...(options.authHeader === undefined ? {} : { auth_header: options.authHeader }),
          },
        ],
      },
    });
    return { data: { webhook: NAME, created: true }, said: `${ADDRESS} is told of ${events.join(', ')}\n` };
  },
});
