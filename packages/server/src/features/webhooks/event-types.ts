import type { DomainEvent, EventKind } from '#kernel/events';

/** Names of events, Harbor's ten and ours, with the type that each has as a CloudEvent. */
const eventTypes = {
  PUSH_ARTIFACT: 'harbor.artifact.pushed',
  PULL_ARTIFACT: 'harbor.artifact.pulled',
  DELETE_ARTIFACT: 'harbor.artifact.deleted',
  QUOTA_EXCEED: 'harbor.quota.exceeded',
  QUOTA_WARNING: 'harbor.quota.warned',
  SCANNING_FAILED: 'harbor.scan.failed',
  SCANNING_STOPPED: 'harbor.scan.stopped',
  SCANNING_COMPLETED: 'harbor.scan.completed',
  REPLICATION: 'harbor.replication.status.changed',
  TAG_RETENTION: 'harbor.tag_retention.finished',
  TAG_CREATED: 'entrepot.tag.created',
  TAG_DELETED: 'entrepot.tag.deleted',
  REPOSITORY_DELETED: 'entrepot.repository.deleted',
} as const;

export type EventType = keyof typeof eventTypes;

export const eventTypeNames = Object.keys(eventTypes) as readonly EventType[];

/** What pulls are called; they are only noted where a policy waits for them. */
export const pullType: EventType = 'PULL_ARTIFACT';

export function isEventType(name: string): name is EventType {
  return Object.hasOwn(eventTypes, name);
}

export function cloudEventType(name: string): string {
  return isEventType(name) ? eventTypes[name] : name;
}

/** The events that webhooks can tell of. That a project is gone has no policy left to hear it. */
export const heardKinds: readonly EventKind[] = [
  'artifact-pushed',
  'artifact-pulled',
  'artifact-deleted',
  'tag-created',
  'tag-deleted',
  'repository-deleted',
  'quota-exceeded',
  'quota-warning',
  'scan-ended',
  'replication-ended',
  'retention-ended',
];

export function eventTypeOf(event: DomainEvent): EventType | undefined {
  switch (event.kind) {
    case 'artifact-pushed':
      return 'PUSH_ARTIFACT';
    case 'artifact-pulled':
      return 'PULL_ARTIFACT';
    case 'artifact-deleted':
      return 'DELETE_ARTIFACT';
    case 'tag-created':
      return 'TAG_CREATED';
    case 'tag-deleted':
      return 'TAG_DELETED';
    case 'repository-deleted':
      return 'REPOSITORY_DELETED';
    case 'quota-exceeded':
      return 'QUOTA_EXCEED';
    case 'quota-warning':
      return 'QUOTA_WARNING';
    case 'scan-ended':
      return ({ completed: 'SCANNING_COMPLETED', failed: 'SCANNING_FAILED', stopped: 'SCANNING_STOPPED' } as const)[
        event.outcome
      ];
    case 'replication-ended':
      return 'REPLICATION';
    case 'retention-ended':
      return 'TAG_RETENTION';
    case 'project-created':
    case 'project-deleted':
      return undefined;
    default:
      return event satisfies never;
  }
}
