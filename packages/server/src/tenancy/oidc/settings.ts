import type { OidcSettings } from './types.ts';

/** Harbor's settings of OpenID Connect, under its own names. */
export interface OidcConfigurations {
  readonly auth_mode: string;
  readonly oidc_name: string;
  readonly oidc_endpoint: string;
  readonly oidc_client_id: string;
  readonly oidc_client_secret: string;
  readonly oidc_groups_claim: string;
  readonly oidc_admin_group: string;
  readonly oidc_group_filter: string;
  readonly oidc_scope: string;
  readonly oidc_user_claim: string;
  readonly oidc_verify_cert: boolean;
  readonly oidc_auto_onboard: boolean;
  readonly oidc_extra_redirect_parms: string;
  readonly oidc_logout: boolean;
}

const given = (text: string) => (text === '' ? undefined : text);

/** Harbor's settings in our words; undefined while people sign in otherwise. */
export function toOidcSettings(values: OidcConfigurations): OidcSettings | undefined {
  if (values.auth_mode !== 'oidc_auth' || values.oidc_endpoint === '' || values.oidc_client_id === '') return undefined;
  return {
    name: values.oidc_name,
    endpoint: values.oidc_endpoint,
    clientId: values.oidc_client_id,
    clientSecret: given(values.oidc_client_secret),
    scope: values.oidc_scope,
    verifyCert: values.oidc_verify_cert,
    autoOnboard: values.oidc_auto_onboard,
    userClaim: given(values.oidc_user_claim),
    groupsClaim: given(values.oidc_groups_claim),
    adminGroup: given(values.oidc_admin_group),
    groupFilter: given(values.oidc_group_filter),
    extraRedirectParams: readParams(values.oidc_extra_redirect_parms),
    logout: values.oidc_logout,
  };
}

/** What is no object of texts was refused when it was set. */
function readParams(text: string): Readonly<Record<string, string>> {
  const params: unknown = text === '' ? {} : JSON.parse(text);
  return Object.fromEntries(
    Object.entries(params as object).filter(([, value]) => typeof value === 'string'),
  ) as Record<string, string>;
}
