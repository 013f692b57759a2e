/** How people sign in at an OpenID provider: Harbor's `oidc_*` settings. */
export interface OidcSettings {
  /** What the portal calls the provider. */
  readonly name: string;
  /** The issuer. */
  readonly endpoint: string;
  readonly clientId: string;
  /** None for a public client. */
  readonly clientSecret: string | undefined;
  /** Separated by commas or spaces; `openid` is always asked for. */
  readonly scope: string;
  readonly verifyCert: boolean;
  /** Whether a new user is made at the first sign-in, or asked for a name first. */
  readonly autoOnboard: boolean;
  /** The claim that names a user; without one what the provider prefers. */
  readonly userClaim: string | undefined;
  /** The claim that lists groups, by name or as a path with dots. */
  readonly groupsClaim: string | undefined;
  /** Whose members administer the registry. */
  readonly adminGroup: string | undefined;
  /** Only groups whose names this regular expression finds are taken over. */
  readonly groupFilter: string | undefined;
  readonly extraRedirectParams: Readonly<Record<string, string>>;
  /** Whether signing out here signs out at the provider. */
  readonly logout: boolean;
}

/** What a provider says of a person. */
export interface Profile {
  readonly userName: string;
  readonly email: string | undefined;
  readonly realName: string;
}

/** What a provider says that a person belongs to. */
export interface Membership {
  /** After the filter. */
  readonly groups: readonly string[];
  readonly admin: boolean;
}

/** An account that signs in at the provider. */
export interface OidcIdentity {
  readonly userId: number;
  readonly userName: string;
  readonly admin: boolean;
  readonly disabled: boolean;
  readonly issuer: string;
  readonly subject: string;
  /** Sealed. */
  readonly refreshToken: string | undefined;
  /** Sealed. */
  readonly cliSecret: string;
  /** Whether the provider let the person in when it was last asked. */
  readonly allowed: boolean;
  readonly checkedAt: number;
  readonly usedAt: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}
