import { createContext, Script } from 'node:vm';
import { RegistryError } from '#kernel/errors';
import type { Membership, OidcSettings, Profile } from './types.ts';

type Claims = Readonly<Record<string, unknown>>;

/** A person in more groups than this is in a directory gone wrong. */
const mostGroups = 1000;
const longestName = 255;
const longestFilter = 255;

/** A filter gets so long for all groups of one person: some expressions take for ever on some names. */
const filterMs = 200;

/** What a claim says, by its name or else by a path with dots, as in `realm_access.roles`. */
function findClaim(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let value: unknown = claims;
  for (const step of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Claims)[step];
  }
  return value;
}

const asText = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;

/**
 * The groups that the claims list: texts, one text, or objects with a `name`. None where the claim is missing, which is
 * what providers send of somebody who is in no group, and where there are too many for a token (`_claim_names`): rights
 * that nobody confirms are gone.
 */
export function readGroups(claims: Claims, claim: string | undefined): readonly string[] {
  if (claim === undefined) return [];
  const value = findClaim(claims, claim);
  const entries: unknown[] = Array.isArray(value) ? value : [value];
  const names = entries
    .map((entry) => asText(typeof entry === 'object' && entry !== null ? (entry as Claims)['name'] : entry))
    .filter((name) => name !== undefined && name.length <= longestName && !name.includes('\0'));
  return [...new Set(names as string[])].slice(0, mostGroups);
}

/**
 * Keeps the groups whose names the expression finds. One that takes too long keeps none. Fails with `body-invalid` for
 * what is no expression.
 */
export function filterGroups(groups: readonly string[], filter: string | undefined): readonly string[] {
  if (filter === undefined || filter === '') return groups;
  assertGroupFilter(filter);
  // In a realm of its own only for the time limit: neither the expression nor the names are code.
  const context = createContext({ filter, groups: JSON.stringify(groups) });
  const script = new Script('JSON.stringify(JSON.parse(groups).filter((name) => new RegExp(filter, "u").test(name)))');
  try {
    return JSON.parse(script.runInContext(context, { timeout: filterMs }) as string) as string[];
  } catch {
    return [];
  }
}

/** Fails with `body-invalid` when the text is no regular expression, or a very long one. */
export function assertGroupFilter(filter: string): void {
  try {
    if (filter.length <= longestFilter && new RegExp(filter, 'u') instanceof RegExp) return;
  } catch {
    // Told below.
  }
  throw new RegistryError(
    'body-invalid',
    `oidc_group_filter: expected a regular expression of at most ${longestFilter} characters.`,
  );
}

/**
 * A name that an account can have: what it must not hold becomes `_` (a colon ends a name in Basic credentials, `$`
 * belongs to robots).
 */
export function toUserName(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N}._@+-]/gu, '_').slice(0, longestName);
}

/** Fails with `unauthorized` when the claims name nobody where the settings say that the name is. */
export function readProfile(claims: Claims, settings: OidcSettings): Profile {
  const { userClaim } = settings;
  const usual = ['preferred_username', 'name', 'email', 'sub'];
  const named = (userClaim === undefined ? usual : [userClaim])
    .map((name) => asText(findClaim(claims, name)))
    .find((name) => name !== undefined);
  if (named === undefined) {
    throw new RegistryError(
      'unauthorized',
      `The provider says nothing in ${userClaim ?? 'sub'}, which is to name the user.`,
    );
  }
  return {
    userName: toUserName(named),
    email: asText(claims['email'])?.slice(0, longestName),
    realName: (asText(claims['name']) ?? '').slice(0, longestName),
  };
}

/** The groups of a person, and whether one of them makes an administrator. */
export function readMembership(claims: Claims, settings: OidcSettings): Membership {
  const groups = readGroups(claims, settings.groupsClaim);
  const { adminGroup } = settings;
  return {
    groups: filterGroups(groups, settings.groupFilter),
    admin: adminGroup !== undefined && adminGroup !== '' && groups.includes(adminGroup),
  };
}

/** Whether the provider left groups out because there are too many (Entra ID does). */
export function hasOverage(claims: Claims, claim: string | undefined): boolean {
  const names = claims['_claim_names'];
  return claim !== undefined && typeof names === 'object' && names !== null && Object.hasOwn(names, claim);
}
