export type TargetType = 'http' | 'slack';
export type PayloadFormat = 'Default' | 'CloudEvents';

/** Where a webhook sends to. */
export interface WebhookTarget {
  readonly id: number;
  readonly type: TargetType;
  readonly address: string;
  /** Whether an Authorization header is kept for it; never what it is. */
  readonly hasAuthHeader: boolean;
  readonly skipCertVerify: boolean;
  readonly payloadFormat: PayloadFormat;
}

/** What a project wants to be told, and where. */
export interface WebhookPolicy {
  readonly id: number;
  readonly projectId: number;
  readonly name: string;
  readonly description: string;
  readonly creator: string;
  readonly enabled: boolean;
  readonly eventTypes: readonly string[];
  readonly targets: readonly WebhookTarget[];
  /** A pattern of repository names behind the project's; empty for all. */
  readonly repositories: string;
  /** A pattern of tags; empty for all. */
  readonly tags: string;
  readonly isSigned: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface NewTarget {
  readonly type: TargetType;
  readonly address: string;
  /** Absent to keep what the target of this type and address has; empty for none. */
  readonly authHeader: string | undefined;
  readonly skipCertVerify: boolean;
  readonly payloadFormat: PayloadFormat;
}

export interface NewPolicy {
  readonly name: string;
  readonly description: string;
  readonly enabled: boolean;
  readonly eventTypes: readonly string[];
  readonly targets: readonly NewTarget[];
}

export interface PolicyOptions {
  readonly repositories?: string | undefined;
  readonly tags?: string | undefined;
  /** null for none. */
  readonly signingSecret?: string | null | undefined;
}

/** What one delivery carries, beside what its policy knows. */
export interface DeliveryPayload {
  readonly policyId: number;
  readonly targetId: number;
  readonly message: Message;
}

/** An event in Harbor's words, before it is put into a format. */
export interface Message {
  readonly eventId: string;
  readonly type: string;
  /** Milliseconds since the Unix epoch. */
  readonly occurredAt: number;
  readonly operator: string;
  readonly requestId: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What is needed to send, secrets included. */
export interface Sending {
  readonly projectId: number;
  readonly policyId: number;
  readonly target: WebhookTarget;
  readonly authHeader: string | undefined;
  readonly signingSecret: string | undefined;
}
