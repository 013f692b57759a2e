import type { Generated } from 'kysely';

/** Times are milliseconds since the Unix epoch, flags are 0 or 1, on both databases. */
export interface SessionTable {
  /** Names the session in lists; it opens nothing. */
  id: string;
  /** Of what the browser holds. */
  token_hash: string;
  user_id: number;
  /** The user's when the session began: a session of an older generation is over. */
  generation: number;
  /** Whether the user was an administrator when it began: it is over when that changes. */
  admin: number;
  /** How the user signed in: `local`, `ldap` or `oidc`. */
  source: string;
  address: string;
  user_agent: string;
  created_at: number;
  seen_at: number;
  /** Sealed: the ID token that the provider wants to see at the end of the session. */
  provider_token: string | null;
}

export interface OidcIdentityTable {
  user_id: number;
  issuer: string;
  subject: string;
  /** Sealed. */
  refresh_token: string | null;
  /** Sealed: its owner may look at it. */
  cli_secret: string;
  /** Whether the provider and the groups still let the user in, as last seen. */
  allowed: Generated<number>;
  /** When groups were last heard of from the provider. */
  checked_at: number;
  /** When the user last came in, to a few minutes: who does not come in is not asked about. */
  used_at: number;
  /** Until when one node asks the provider about this user. */
  claimed_until: Generated<number>;
  created_at: number;
  updated_at: number;
}

export interface OidcStepTable {
  token_hash: string;
  kind: string;
  /** Sealed JSON. */
  content: string;
  created_at: number;
}

export interface WorkloadIdentityTable {
  id: Generated<number>;
  /** None where the whole registry's administrators decide. */
  project_id: number | null;
  robot_id: number;
  name: string;
  description: Generated<string>;
  issuer: string;
  audience: string;
  /** JSON Web Key Set, of issuers whose keys cannot be fetched. */
  jwks: string | null;
  /** JSON: claims and the patterns they have to match. */
  conditions: string;
  /** Milliseconds between `iat` and `exp` at most. */
  max_lifetime: number;
  single_use: Generated<number>;
  disabled: Generated<number>;
  used_at: number | null;
  created_at: number;
  updated_at: number;
}

export interface WorkloadTokenTable {
  token_hash: string;
  expires_at: number;
}

export interface SignInTables {
  session: SessionTable;
  oidc_identity: OidcIdentityTable;
  oidc_step: OidcStepTable;
  workload_identity: WorkloadIdentityTable;
  workload_token: WorkloadTokenTable;
}
