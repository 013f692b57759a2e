/** What a claim of a token has to say. */
export interface ClaimCondition {
  /** By name, as a path with dots, or as a JSON pointer (RFC 6901). */
  readonly claim: string;
  /** Patterns of which one matches. */
  readonly values: readonly string[];
}

/** Whose tokens stand for which robot. */
export interface WorkloadIdentity {
  readonly id: number;
  /** None where the registry's administrators decide. */
  readonly projectId: number | undefined;
  readonly robotId: number;
  readonly name: string;
  readonly description: string;
  readonly issuer: string;
  readonly audience: string;
  /** The text of a JSON Web Key Set, of an issuer that cannot be asked for its keys. */
  readonly jwks: string | undefined;
  /** All hold. */
  readonly conditions: readonly ClaimCondition[];
  readonly maxLifetimeMs: number;
  readonly singleUse: boolean;
  readonly disabled: boolean;
  readonly usedAt: number | undefined;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export type NewWorkloadIdentity = Omit<WorkloadIdentity, 'id' | 'usedAt' | 'createdAt' | 'updatedAt'>;

export type WorkloadIdentityChange = Partial<Omit<NewWorkloadIdentity, 'projectId'>>;
