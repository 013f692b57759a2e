import { randomUUID } from 'node:crypto';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import { type Directory, DirectoryError, normalizeDn } from '#platform/directory';
import type { Logger } from '#platform/log';
import type { OutboundRules } from '#platform/outbound';
import { findGroup, findMemberships, followsChains, listGroups } from './groups.ts';
import { openDirectory } from './open-directory.ts';
import { type FoundPerson, findPerson, listPeople } from './people.ts';
import { createPing, type LdapTrial } from './ping.ts';
import type { LdapGroup, LdapPerson, LdapPing, LdapSettings, LdapUser } from './types.ts';

export interface Ldap extends Disposable {
  isConfigured(): boolean;
  /**
   * Checks a name and password with the directory. `refused` for a wrong name, a wrong or empty password, somebody whom
   * the filter leaves out; `unavailable` when the directory gave no answer, which says nothing about the password.
   */
  signIn(name: string, password: string): Promise<LdapPerson | 'refused' | 'unavailable'>;
  /** Somebody by name, with his groups and without a password: for importing. Fails as `searchUsers`. */
  findUser(name: string): Promise<LdapPerson | undefined>;
  /**
   * People whose name contains the text. Fails with `precondition-failed` when people do not sign in through LDAP or the
   * directory does not do what the settings ask, and with `unavailable` when it gives no answer.
   */
  searchUsers(text: string): Promise<readonly LdapUser[]>;
  /** Groups whose name contains the text. Fails as `searchUsers`. */
  searchGroups(text: string): Promise<readonly LdapGroup[]>;
  /** The group of this distinguished name. Fails as `searchUsers`. */
  findGroup(dn: string): Promise<LdapGroup | undefined>;
  /** Tries settings; see `createPing`. */
  ping(trial: LdapTrial): Promise<LdapPing>;
}

export interface LdapDeps {
  /** The settings in force; undefined while people do not sign in through LDAP. */
  readonly settings: () => LdapSettings | undefined;
  /** Judges servers that only a caller of `ping` names. */
  readonly outbound: OutboundRules;
  readonly logger: Logger;
  readonly clock: Clock;
}

const mostFound = 500;

/** The directory of the settings in force. */
interface Place {
  readonly key: string;
  readonly settings: LdapSettings;
  readonly directory: Directory;
  /** Whether it follows memberships of memberships itself; asked once, and again after a failure. */
  readonly followsChains: () => Promise<boolean>;
}

export function createLdap({ settings: readSettings, outbound, logger, clock }: LdapDeps): Ldap {
  let place: Place | undefined;
  let failing = false;

  /** Tells when it begins and when it is over; a busy registry asks a hundred times a second meanwhile. */
  function noteOutcome(error?: DirectoryError): void {
    if (error !== undefined && !failing) logger.warn({ error }, 'LDAP gives no answer; nobody signs in through it.');
    else if (error !== undefined) logger.debug({ error }, 'LDAP gives no answer still.');
    else if (failing) logger.info({}, 'LDAP answers again.');
    failing = error !== undefined;
  }

  /** Made anew when the settings change. */
  function findPlace(): Place | undefined {
    const settings = readSettings();
    const key = JSON.stringify(settings);
    if (place?.key !== key) {
      place?.directory[Symbol.dispose]();
      place = settings === undefined ? undefined : openPlace(key, settings, clock);
    }
    return place;
  }

  /** What administrators ask: a directory without an answer is a failure of the request. */
  async function asked<T>(work: (at: Place) => Promise<T>): Promise<T> {
    try {
      const at = findPlace();
      if (at === undefined) throw new RegistryError('precondition-failed', 'People do not sign in through LDAP here.');
      const result = await work(at);
      noteOutcome();
      return result;
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error;
      noteOutcome(error);
      const code = error.fault === 'unreachable' ? 'unavailable' : 'precondition-failed';
      throw new RegistryError(code, error.message, { cause: error });
    }
  }

  return {
    isConfigured: () => readSettings() !== undefined,
    async signIn(name, password) {
      if (name === '' || password === '') return 'refused';
      try {
        const at = findPlace();
        if (at === undefined) return 'refused';
        const person = await findPerson(at.directory, at.settings, name);
        // Somebody who is not there costs a bind too, so that the time tells nothing.
        const dn = person?.dn ?? `cn=${randomUUID()},${at.settings.baseDn}`;
        const right = await at.directory.verify(dn, person === undefined ? randomUUID() : password);
        const told = person !== undefined && right ? await describe(at, person) : 'refused';
        noteOutcome();
        return told;
      } catch (error) {
        if (!(error instanceof DirectoryError)) throw error;
        noteOutcome(error);
        return 'unavailable';
      }
    },
    findUser: (name) =>
      asked(async (at) => {
        const person = await findPerson(at.directory, at.settings, name);
        return person === undefined ? undefined : describe(at, person);
      }),
    searchUsers: (text) =>
      asked(async ({ directory, settings }) => {
        const people = await listPeople(directory, settings, text, mostFound);
        return people.map(({ memberships: _, ...user }) => user);
      }),
    searchGroups: (text) => asked(({ directory, settings }) => listGroups(directory, settings.groups, text, mostFound)),
    findGroup: (dn) => asked(({ directory, settings }) => findGroup(directory, settings.groups, dn)),
    ping: createPing({ settings: readSettings, outbound, logger, clock }),
    [Symbol.dispose]: () => place?.directory[Symbol.dispose](),
  };
}

function openPlace(key: string, settings: LdapSettings, clock: Clock): Place {
  const directory = openDirectory(settings, { clock });
  let chains: Promise<boolean> | undefined;
  return {
    key,
    settings,
    directory,
    followsChains() {
      chains ??= followsChains(directory).catch((error: unknown) => {
        chains = undefined;
        throw error;
      });
      return chains;
    },
  };
}

async function describe(at: Place, person: FoundPerson): Promise<LdapPerson> {
  const { memberships: _, ...user } = person;
  const { groups: settings } = at.settings;
  const chains = settings.baseDn !== '' && (await at.followsChains());
  const { groups, dns } = await findMemberships(at.directory, settings, person, chains);
  const adminDn = normalizeDn(settings.adminDn) ?? '';
  return { ...user, groups, admin: adminDn !== '' && dns.has(adminDn) };
}
