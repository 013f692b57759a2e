import { RegistryError } from '#kernel/errors';
import {
  isAttributeName,
  isDirectoryFilter,
  isDirectoryUrls,
  normalizeDn,
  parseDirectoryUrls,
} from '#platform/directory';
import { isUnsupported, secretSettings, type SettingName, type Settings, settingNames } from './table.ts';

type Given = Readonly<Record<string, unknown>>;

const dn = (text: string) =>
  normalizeDn(text) === undefined ? 'a distinguished name, such as dc=example,dc=org' : undefined;
const filter = (text: string) =>
  text.trim() === '' || isDirectoryFilter(text) ? undefined : 'an LDAP filter, such as (objectClass=person)';
const attribute = (text: string) => (text === '' || isAttributeName(text) ? undefined : 'the name of an attribute');
const scope = (depth: number) =>
  [0, 1, 2].includes(depth) ? undefined : '0 for the base itself, 1 for right below it, 2 for all below it';

/** What one asks of a setting beyond its type; a sentence when it is not so. */
const checks: Partial<{ [K in SettingName]: (value: Settings[K]) => string | undefined }> = {
  auth_mode: (mode) =>
    ['db_auth', 'ldap_auth', 'oidc_auth'].includes(mode)
      ? undefined
      : 'db_auth, ldap_auth or oidc_auth; there is no other way to sign in here',
  ldap_url: (urls) =>
    urls === '' || isDirectoryUrls(urls)
      ? undefined
      : 'ldap://host:port, ldaps://host:port or ldap+starttls://host:port, one or several divided by spaces',
  ldap_base_dn: dn,
  ldap_filter: filter,
  ldap_uid: attribute,
  ldap_scope: scope,
  ldap_group_base_dn: dn,
  ldap_group_search_filter: filter,
  ldap_group_attribute_name: attribute,
  ldap_group_search_scope: scope,
  ldap_group_admin_dn: dn,
  ldap_group_membership_attribute: attribute,
  ldap_timeout: (seconds) => (seconds >= 1 && seconds <= 300 ? undefined : '1 to 300 seconds'),
  token_expiration: (minutes) => (minutes >= 1 && minutes <= 24 * 60 ? undefined : '1 minute to a day'),
  session_timeout: (minutes) => (minutes >= 1 && minutes <= 12 * 60 ? undefined : '1 minute to 12 hours'),
  robot_token_duration: (days) => (days === -1 || days >= 1 ? undefined : 'a number of days, or -1 for ever'),
  robot_name_prefix: (prefix) =>
    /^[a-z][a-z0-9._-]{0,31}[$+]$/.test(prefix)
      ? undefined
      : 'lower-case letters and digits that end in $ or +, which no user’s name has at that place',
  oidc_extra_redirect_parms: (text) => (isTextMap(text) ? undefined : 'an object of strings, as JSON text'),
  oidc_group_filter: (pattern) => (isPattern(pattern) ? undefined : 'a regular expression'),
  oidc_endpoint: (url) =>
    url === '' || (/^https?:\/\/[^\s/]+/.test(url) && URL.canParse(url))
      ? undefined
      : 'the http(s) address of an issuer',
  audit_log_forward_endpoint: (target) =>
    target === '' || /^[\w.-]+:\d{1,5}$/.test(target) ? undefined : 'host:port of a syslog server',
};

/** Secrets that are sent to the place that another setting names: they are good for that place alone. */
const bound = [
  {
    address: 'ldap_url',
    secret: 'ldap_search_password',
    placesOf: (urls: string) =>
      parseDirectoryUrls(urls).map(({ protection, host, port }) => `${protection} ${host} ${port}`),
  },
  { address: 'oidc_endpoint', secret: 'oidc_client_secret', placesOf: (url: string) => [new URL(url).origin] },
] as const;

/**
 * What a body changes: names that are settings, with values that can be. Fails with `body-invalid`. Null and absent
 * leave a setting as it is, an empty secret too: clients send back what they were shown, and secrets are shown to nobody.
 * A kept secret stays with the place it was given for: whoever names another one gives it again.
 */
export function readChange(given: Given, current: Settings): Partial<Settings> {
  const change: Record<string, unknown> = {};
  for (const name of settingNames) {
    const value = given[name];
    if (value === undefined || value === null || value === current[name]) continue;
    if (value === '' && secretSettings.has(name)) continue;
    if (isUnsupported(name)) {
      // Terraform sends all there are; what is empty asks for nothing.
      if (value === '' || typeof value === 'boolean') continue;
      throw new RegistryError('body-invalid', `body.${name}: there is no such way to sign in here.`);
    }
    const wanted = checks[name]?.(value as never);
    if (wanted !== undefined) throw new RegistryError('body-invalid', `body.${name}: ${wanted}.`);
    change[name] = value;
  }
  const next = { ...current, ...change };
  for (const { address, secret, placesOf } of bound) {
    if (change[address] === undefined || current[secret] === '') continue;
    const kept = given[secret] === undefined || given[secret] === null || given[secret] === '';
    if (!kept || current[address] === '') continue;
    // A secret without a place to go to is of no use to anybody but a thief.
    if (next[address] === '') change[secret] = '';
    else if (!placesOf(next[address]).every((place) => placesOf(current[address]).includes(place))) {
      throw new RegistryError('body-invalid', `body.${secret}: give it again, since ${address} is another place.`);
    }
  }
  if (next.auth_mode === 'ldap_auth' && next.ldap_url === '') {
    throw new RegistryError('body-invalid', 'body.ldap_url: is needed to sign in by LDAP.');
  }
  if (next.auth_mode === 'oidc_auth' && (next.oidc_endpoint === '' || next.oidc_client_id === '')) {
    throw new RegistryError(
      'body-invalid',
      'body.oidc_endpoint and body.oidc_client_id: are needed to sign in by OIDC.',
    );
  }
  return change as Partial<Settings>;
}

function isTextMap(text: string): boolean {
  if (text === '') return true;
  try {
    const read: unknown = JSON.parse(text);
    return (
      typeof read === 'object' &&
      read !== null &&
      !Array.isArray(read) &&
      Object.values(read).every((value) => typeof value === 'string')
    );
  } catch {
    return false;
  }
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text, 'u');
    return text.length <= 256;
  } catch {
    return false;
  }
}
