import { createHash, createHmac, randomBytes } from 'node:crypto';
import type { Asker, UserActor } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import type { NewId } from '#kernel/ids';
import type { Transact, Transaction } from '#kernel/transaction';
import { RegistryError } from '#kernel/errors';
import type { SecretBox } from '#platform/crypto';
import type { Audit } from '#tenancy/audit';
import type { SessionStore } from './store.ts';
import type { FoundSession, SessionSummary } from './types.ts';

/** Who signed in, and from where. */
export interface SignedIn {
  readonly actor: UserActor;
  readonly address: string;
  readonly userAgent: string | undefined;
  /** The session the browser had before; it ends, so that nobody can have planted it. */
  readonly before?: string | undefined;
  /** What the provider wants to see when the session ends. */
  readonly providerToken?: string | undefined;
}

export interface Sessions {
  /** Begins a session and answers with the token for the cookie. Fails with `unauthorized` when the user is gone. */
  begin(signedIn: SignedIn): Promise<string>;
  /**
   * The session of a token; undefined when it never was, is over, idle for too long, or when the user was disabled or
   * changed (password, administration) since. Asked at every request, so that an end is the end on every node.
   */
  find(token: string | undefined): Promise<FoundSession | undefined>;
  /** Ends a session by its token, and answers what its provider wants to see; nothing when it was over. */
  end(token: string, asker: Omit<Asker, 'actor'>): Promise<{ readonly providerToken: string | undefined } | undefined>;
  /** Ends all sessions of a user in the transaction that takes away what they rest on; answers how many. */
  endAllOf(tx: Transaction, userId: number, except?: string): Promise<number>;
  /** Ends a session on behalf of somebody, by its id; false when there is none. */
  revoke(asker: Asker, id: string): Promise<boolean>;
  /** Ends the asker's other sessions; answers how many. */
  revokeOthers(asker: Asker, userId: number, current: string | undefined): Promise<number>;
  findSummary(id: string): Promise<SessionSummary | undefined>;
  /** Newest first; of one user, or of everybody. `page` counts from one. */
  list(of: {
    readonly userId?: number | undefined;
    readonly page: number;
    readonly pageSize: number;
  }): Promise<{ readonly sessions: readonly SessionSummary[]; readonly total: number }>;
}

export interface SessionsDeps {
  readonly store: SessionStore;
  readonly transact: Transact;
  readonly audit: Pick<Audit, 'write'>;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly box: Pick<SecretBox, 'seal' | 'open'>;
  /** After so long without a request a session is over: the setting `session_timeout`. */
  readonly idleMs: () => number;
}

/** However busy, a session ends after half a day (OWASP ASVS 3.3). */
const longestMs = 12 * 3600_000;

/** A session's last request is written down once a minute. */
const touchMs = 60_000;

const longestUserAgent = 255;

export function createSessions(deps: SessionsDeps): Sessions {
  const { store, transact, audit, clock, box } = deps;

  const living = () => ({ createdAfter: clock() - longestMs, seenAfter: clock() - deps.idleMs() });

  const noteEnd = (tx: Transaction, asker: Asker, resource: string) =>
    audit.write(tx, { action: 'delete-session', asker, resource, outcome: 'success' });

  return {
    async begin({ actor, address, userAgent, before, providerToken }) {
      const token = randomBytes(32).toString('base64url');
      const id = deps.newId();
      const session = {
        id,
        tokenHash: hashOf(token),
        userId: actor.userId,
        address,
        userAgent: (userAgent ?? '').replaceAll(/\p{Cc}/gu, ' ').slice(0, longestUserAgent),
        at: clock(),
        providerToken: providerToken === undefined ? null : box.seal(providerToken, placeOf(id)),
      };
      const begun = await transact(async (tx) => {
        if (before !== undefined) await store.delete(tx, { tokenHash: hashOf(before) });
        await store.deleteExpired(tx, living());
        return store.insert(tx, session);
      });
      if (!begun) throw new RegistryError('unauthorized', 'The account was disabled or removed.');
      return token;
    },
    async find(token) {
      if (token === undefined) return undefined;
      const found = await store.find(hashOf(token));
      const now = clock();
      const { createdAfter, seenAfter } = living();
      if (found === undefined || found.created_at <= createdAfter || found.seen_at <= seenAfter) return undefined;
      const admin = found.admin === 1 || found.admin_in_auth === 1;
      if (admin !== (found.began_as_admin === 1)) return undefined;
      if (now - found.seen_at >= touchMs) {
        await transact((tx) => store.touch(tx, found.id, now), { durable: false });
      }
      return {
        sessionId: found.id,
        actor: { kind: 'user', userId: found.user_id, name: found.user_name, admin },
        source: found.source,
        csrfKey: createHmac('sha256', token).update('key for csrf tokens').digest('base64url'),
      };
    },
    async end(token, { address, requestId }) {
      const tokenHash = hashOf(token);
      const found = await store.find(tokenHash);
      const ended = await transact(async (tx) => {
        const deleted = await store.delete(tx, { tokenHash });
        if (deleted === undefined || found === undefined) return deleted;
        const actor = { kind: 'user', userId: found.user_id, name: found.user_name, admin: false } as const;
        await audit.write(tx, {
          action: 'logout',
          asker: { actor, address, requestId },
          resource: found.user_name,
          outcome: 'success',
        });
        return deleted;
      });
      const sealed = ended?.providerToken ?? undefined;
      return ended && { providerToken: sealed === undefined ? undefined : box.open(sealed, placeOf(ended.id)) };
    },
    endAllOf: (tx, userId, except) => store.deleteOfUser(tx, userId, except),
    revoke: (asker, id) =>
      transact(async (tx) => {
        const ended = await store.delete(tx, { id });
        if (ended !== undefined) await noteEnd(tx, asker, id);
        return ended !== undefined;
      }),
    revokeOthers: (asker, userId, current) =>
      transact(async (tx) => {
        const ended = await store.deleteOfUser(tx, userId, current);
        if (ended > 0) await noteEnd(tx, asker, `${ended} sessions of user ${userId}`);
        return ended;
      }),
    findSummary: (id) => store.findSummary(id, living()),
    list: ({ userId, page, pageSize }) =>
      store.list({ userId, offset: (page - 1) * pageSize, limit: pageSize }, living()),
  };
}

/** Where a provider's token is sealed for. */
const placeOf = (id: string) => `session/provider_token/${id}`;

/** The token has 256 random bits: a plain hash is enough to keep a copy of the database from opening anything. */
function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
