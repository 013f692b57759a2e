import { Client, type Entry, ResultCodeError } from 'ldapts';
import { connectTo } from './connect.ts';
import { DirectoryError } from './directory-error.ts';
import { toLdapFilter } from './filter.ts';
import type { DirectoryConfig, DirectoryEntry, DirectoryQuery, DirectoryServer } from './types.ts';

/** One connection to one server. It is never opened anew behind our back: what is lost stays lost. */
export interface Session {
  /** False once the connection is gone. */
  isAlive(): boolean;
  /** Whether the server takes the name with the password (a simple bind, RFC 4513 §5.1.3). */
  bind(dn: string, password: string): Promise<boolean>;
  search(query: DirectoryQuery): Promise<readonly DirectoryEntry[]>;
  close(): void;
}

/** RFC 4511 §4.1.9. */
const code = {
  referral: 10,
  confidentialityRequired: 13,
  noSuchObject: 32,
  invalidDnSyntax: 34,
  busy: 51,
  unavailable: 52,
} as const;

/**
 * How servers say no to a person: wrong password, no such name, an account that is locked or shut (19 and 53 at 389ds),
 * one that may not sign in this way. The rest is a fault of the server or of the settings.
 */
const refusals = new Set([19, code.noSuchObject, code.invalidDnSyntax, 48, 49, 50, 53]);

/** Servers that say they cannot just now: time limit, administrative limit, busy, unavailable, other. */
const passing = new Set([3, 11, code.busy, code.unavailable, 80]);

const entriesPerPage = 200;
/** More than any search of ours brings. A server that never stops talking is left before joining its pieces takes long. */
const mostBytesReceived = 16 * 1024 * 1024;

/** Opens a connection to the server. Fails as `connectTo` does. */
export async function openSession(server: DirectoryServer, config: DirectoryConfig): Promise<Session> {
  const socket = await connectTo(server, config);
  let handedOver = false;
  let received = 0;
  const client = new Client({
    // Only a form: the connection is there already, and the client may not make another, least of all one without TLS.
    url: 'ldap://directory',
    timeout: config.answerTimeoutMs,
    createConnection: (() => {
      if (handedOver || socket.destroyed) throw new Error('The connection is gone.');
      handedOver = true;
      socket.on('data', (bytes: Buffer) => {
        received += bytes.length;
        if (received > mostBytesReceived) socket.destroy(new Error('The server sent too much.'));
      });
      return socket;
    }) as never,
  });
  return {
    isAlive: () => !socket.destroyed && (!handedOver || client.isConnected),
    async bind(dn, password) {
      try {
        await client.bind(dn, password);
        return true;
      } catch (error) {
        if (error instanceof ResultCodeError && refusals.has(error.code)) return false;
        throw explain(error, server);
      }
    },
    async search(query) {
      received = 0;
      try {
        return await readPages(client, query);
      } catch (error) {
        // What is asked for by its own name and is not there is an empty answer, not a wrong base.
        const absent = error instanceof ResultCodeError && error.code === code.noSuchObject;
        if (absent && query.scope === 'base') return [];
        if (absent)
          throw new DirectoryError('misconfigured', `The directory has no ${query.base} to search in.`, error);
        throw explain(error, server);
      }
    },
    close() {
      if (!handedOver) socket.destroy();
      // The goodbye has no answer, and nobody waits for it to be written.
      else client.unbind().catch(() => socket.destroy());
    },
  };
}

/** Asks for pages (RFC 2696), so that servers with a limit on one answer give everything; stops at the query's own limit. */
async function readPages(client: Client, query: DirectoryQuery): Promise<readonly DirectoryEntry[]> {
  const pages = client.searchPaginated(query.base, {
    scope: query.scope,
    filter: toLdapFilter(query.filter),
    attributes: [...query.attributes],
    derefAliases: 'never',
    paged: { pageSize: Math.min(query.limit, entriesPerPage) },
  });
  const entries: DirectoryEntry[] = [];
  for await (const page of pages) {
    // References to other servers (page.searchReferences) are not followed.
    entries.push(...page.searchEntries.map(toEntry));
    if (entries.length >= query.limit) break;
  }
  return entries.slice(0, query.limit);
}

function toEntry({ dn, ...attributes }: Entry): DirectoryEntry {
  const byName = new Map(
    Object.entries(attributes).map(([name, value]) => [
      name.toLowerCase(),
      [value].flat().filter((one) => typeof one === 'string'),
    ]),
  );
  return { dn, values: (attribute) => byName.get(attribute.toLowerCase()) ?? [] };
}

function explain(error: unknown, { host, port }: DirectoryServer): DirectoryError {
  if (error instanceof DirectoryError) return error;
  const who = `The LDAP server ${host}:${port}`;
  if (!(error instanceof ResultCodeError)) return new DirectoryError('unreachable', `${who} did not answer.`, error);
  if (passing.has(error.code)) return new DirectoryError('unreachable', `${who} cannot answer just now.`, error);
  if (error.code === code.referral) {
    return new DirectoryError('misconfigured', `${who} refers to another server, which is not followed.`, error);
  }
  if (error.code === code.confidentialityRequired) {
    return new DirectoryError('misconfigured', `${who} asks for TLS first; use ldaps or ldap+starttls.`, error);
  }
  return new DirectoryError('misconfigured', `${who} refused with result ${error.code}.`, error);
}
