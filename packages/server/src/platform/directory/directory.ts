import { createLimiter, type Limiter } from '@entrepot/oci/client/limiter';
import { DirectoryError } from './directory-error.ts';
import { createServerOrder } from './server-order.ts';
import { openSession, type Session } from './session.ts';
import type { DirectoryConfig, DirectoryEntry, DirectoryQuery } from './types.ts';

/** An LDAP directory (RFC 4511) behind one or several servers. All it does fails with `DirectoryError` alone. */
export interface Directory extends Disposable {
  /** Searches as the account of the settings. Answers with the first entries up to the query's limit. */
  search(query: DirectoryQuery): Promise<readonly DirectoryEntry[]>;
  /**
   * Whether the directory takes this name with this password, asked on a connection of its own. An empty name or password
   * is refused without asking: servers answer such a bind with success, and it proves nothing (RFC 4513 §5.1.2).
   */
  verify(dn: string, password: string): Promise<boolean>;
}

/** Connections for searches, and for sign-ins; whatever comes beside them waits its turn. */
const mostSearches = 4;
const mostSignIns = 16;
/** So many wait at most; a flood of sign-ins must not pile up. */
const longestLine = 200;
/** A connection at rest is closed before firewalls forget it. */
const restMs = 60_000;

function createBoundedLimiter(most: number): Limiter {
  const limit = createLimiter(most);
  let inLine = 0;
  return async (work) => {
    if (inLine >= most + longestLine) throw new DirectoryError('unreachable', 'Too many questions to LDAP at once.');
    inLine += 1;
    try {
      return await limit(work);
    } finally {
      inLine -= 1;
    }
  };
}

export function createDirectory(config: DirectoryConfig): Directory {
  const order = createServerOrder(config.servers, config.clock);
  const limitSearches = createBoundedLimiter(mostSearches);
  const limitSignIns = createBoundedLimiter(mostSignIns);
  const resting = new Map<Session, NodeJS.Timeout>();
  let disposed = false;

  /** Does the work on a new connection, at the first server that answers all of it. `keep` is told of the connection then. */
  async function onSomeServer<T>(work: (session: Session) => Promise<T>, keep: (session: Session) => void): Promise<T> {
    let failure: unknown;
    for (const server of order.candidates()) {
      let session: Session | undefined;
      try {
        session = await openSession(server, config);
        const result = await work(session);
        order.answered(server);
        keep(session);
        return result;
      } catch (error) {
        session?.close();
        if (error instanceof DirectoryError && error.fault === 'misconfigured') {
          order.answered(server);
          throw error;
        }
        order.failed(server);
        failure = error;
      }
    }
    throw failure ?? new DirectoryError('unreachable', 'No LDAP server answered a moment ago; it is tried again soon.');
  }

  async function bindForSearches(session: Session): Promise<void> {
    if (config.searchDn === '') return;
    if (config.searchPassword === '') {
      throw new DirectoryError('misconfigured', 'The LDAP search user has no password.');
    }
    if (await session.bind(config.searchDn, config.searchPassword)) return;
    throw new DirectoryError('misconfigured', 'The LDAP server does not accept the search user or its password.');
  }

  function takeResting(): Session | undefined {
    for (const [session, timer] of resting) {
      clearTimeout(timer);
      resting.delete(session);
      if (session.isAlive()) return session;
      session.close();
    }
    return undefined;
  }

  function putToRest(session: Session): void {
    if (disposed || !session.isAlive()) return session.close();
    const timer = setTimeout(() => {
      resting.delete(session);
      session.close();
    }, restMs);
    timer.unref();
    resting.set(session, timer);
  }

  return {
    search: (query) =>
      limitSearches(async () => {
        const rested = takeResting();
        if (rested !== undefined) {
          try {
            return await rested.search(query);
          } catch (error) {
            // A server may close a connection at rest just when it is used again; a new one tells whether it lives.
            if (rested.isAlive()) throw error;
          } finally {
            putToRest(rested);
          }
        }
        return onSomeServer(async (session) => {
          await bindForSearches(session);
          return session.search(query);
        }, putToRest);
      }),
    verify: (dn, password) =>
      limitSignIns(async () => {
        if (dn === '' || password === '') return false;
        return onSomeServer(
          (session) => session.bind(dn, password),
          (session) => session.close(),
        );
      }),
    [Symbol.dispose]() {
      disposed = true;
      for (const [session, timer] of resting) {
        clearTimeout(timer);
        session.close();
      }
      resting.clear();
    },
  };
}
