import { createLimiter } from '@entrepot/oci/client/limiter';
import {
  type Directory,
  type DirectoryEntry,
  type DirectoryFilter,
  isDnWithin,
  normalizeDn,
} from '#platform/directory';
import { type FoundPerson, scopeOf, within } from './people.ts';
import type { LdapGroup, LdapGroupSettings } from './types.ts';

/** Active Directory follows memberships of memberships itself (LDAP_MATCHING_RULE_IN_CHAIN). */
const inChain = '1.2.840.113556.1.4.1941';
/** What an Active Directory says of itself in its root entry. */
const activeDirectory = '1.2.840.113556.1.4.800';

/** Bounds for directories in which groups contain groups without end. */
const deepest = 16;
const mostGroups = 2000;
/** Members that one search asks for: filters have a limit of their own. */
const membersPerSearch = 25;

/** As many as the directory has connections for searches. */
const readsAtOnce = 4;

/** Where somebody is a member. */
export interface Memberships {
  readonly groups: readonly LdapGroup[];
  /** Every group that was met, those outside of the settings' base too, in the one spelling. */
  readonly dns: ReadonlySet<string>;
}

/** Whether the server follows memberships of memberships itself. */
export async function followsChains(directory: Directory): Promise<boolean> {
  const [root] = await directory.search({
    base: '',
    scope: 'base',
    filter: { kind: 'present', attribute: 'objectClass' },
    attributes: ['supportedCapabilities'],
    limit: 1,
  });
  return root?.values('supportedCapabilities').includes(activeDirectory) === true;
}

/**
 * The groups that a person is in: those that name him as a member, those that his entry names, and those that have one of
 * these as a member, each looked at once, so that groups that contain each other end.
 */
export async function findMemberships(
  directory: Directory,
  settings: LdapGroupSettings,
  person: FoundPerson,
  chains: boolean,
): Promise<Memberships> {
  const dns = new Set(person.memberships.map(normalizeDn).filter((dn) => dn !== undefined));
  if (settings.baseDn === '') return { groups: [], dns };
  const found = new Map<string, LdapGroup>();
  const add = (entry: DirectoryEntry): boolean => {
    const dn = normalizeDn(entry.dn);
    if (dn === undefined || found.has(dn) || found.size >= mostGroups) return false;
    found.set(dn, { dn, name: nameOf(entry, settings) });
    dns.add(dn);
    return true;
  };
  const search = (filter: DirectoryFilter) => searchGroups(directory, settings, filter, mostGroups);

  if (chains) {
    const members: DirectoryFilter = { kind: 'matches', attribute: 'member', rule: inChain, value: person.dn };
    for (const entry of await search(members)) add(entry);
    for (const entry of await readNamed(directory, settings, person.memberships, found)) add(entry);
    return { groups: [...found.values()], dns };
  }

  let members: readonly string[] = [person.dn];
  let named: readonly string[] = person.memberships;
  for (let depth = 0; depth < deepest && members.length > 0; depth++) {
    const entries: DirectoryEntry[] = [];
    for (const filter of memberFilters(members, depth === 0 ? person.uid : undefined)) {
      entries.push(...(await search(filter)));
    }
    const containing = entries.filter(add);
    const mentioned = (await readNamed(directory, settings, named, found)).filter(add);
    const fresh = [...containing, ...mentioned];
    members = fresh.map(({ dn }) => dn);
    named = fresh.flatMap((entry) => namedBy(entry, settings));
    for (const dn of named) dns.add(normalizeDn(dn) ?? dn);
  }
  return { groups: [...found.values()], dns };
}

/** The groups with this name, or all; `limit` at most. */
export async function listGroups(
  directory: Directory,
  settings: LdapGroupSettings,
  name: string,
  limit: number,
): Promise<readonly LdapGroup[]> {
  const filter: DirectoryFilter = { kind: 'contains', attribute: settings.nameAttribute || 'cn', value: name };
  return toGroups(await searchGroups(directory, settings, filter, limit), settings);
}

/** The group of this distinguished name, if it is one and lies within the settings' base. */
export async function findGroup(
  directory: Directory,
  settings: LdapGroupSettings,
  dn: string,
): Promise<LdapGroup | undefined> {
  return toGroups(await readNamed(directory, settings, [dn], new Map()), settings)[0];
}

function toGroups(entries: readonly DirectoryEntry[], settings: LdapGroupSettings): readonly LdapGroup[] {
  return entries.flatMap((entry) => {
    const dn = normalizeDn(entry.dn);
    return dn === undefined ? [] : [{ dn, name: nameOf(entry, settings) }];
  });
}

/** `member` and `uniqueMember` hold distinguished names, `memberUid` (RFC 2307) plain ones. Unknown attributes match nothing. */
function memberFilters(members: readonly string[], uid: string | undefined): DirectoryFilter[] {
  const filters: DirectoryFilter[] = [];
  for (let at = 0; at < members.length; at += membersPerSearch) {
    const names = members.slice(at, at + membersPerSearch);
    const of = names.flatMap((value) =>
      ['member', 'uniqueMember'].map((attribute) => ({ kind: 'equals', attribute, value }) as const),
    );
    filters.push({ kind: 'any', of });
  }
  if (uid !== undefined) filters.push({ kind: 'equals', attribute: 'memberUid', value: uid });
  return filters;
}

function searchGroups(directory: Directory, settings: LdapGroupSettings, filter: DirectoryFilter, limit: number) {
  return directory.search({
    base: settings.baseDn,
    scope: scopeOf(settings.scope),
    filter: within(settings.filter, filter),
    attributes: attributesOf(settings),
    limit,
  });
}

/** Reads groups that are known by name, but for those found already and those outside of the base. */
async function readNamed(
  directory: Directory,
  settings: LdapGroupSettings,
  names: readonly string[],
  found: ReadonlyMap<string, LdapGroup>,
): Promise<readonly DirectoryEntry[]> {
  const wanted = new Map<string, string>();
  for (const name of names) {
    const dn = normalizeDn(name);
    if (dn !== undefined && !found.has(dn) && isDnWithin(name, settings.baseDn)) wanted.set(dn, name);
  }
  const read = (name: string) =>
    directory.search({
      base: name,
      scope: 'base',
      filter: within(settings.filter, { kind: 'present', attribute: 'objectClass' }),
      attributes: attributesOf(settings),
      limit: 1,
    });
  const chosen = [...wanted.values()].slice(0, mostGroups);
  const limit = createLimiter(settings.parallel ? readsAtOnce : 1);
  return (await Promise.all(chosen.map((name) => limit(() => read(name))))).flat();
}

const attributesOf = (settings: LdapGroupSettings) => [
  settings.nameAttribute || 'cn',
  settings.membershipAttribute || 'memberOf',
];

const namedBy = (entry: DirectoryEntry, settings: LdapGroupSettings) =>
  entry.values(settings.membershipAttribute || 'memberOf');

const nameOf = (entry: DirectoryEntry, settings: LdapGroupSettings) =>
  (entry.values(settings.nameAttribute || 'cn')[0] ?? entry.dn).slice(0, 255);
