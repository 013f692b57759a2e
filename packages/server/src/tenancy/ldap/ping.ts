import { isIP } from 'node:net';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import { DirectoryError, type DirectoryServer, parseDirectoryUrls } from '#platform/directory';
import type { Logger } from '#platform/log';
import { type OutboundRules, withConstantCeiling } from '#platform/outbound';
import { openDirectory } from './open-directory.ts';
import type { LdapPing, LdapSettings } from './types.ts';

/** What a caller puts in the place of the settings in force, to try it before it is kept. */
export type LdapTrial = {
  readonly [K in Exclude<keyof LdapSettings, 'groups' | 'ca'>]?: LdapSettings[K] | undefined;
};

export interface PingDeps {
  readonly settings: () => LdapSettings | undefined;
  readonly outbound: OutboundRules;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** A failure at a server of the caller's choice takes this long, whatever the reason. */
const ceilingMs = 9000;
/** Connecting, binding and reading each have a third of it. */
const stepMs = 2500;
/** Where directories listen; the last two are Active Directory's global catalogue. */
const directoryPorts: ReadonlySet<number> = new Set([389, 636, 3268, 3269]);

const nothing: LdapSettings = {
  url: '',
  searchDn: '',
  searchPassword: '',
  baseDn: '',
  filter: '',
  uid: 'cn',
  scope: 2,
  timeoutSeconds: 0,
  verifyCertificate: true,
  groups: {
    baseDn: '',
    filter: '',
    nameAttribute: '',
    scope: 2,
    adminDn: '',
    membershipAttribute: '',
    parallel: false,
  },
};

const isSame = (one: DirectoryServer, other: DirectoryServer) => one.host === other.host && one.port === other.port;

/**
 * Tries settings at each of their servers: connection, protection, and the search user. What is not given is taken from
 * the settings in force; the password in force is only sent where the settings in force would send it. A server that
 * those do not name is the caller's choice, and so under the rules for everything that the registry is told to reach:
 * fails with `target-refused` before any packet where its address says enough, and what else fails there is told in one
 * sentence, after one time.
 */
export function createPing({ settings: readSettings, outbound, logger, clock }: PingDeps) {
  async function tryOne(settings: LdapSettings, server: DirectoryServer, foreign: boolean): Promise<LdapPing> {
    const judged = foreign && !outbound.allowsHost(server);
    const assertAddress = judged ? (address: string) => assertAllowed(outbound, address) : undefined;
    const longestMs = foreign ? stepMs : undefined;
    using directory = openDirectory(settings, {
      clock,
      servers: [server],
      assertAddress,
      ...(longestMs === undefined ? {} : { longestMs }),
    });
    const where = `${server.host}:${server.port}`;
    const ask = async () => {
      await directory.search({
        base: '',
        scope: 'base',
        filter: { kind: 'present', attribute: 'objectClass' },
        attributes: ['supportedLDAPVersion'],
        limit: 1,
      });
    };
    try {
      await (foreign ? withConstantCeiling(ceilingMs, ask) : ask());
      return { success: true, message: '' };
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error;
      logger.info({ error, server: where }, 'A try of LDAP settings failed.');
      const told = error.fault === 'unreachable' ? 'could not be reached, or did not answer in time' : undefined;
      return { success: false, message: told === undefined ? error.message : `The LDAP server ${where} ${told}.` };
    }
  }

  return async (trial: LdapTrial): Promise<LdapPing> => {
    const inForce = readSettings();
    const given = Object.fromEntries(Object.entries(trial).filter(([, value]) => value !== undefined));
    const settings = { ...nothing, ...inForce, ...given, searchPassword: trial.searchPassword ?? '' };
    const servers = readServers(settings.url);
    const known = inForce === undefined ? [] : readServers(inForce.url);
    const isForeign = (server: DirectoryServer) => !known.some((other) => isSame(server, other));
    for (const server of servers.filter(isForeign)) assertMayAsk(outbound, server);
    for (const server of servers) {
      const keepsPassword = trial.searchPassword === undefined && sendsThere(inForce, known, settings, server);
      const searchPassword = keepsPassword ? inForce.searchPassword : settings.searchPassword;
      const told = await tryOne({ ...settings, searchPassword }, server, isForeign(server));
      if (!told.success) return told;
    }
    return { success: true, message: '' };
  };
}

/** Whether the settings in force send their password to this server already, no less protected, for the same account. */
function sendsThere(
  inForce: LdapSettings | undefined,
  known: readonly DirectoryServer[],
  settings: LdapSettings,
  server: DirectoryServer,
): inForce is LdapSettings {
  return (
    inForce !== undefined &&
    known.some((other) => isSame(server, other) && server.protection === other.protection) &&
    settings.searchDn === inForce.searchDn &&
    (settings.verifyCertificate || !inForce.verifyCertificate)
  );
}

function readServers(url: string): readonly DirectoryServer[] {
  try {
    return parseDirectoryUrls(url);
  } catch (error) {
    if (!(error instanceof DirectoryError)) throw error;
    throw new RegistryError('body-invalid', `ldap_url: ${error.message}`, { cause: error });
  }
}

function assertMayAsk(outbound: OutboundRules, server: DirectoryServer): void {
  if (outbound.allowsHost(server)) return;
  if (!directoryPorts.has(server.port) && !outbound.allowsPort(server)) {
    throw new RegistryError('target-refused', `ldap_url: the port ${server.port} is not one that may be asked.`);
  }
  if (isIP(server.host) !== 0) return assertAllowed(outbound, server.host);
  if (/(?:^|\.)localhost\.?$/.test(server.host)) assertAllowed(outbound, '127.0.0.1');
}

function assertAllowed(outbound: OutboundRules, address: string): void {
  if (outbound.allowsAddress(address)) return;
  throw new RegistryError(
    'target-refused',
    `ldap_url: ${address} is an internal address; an administrator can allow it with outbound.allow.`,
  );
}
