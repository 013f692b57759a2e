import type { JWTPayload } from 'jose';

/** What an issuer of tokens says of itself (OpenID Connect Discovery 1.0 §3), checked. */
export interface IssuerMetadata {
  /** As its tokens spell it. */
  readonly issuer: string;
  readonly jwksUri: string;
  readonly authorizationEndpoint: string | undefined;
  readonly tokenEndpoint: string | undefined;
  readonly userinfoEndpoint: string | undefined;
  readonly endSessionEndpoint: string | undefined;
  /** How a client shows its secret; the issuer's order. */
  readonly tokenAuthMethods: readonly string[];
  /** Whether it names itself when it sends the browser back (RFC 9207). */
  readonly namesItself: boolean;
}

/** Whom to ask, and how. */
export interface IssuerAddress {
  /** `https://login.example.com/realms/main`. */
  readonly issuer: string;
  /** Takes any certificate of the issuer; only where an administrator switched the check off. */
  readonly insecure?: boolean;
  /** What the address is called where it was written, for messages. */
  readonly field?: string;
}

export interface TokenExpectations {
  readonly audience: string;
  /** Whether it is an ID token for a client of that name: its authorized party counts (OpenID Connect Core 1.0 §3.1.3.7). */
  readonly forClient?: boolean;
  /** Keys that were given by hand, as the text of a JSON Web Key Set: nobody is asked. */
  readonly jwks?: string | undefined;
  /** Milliseconds between `iat` and `exp` at most; `iat` is required then. */
  readonly maxLifetimeMs?: number | undefined;
}

export type TokenClaims = JWTPayload;
