import type { Eventually } from '#kernel/eventually';
import type { Transaction } from '#kernel/transaction';
import { type Db, within } from '#platform/db';
import type { SessionSummary } from './types.ts';

export interface StoredSession {
  readonly id: string;
  readonly user_id: number;
  readonly user_name: string;
  readonly source: string;
  readonly admin: number;
  readonly admin_in_auth: number;
  /** Whether the user was an administrator when it began. */
  readonly began_as_admin: number;
  readonly created_at: number;
  readonly seen_at: number;
}

export interface NewSession {
  readonly id: string;
  readonly tokenHash: string;
  readonly userId: number;
  readonly address: string;
  readonly userAgent: string;
  readonly at: number;
  readonly providerToken: string | null;
}

/** Sessions that began and were seen after these times. */
export interface Living {
  readonly createdAfter: number;
  readonly seenAfter: number;
}

export interface SessionPage {
  readonly userId: number | undefined;
  readonly offset: number;
  readonly limit: number;
}

export interface SessionStore {
  /** The session of that token, unless its user was disabled or changed since it began. */
  find(tokenHash: string): Eventually<StoredSession | undefined>;
  /** Writes nothing and answers false when the user is gone or disabled. */
  insert(tx: Transaction, session: NewSession): Promise<boolean>;
  touch(tx: Transaction, id: string, at: number): Promise<void>;
  /** Whose it was, and what its provider wants to see at the end; undefined when it was over already. */
  delete(
    tx: Transaction,
    by: { readonly id: string } | { readonly tokenHash: string },
  ): Promise<{ readonly id: string; readonly userId: number; readonly providerToken: string | null } | undefined>;
  /** How many there were. */
  deleteOfUser(tx: Transaction, userId: number, except: string | undefined): Promise<number>;
  deleteExpired(tx: Transaction, living: Living): Promise<void>;
  findSummary(id: string, living: Living): Promise<SessionSummary | undefined>;
  /** Newest first. */
  list(page: SessionPage, living: Living): Promise<{ readonly sessions: SessionSummary[]; readonly total: number }>;
}

const summaryColumns = [
  'session.id',
  'session.user_id as userId',
  'user_account.name as userName',
  'session.source',
  'session.address',
  'session.user_agent as userAgent',
  'session.created_at as createdAt',
  'session.seen_at as seenAt',
] as const;

export function createSessionStore(db: Db): SessionStore {
  const byToken = db.prepareFirst<StoredSession>((q, value) =>
    q
      .selectFrom('session')
      .innerJoin('user_account', 'user_account.id', 'session.user_id')
      .select([
        'session.id',
        'session.user_id',
        'user_account.name as user_name',
        'session.source',
        'user_account.admin',
        'user_account.admin_in_auth',
        'session.admin as began_as_admin',
        'session.created_at',
        'session.seen_at',
      ])
      .where('session.token_hash', '=', value('token'))
      .whereRef('session.generation', '=', 'user_account.generation')
      .where('user_account.disabled', '=', 0),
  );

  /** Sessions that would open something today. */
  const living = ({ createdAfter, seenAfter }: Living) =>
    db.read
      .selectFrom('session')
      .innerJoin('user_account', 'user_account.id', 'session.user_id')
      .whereRef('session.generation', '=', 'user_account.generation')
      .where('user_account.disabled', '=', 0)
      .where('session.created_at', '>', createdAfter)
      .where('session.seen_at', '>', seenAfter);

  return {
    find: (token) => byToken({ token }),
    async insert(tx, session) {
      const user = await within(tx)
        .selectFrom('user_account')
        .select(['generation', 'source', 'admin', 'admin_in_auth'])
        .where('id', '=', session.userId)
        .where('disabled', '=', 0)
        .executeTakeFirst();
      if (user === undefined) return false;
      await within(tx)
        .insertInto('session')
        .values({
          id: session.id,
          token_hash: session.tokenHash,
          user_id: session.userId,
          generation: user.generation,
          admin: user.admin === 1 || user.admin_in_auth === 1 ? 1 : 0,
          source: user.source,
          address: session.address,
          user_agent: session.userAgent,
          created_at: session.at,
          seen_at: session.at,
          provider_token: session.providerToken,
        })
        .execute();
      return true;
    },
    async touch(tx, id, at) {
      await within(tx).updateTable('session').set({ seen_at: at }).where('id', '=', id).execute();
    },
    async delete(tx, by) {
      const [column, value] = 'id' in by ? (['id', by.id] as const) : (['token_hash', by.tokenHash] as const);
      const row = await within(tx)
        .deleteFrom('session')
        .where(column, '=', value)
        .returning(['id', 'user_id', 'provider_token'])
        .executeTakeFirst();
      return row && { id: row.id, userId: row.user_id, providerToken: row.provider_token };
    },
    async deleteOfUser(tx, userId, except) {
      const own = within(tx).deleteFrom('session').where('user_id', '=', userId);
      const rows = await (except === undefined ? own : own.where('id', '<>', except)).returning('id').execute();
      return rows.length;
    },
    async deleteExpired(tx, { createdAfter, seenAfter }) {
      await within(tx)
        .deleteFrom('session')
        .where((where) => where.or([where('created_at', '<=', createdAfter), where('seen_at', '<=', seenAfter)]))
        .execute();
    },
    findSummary: (id, when) => living(when).select(summaryColumns).where('session.id', '=', id).executeTakeFirst(),
    async list({ userId, offset, limit }, when) {
      const all = userId === undefined ? living(when) : living(when).where('session.user_id', '=', userId);
      const [sessions, count] = await Promise.all([
        all
          .select(summaryColumns)
          .orderBy('session.created_at', 'desc')
          .orderBy('session.id')
          .limit(limit)
          .offset(offset)
          .execute(),
        all.select(({ fn }) => fn.countAll().as('total')).executeTakeFirstOrThrow(),
      ]);
      return { sessions, total: Number(count.total) };
    },
  };
}
