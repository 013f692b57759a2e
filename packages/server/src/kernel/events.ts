/** What every event knows. It is told at least once; who must not act twice remembers the id. */
interface EventBase {
  readonly id: string;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly projectId: number;
  /** As it was called when it happened. */
  readonly projectName: string;
  /** Who did it, by name. */
  readonly operator: string;
  /** The request in which it happened, where there was one. */
  readonly requestId?: string;
}

interface ArtifactEvent extends EventBase {
  /** The whole name, project included. */
  readonly repository: string;
  readonly digest: string;
}

interface TagEvent extends ArtifactEvent {
  readonly tag: string;
}

interface QuotaEvent extends EventBase {
  /** Where the push was that found it; none when no push did. */
  readonly repository?: string;
  /** Bytes. */
  readonly used: number;
  readonly limit: number;
  readonly message: string;
}

/** Something that became true. Written in the transaction that made it so, told after the commit. */
export type DomainEvent =
  | (ArtifactEvent & { readonly kind: 'artifact-pushed'; readonly mediaType: string; readonly tags: readonly string[] })
  | (ArtifactEvent & { readonly kind: 'artifact-pulled'; readonly tag?: string })
  /** With the tags that pointed at it. */
  | (ArtifactEvent & { readonly kind: 'artifact-deleted'; readonly tags: readonly string[] })
  /** A tag that was not there before. */
  | (TagEvent & { readonly kind: 'tag-created' })
  /** A tag that was taken away while its artifact stayed. */
  | (TagEvent & { readonly kind: 'tag-deleted' })
  | (EventBase & { readonly kind: 'repository-deleted'; readonly repository: string })
  | (EventBase & { readonly kind: 'project-created' })
  | (EventBase & { readonly kind: 'project-deleted' })
  | (QuotaEvent & { readonly kind: 'quota-exceeded' })
  | (QuotaEvent & { readonly kind: 'quota-warning' })
  | (ArtifactEvent & {
      readonly kind: 'scan-ended';
      readonly outcome: 'completed' | 'failed' | 'stopped';
      readonly scanType: 'vulnerability' | 'sbom';
      readonly tags: readonly string[];
      /** In the shape of Harbor's scan overview, by report type. */
      readonly overview?: Readonly<Record<string, unknown>>;
    })
  /** `particulars` are in the shape that Harbor's webhooks have. */
  | (EventBase & { readonly kind: 'replication-ended'; readonly particulars: Readonly<Record<string, unknown>> })
  | (EventBase & { readonly kind: 'retention-ended'; readonly particulars: Readonly<Record<string, unknown>> });

export type EventKind = DomainEvent['kind'];

/** An event as it is told: the outbox gives it its id and time. */
export type NewEvent = DomainEvent extends infer E ? (E extends DomainEvent ? Omit<E, 'id' | 'at'> : never) : never;
