import { createHmac } from 'node:crypto';
import { cloudEventType } from './event-types.ts';
import { seconds } from './message.ts';
import type { Message, Sending } from './types.ts';

export interface FormattedBody {
  readonly contentType: string;
  readonly body: string;
}

/** The message in the format that its target asks for. */
export function formatMessage(message: Message, { target, projectId, policyId }: Sending): FormattedBody {
  if (target.type === 'slack') return { contentType: 'application/json', body: JSON.stringify(toSlack(message)) };
  if (target.payloadFormat === 'CloudEvents') {
    const source = `/projects/${projectId}/webhook/policies/${policyId}`;
    return { contentType: 'application/cloudevents+json', body: JSON.stringify(toCloudEvent(message, source)) };
  }
  return { contentType: 'application/json', body: JSON.stringify(toDefault(message)) };
}

/** Harbor's own format. */
export function toDefault(message: Message): Readonly<Record<string, unknown>> {
  return {
    type: message.type,
    occur_at: seconds(message.occurredAt),
    operator: message.operator,
    event_data: message.data,
  };
}

/** @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md */
function toCloudEvent(message: Message, source: string): Readonly<Record<string, unknown>> {
  return {
    specversion: '1.0',
    id: message.eventId,
    source,
    type: cloudEventType(message.type),
    datacontenttype: 'application/json',
    time: new Date(message.occurredAt).toISOString(),
    data: message.data,
    // Names of extensions are lower-case letters and digits.
    operator: message.operator,
    ...(message.requestId === undefined ? {} : { requestid: message.requestId }),
  };
}

/** Slack refuses sections of more than 3000 characters. */
const longestSection = 2800;

/** @see https://docs.slack.dev/reference/block-kit/blocks/section-block */
function toSlack(message: Message): Readonly<Record<string, unknown>> {
  const data = JSON.stringify(message.data, undefined, 2).replaceAll('```', "'''").slice(0, longestSection);
  const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } });
  return {
    text: `${message.type} by ${escapeSlack(message.operator)}`,
    blocks: [
      section(`*${message.type}* by ${escapeSlack(message.operator)}`),
      section(`\`\`\`${escapeSlack(data)}\`\`\``),
    ],
  };
}

/** @see https://docs.slack.dev/messaging/formatting-message-text#escaping */
function escapeSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** The value of `X-Entrepot-Signature`: the time in seconds, and the HMAC of it and the body, which stops replays. */
export function signBody(secret: string, body: string, at: number): string {
  const time = seconds(at);
  return `t=${time},v1=${createHmac('sha256', secret).update(`${time}.${body}`).digest('hex')}`;
}
