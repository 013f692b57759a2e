import type { DomainEvent } from '#kernel/events';
import { createGlob } from '#kernel/glob';
import { eventTypeOf } from './event-types.ts';
import { tagsOf } from './message.ts';
import type { WebhookPolicy } from './types.ts';

/**
 * Whether a policy wants to be told of an event: it is on, waits for the type, and its patterns fit where the event has
 * a repository or tags. An artifact without tags fits no pattern of tags.
 */
export function isWanted(policy: WebhookPolicy, event: DomainEvent): boolean {
  const type = eventTypeOf(event);
  if (!policy.enabled || type === undefined || !policy.eventTypes.includes(type)) return false;
  if (policy.repositories !== '' && 'repository' in event && event.repository !== undefined) {
    const name = event.repository.slice(event.repository.indexOf('/') + 1);
    if (!createGlob(policy.repositories)(name)) return false;
  }
  const tags = tagsOf(event);
  return policy.tags === '' || tags === undefined || tags.some(createGlob(policy.tags));
}
