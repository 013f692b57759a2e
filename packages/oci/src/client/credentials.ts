/** What a client proves itself with at one registry. */
export type Credentials =
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  /** A refresh token for the registry's token server (`identitytoken` of docker's configuration). */
  | { readonly kind: 'identity-token'; readonly token: string }
  /** A bearer token that goes to the registry as it is (`registrytoken`). */
  | { readonly kind: 'registry-token'; readonly token: string };

/** Finds the credentials for a registry as users name it (`docker.io`, `host:port`); undefined means anonymous. */
export type CredentialSource = (registry: string) => Credentials | undefined | Promise<Credentials | undefined>;

/** The value of an `Authorization` header for a name and a password (RFC 7617, in UTF-8). Never fails. */
export function basicAuthorization(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}
