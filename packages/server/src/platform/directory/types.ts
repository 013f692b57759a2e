import type { Clock } from '#kernel/clock';

/** How the conversation with a server is protected: not at all, TLS from the first byte, or StartTLS (RFC 4511 §4.14). */
export type DirectoryProtection = 'none' | 'tls' | 'start-tls';

export interface DirectoryServer {
  readonly protection: DirectoryProtection;
  /** A name or an address, an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
}

export interface DirectoryConfig {
  /** Asked in this order; a later one only while those before it do not answer. */
  readonly servers: readonly DirectoryServer[];
  /** Whom searches are made as; an empty name searches anonymously. */
  readonly searchDn: string;
  readonly searchPassword: string;
  /** False takes any certificate: for tests of an installation only. */
  readonly verifyCertificate: boolean;
  /** Certificates in PEM that are trusted beside those that Node trusts. */
  readonly ca?: string | undefined;
  /** For name, connection, TLS and StartTLS together. */
  readonly connectTimeoutMs: number;
  /** For each single answer of the server. */
  readonly answerTimeoutMs: number;
  /** Judges every address before a packet goes there; throws what the caller shall see. */
  readonly assertAddress?: ((address: string) => void) | undefined;
  readonly clock: Clock;
}

/**
 * What entries have to be like. Values are data and travel as such: there is no text in which a value could end early,
 * so none has to be escaped. Only `written` is read as RFC 4515 text, and only operators write that.
 */
export type DirectoryFilter =
  | { readonly kind: 'all'; readonly of: readonly DirectoryFilter[] }
  | { readonly kind: 'any'; readonly of: readonly DirectoryFilter[] }
  | { readonly kind: 'equals'; readonly attribute: string; readonly value: string }
  | { readonly kind: 'contains'; readonly attribute: string; readonly value: string }
  | { readonly kind: 'present'; readonly attribute: string }
  | { readonly kind: 'matches'; readonly attribute: string; readonly rule: string; readonly value: string }
  | { readonly kind: 'written'; readonly text: string };

export interface DirectoryQuery {
  readonly base: string;
  readonly scope: 'base' | 'one' | 'sub';
  readonly filter: DirectoryFilter;
  readonly attributes: readonly string[];
  /** No more entries than this are read. */
  readonly limit: number;
}

export interface DirectoryEntry {
  readonly dn: string;
  /** The values of an attribute that are text, in the server's order; attribute names have no case. */
  values(attribute: string): readonly string[];
}
