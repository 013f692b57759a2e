import type { DomainEvent } from '#kernel/events';
import { eventTypeOf } from './event-types.ts';
import type { Message } from './types.ts';

/** What an event does not say itself. */
export interface MessageFacts {
  /** `hub.example.com`, under which images are pulled. */
  readonly host: string;
  readonly isPublic: boolean;
  /** None when the repository is gone. */
  readonly repositoryCreatedAt: number | undefined;
}

/** An event as Harbor's payloads tell it; undefined where no webhook tells of it. */
export function toMessage(event: DomainEvent, facts: MessageFacts): Message | undefined {
  const type = eventTypeOf(event);
  if (type === undefined) return undefined;
  return {
    eventId: event.id,
    type,
    occurredAt: event.at,
    operator: event.operator,
    requestId: event.requestId,
    data: dataOf(event, facts),
  };
}

/** The tags that an event is about; undefined where it is about none. */
export function tagsOf(event: DomainEvent): readonly string[] | undefined {
  if ('tags' in event) return event.tags;
  if ('tag' in event) return event.tag === undefined ? [] : [event.tag];
  return event.kind === 'artifact-pulled' ? [] : undefined;
}

function dataOf(event: DomainEvent, facts: MessageFacts): Readonly<Record<string, unknown>> {
  switch (event.kind) {
    case 'artifact-pushed':
    case 'artifact-pulled':
    case 'artifact-deleted':
    case 'tag-created':
    case 'tag-deleted':
      return { ...resourcesOf(event, facts), ...repositoryOf(event.repository, event.projectName, facts) };
    case 'scan-ended': {
      const field = event.scanType === 'sbom' ? 'sbom_overview' : 'scan_overview';
      const more = event.overview === undefined ? {} : { [field]: event.overview };
      return {
        ...resourcesOf(event, facts, more),
        ...repositoryOf(event.repository, event.projectName, facts),
        scan: { scan_type: event.scanType },
      };
    }
    case 'repository-deleted':
      return repositoryOf(event.repository, event.projectName, facts);
    case 'quota-exceeded':
    case 'quota-warning':
      return {
        ...(event.repository === undefined ? {} : repositoryOf(event.repository, event.projectName, facts)),
        custom_attributes: { Details: event.message },
      };
    case 'replication-ended':
      return { replication: event.particulars };
    case 'retention-ended':
      return { retention: event.particulars };
    case 'project-created':
    case 'project-deleted':
      return {};
    default:
      return event satisfies never;
  }
}

function repositoryOf(repository: string, projectName: string, facts: MessageFacts) {
  const created = facts.repositoryCreatedAt;
  return {
    repository: {
      ...(created === undefined ? {} : { date_created: seconds(created) }),
      name: repository.slice(repository.indexOf('/') + 1),
      namespace: projectName,
      repo_full_name: repository,
      repo_type: facts.isPublic ? 'public' : 'private',
    },
  };
}

/** One for each tag; an artifact without one is named by its digest, as Harbor does it. */
function resourcesOf(
  event: Extract<DomainEvent, { digest: string }>,
  { host }: MessageFacts,
  more: Readonly<Record<string, unknown>> = {},
) {
  const { repository, digest } = event;
  const tags = tagsOf(event) ?? [];
  const resource = (tag: string, separator: string) => ({
    digest,
    tag,
    resource_url: `${host}/${repository}${separator}${tag}`,
    ...more,
  });
  return { resources: tags.length === 0 ? [resource(digest, '@')] : tags.map((tag) => resource(tag, ':')) };
}

export const seconds = (ms: number): number => Math.floor(ms / 1000);
