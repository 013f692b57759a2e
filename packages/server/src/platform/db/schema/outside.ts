import type { Generated } from 'kysely';

export interface WebhookPolicyTable {
  id: Generated<number>;
  project_id: number;
  name: string;
  description: string;
  creator: string;
  enabled: number;
  /** JSON: names. */
  event_types: string;
  /** A pattern of repository names within the project; empty for all. */
  repositories: Generated<string>;
  /** A pattern of tags; empty for all. */
  tags: Generated<string>;
  /** Sealed. */
  signing_secret: string | null;
  created_at: number;
  updated_at: number;
}

export interface WebhookTargetTable {
  id: Generated<number>;
  policy_id: number;
  type: string;
  address: string;
  /** Sealed. */
  auth_header: string | null;
  skip_cert_verify: number;
  payload_format: string;
}

export interface RemoteRegistryTable {
  id: Generated<number>;
  name: string;
  url: string;
  type: string;
  credential_type: string;
  access_key: string;
  /** Sealed. */
  access_secret: string | null;
  insecure: number;
  /** PEM; empty for none. */
  ca_certificate: string;
  description: string;
  status: string;
  created_at: number;
  updated_at: number;
}

/** Whom the registry tells and asks outside. */
export interface OutsideTables {
  webhook_policy: WebhookPolicyTable;
  webhook_target: WebhookTargetTable;
  registry: RemoteRegistryTable;
}
