import type { Directory, DirectoryEntry, DirectoryFilter } from '#platform/directory';
import type { LdapScope, LdapSettings, LdapUser } from './types.ts';

const scopes = ['base', 'one', 'sub'] as const;

export const scopeOf = (scope: LdapScope) => scopes[scope];

/** An operator's filter and ours together; an empty one asks for nothing. */
export function within(written: string, ...filters: readonly DirectoryFilter[]): DirectoryFilter {
  const of = written.trim() === '' ? filters : [{ kind: 'written', text: written } as const, ...filters];
  return of.length === 1 && of[0] !== undefined ? of[0] : { kind: 'all', of };
}

/** Somebody as the directory has him, with the attributes that say which groups he is in. */
export interface FoundPerson extends LdapUser {
  readonly memberships: readonly string[];
}

/**
 * Finds the one person with this name. Directories compare names loosely (RFC 4518: case, white space, invisible
 * characters); here only the case may differ, so that one person has one name. Two people of one name are nobody.
 */
export async function findPerson(
  directory: Directory,
  settings: LdapSettings,
  name: string,
): Promise<FoundPerson | undefined> {
  const filter: DirectoryFilter = { kind: 'equals', attribute: settings.uid, value: name };
  const [entry, ...others] = await searchPeople(directory, settings, filter, 2);
  if (entry === undefined || others.length > 0) return undefined;
  const uid = entry.values(settings.uid).find((value) => value.toLowerCase() === name.toLowerCase());
  return uid === undefined ? undefined : toPerson(entry, settings, uid);
}

/** The people whose name contains the text, all of them when it is empty; `limit` at most. */
export async function listPeople(
  directory: Directory,
  settings: LdapSettings,
  text: string,
  limit: number,
): Promise<readonly FoundPerson[]> {
  const filter: DirectoryFilter = { kind: 'contains', attribute: settings.uid, value: text };
  const entries = await searchPeople(directory, settings, filter, limit);
  return entries.map((entry) => toPerson(entry, settings, entry.values(settings.uid)[0] ?? ''));
}

function searchPeople(directory: Directory, settings: LdapSettings, filter: DirectoryFilter, limit: number) {
  return directory.search({
    base: settings.baseDn,
    scope: scopeOf(settings.scope),
    filter: within(settings.filter, filter),
    attributes: [settings.uid, 'displayName', 'cn', 'mail', 'email', settings.groups.membershipAttribute || 'memberOf'],
    limit,
  });
}

function toPerson(entry: DirectoryEntry, settings: LdapSettings, uid: string): FoundPerson {
  const first = (...attributes: readonly string[]) => attributes.flatMap((name) => entry.values(name))[0] ?? '';
  return {
    dn: entry.dn,
    uid,
    realname: first('displayName', 'cn').slice(0, 255),
    email: first('mail', 'email').slice(0, 255),
    memberships: entry.values(settings.groups.membershipAttribute || 'memberOf'),
  };
}
