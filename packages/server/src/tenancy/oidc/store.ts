import type { Eventually } from '#kernel/eventually';
import type { Transaction } from '#kernel/transaction';
import { type Db, within } from '#platform/db';
import { createExternalAccountStore } from '#tenancy/onboarding';
import type { Membership, OidcIdentity, Profile } from './types.ts';

export interface NewIdentity {
  readonly issuer: string;
  readonly subject: string;
  readonly profile: Profile;
  readonly at: number;
}

export interface OidcStore {
  findBySubject(issuer: string, subject: string): Eventually<OidcIdentity | undefined>;
  findByName(userName: string): Eventually<OidcIdentity | undefined>;
  findByUser(userId: number): Eventually<OidcIdentity | undefined>;
  /**
   * Makes an account and its identity. `seal` is told the user's id, which the sealed secrets are bound to. Answers
   * undefined, and writes nothing, when the name is taken.
   */
  insert(
    tx: Transaction,
    identity: NewIdentity,
    seal: (userId: number) => { readonly refreshToken: string | null; readonly cliSecret: string },
  ): Promise<number | undefined>;
  /** Writes down that the provider lets the user in, and the newest refresh token; null for one that came without. */
  confirm(
    tx: Transaction,
    userId: number,
    seen: { readonly refreshToken: string | null | undefined; readonly used: boolean; readonly at: number },
  ): Promise<void>;
  /** Writes down that the provider no longer lets the user in. Everything issued to the user stops working. */
  refuse(tx: Transaction, userId: number, at: number): Promise<void>;
  /** Puts what the provider says in place of what it said before. Answers whether anything changed. */
  replaceMembership(tx: Transaction, userId: number, membership: Membership, at: number): Promise<boolean>;
  /** One caller at a time gets to ask about the user: true until `until`, or when the verdict changes. */
  claim(tx: Transaction, userId: number, checkedAt: number, now: number, until: number): Promise<boolean>;
  unclaim(tx: Transaction, userId: number): Promise<void>;
  touch(tx: Transaction, userId: number, at: number): Promise<void>;
  setCliSecret(tx: Transaction, userId: number, sealed: string, at: number): Promise<void>;
  /** Users with a refresh token who were last confirmed before, and who came in after or have a session. */
  listDue(checkedBefore: number, usedAfter: number, limit: number): Promise<readonly number[]>;
  /** Keeps what a sign-in needs in its next step, and drops what nobody came for. */
  insertStep(
    tx: Transaction,
    step: { readonly tokenHash: string; readonly kind: string; readonly content: string; readonly at: number },
    forgetBefore: number,
  ): Promise<void>;
  countSteps(since: number): Promise<number>;
  findStep(tokenHash: string, kind: string, since: number): Promise<string | undefined>;
  /** True once: whoever takes a step goes it alone. */
  deleteStep(tx: Transaction, tokenHash: string): Promise<boolean>;
}

const columns = [
  'oidc_identity.user_id',
  'user_account.name',
  'user_account.admin',
  'user_account.admin_in_auth',
  'user_account.disabled',
  'oidc_identity.issuer',
  'oidc_identity.subject',
  'oidc_identity.refresh_token',
  'oidc_identity.cli_secret',
  'oidc_identity.allowed',
  'oidc_identity.checked_at',
  'oidc_identity.used_at',
  'oidc_identity.created_at',
  'oidc_identity.updated_at',
] as const;

interface Row {
  readonly user_id: number;
  readonly name: string;
  readonly admin: number;
  readonly admin_in_auth: number;
  readonly disabled: number;
  readonly issuer: string;
  readonly subject: string;
  readonly refresh_token: string | null;
  readonly cli_secret: string;
  readonly allowed: number;
  readonly checked_at: number;
  readonly used_at: number;
  readonly created_at: number;
  readonly updated_at: number;
}

const toIdentity = (row: Row | undefined): OidcIdentity | undefined =>
  row && {
    userId: row.user_id,
    userName: row.name,
    admin: row.admin === 1 || row.admin_in_auth === 1,
    disabled: row.disabled === 1,
    issuer: row.issuer,
    subject: row.subject,
    refreshToken: row.refresh_token ?? undefined,
    cliSecret: row.cli_secret,
    allowed: row.allowed === 1,
    checkedAt: row.checked_at,
    usedAt: row.used_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };

export function createOidcStore(db: Db): OidcStore {
  const accounts = createExternalAccountStore(db);
  const joined = () =>
    db.read
      .selectFrom('oidc_identity')
      .innerJoin('user_account', 'user_account.id', 'oidc_identity.user_id')
      .select(columns);

  /** Whether that changed anything. */
  async function takeOverGroups(
    tx: Transaction,
    userId: number,
    names: readonly string[],
    at: number,
  ): Promise<boolean> {
    const held = await within(tx)
      .selectFrom('user_group_member')
      .innerJoin('user_group', 'user_group.id', 'user_group_member.group_id')
      .select('user_group.name')
      .where('user_group_member.user_id', '=', userId)
      .where('user_group_member.source', '=', 'oidc')
      .execute();
    const wanted = new Set(names);
    if (held.length === wanted.size && held.every(({ name }) => wanted.has(name))) return false;
    const groups = names.map((name) => ({ name, dn: '' }));
    await accounts.replaceGroups(tx, { id: userId, source: 'oidc' }, groups, at);
    return true;
  }

  return {
    findBySubject: async (issuer, subject) =>
      toIdentity(await joined().where('issuer', '=', issuer).where('subject', '=', subject).executeTakeFirst()),
    findByName: async (name) => toIdentity(await joined().where('user_account.name', '=', name).executeTakeFirst()),
    findByUser: async (userId) =>
      toIdentity(await joined().where('oidc_identity.user_id', '=', userId).executeTakeFirst()),
    async insert(tx, { issuer, subject, profile, at }, seal) {
      const { userName: name, realName: realname, email = '' } = profile;
      const person = { source: 'oidc', name, realname, email, admin: false, groups: [] } as const;
      const userId = await accounts.insert(tx, person, at);
      if (userId === undefined) return undefined;
      const { refreshToken, cliSecret } = seal(userId);
      await within(tx)
        .insertInto('oidc_identity')
        .values({
          user_id: userId,
          issuer,
          subject,
          refresh_token: refreshToken,
          cli_secret: cliSecret,
          checked_at: at,
          used_at: at,
          created_at: at,
          updated_at: at,
        })
        .execute();
      return userId;
    },
    async confirm(tx, userId, { refreshToken, used, at }) {
      await within(tx)
        .updateTable('oidc_identity')
        .set({
          allowed: 1,
          checked_at: at,
          claimed_until: 0,
          updated_at: at,
          ...(used ? { used_at: at } : {}),
          ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
        })
        .where('user_id', '=', userId)
        .execute();
    },
    async refuse(tx, userId, at) {
      await within(tx)
        .updateTable('oidc_identity')
        .set({ allowed: 0, refresh_token: null, checked_at: at, claimed_until: 0, updated_at: at })
        .where('user_id', '=', userId)
        .execute();
      await takeOverGroups(tx, userId, [], at);
      await within(tx)
        .updateTable('user_account')
        .set((row) => ({ admin_in_auth: 0, generation: row('generation', '+', 1), updated_at: at }))
        .where('id', '=', userId)
        .execute();
    },
    async replaceMembership(tx, userId, { groups, admin }, at) {
      const flag = admin ? 1 : 0;
      const changed = await within(tx)
        .updateTable('user_account')
        .set((row) => ({ admin_in_auth: flag, generation: row('generation', '+', 1), updated_at: at }))
        .where('id', '=', userId)
        .where('admin_in_auth', '<>', flag)
        .returning('id')
        .executeTakeFirst();
      const regrouped = await takeOverGroups(tx, userId, groups, at);
      return changed !== undefined || regrouped;
    },
    async claim(tx, userId, checkedAt, now, until) {
      const claimed = await within(tx)
        .updateTable('oidc_identity')
        .set({ claimed_until: until })
        .where('user_id', '=', userId)
        .where('checked_at', '=', checkedAt)
        .where('claimed_until', '<=', now)
        .returning('user_id')
        .executeTakeFirst();
      return claimed !== undefined;
    },
    async unclaim(tx, userId) {
      await within(tx).updateTable('oidc_identity').set({ claimed_until: 0 }).where('user_id', '=', userId).execute();
    },
    async touch(tx, userId, at) {
      await within(tx).updateTable('oidc_identity').set({ used_at: at }).where('user_id', '=', userId).execute();
    },
    async setCliSecret(tx, userId, sealed, at) {
      await within(tx)
        .updateTable('oidc_identity')
        .set({ cli_secret: sealed, updated_at: at })
        .where('user_id', '=', userId)
        .execute();
    },
    async listDue(checkedBefore, usedAfter, limit) {
      const rows = await db.read
        .selectFrom('oidc_identity')
        .select('user_id')
        .where('checked_at', '<=', checkedBefore)
        .where('allowed', '=', 1)
        .where('refresh_token', 'is not', null)
        .where((where) =>
          where.or([
            where('used_at', '>', usedAfter),
            where.exists(
              where
                .selectFrom('session')
                .select('session.id')
                .whereRef('session.user_id', '=', 'oidc_identity.user_id'),
            ),
          ]),
        )
        .orderBy('checked_at')
        .limit(limit)
        .execute();
      return rows.map((row) => row.user_id);
    },
    async insertStep(tx, { tokenHash, kind, content, at }, forgetBefore) {
      await within(tx).deleteFrom('oidc_step').where('created_at', '<', forgetBefore).execute();
      await within(tx)
        .insertInto('oidc_step')
        .values({ token_hash: tokenHash, kind, content, created_at: at })
        .execute();
    },
    async countSteps(since) {
      const row = await db.read
        .selectFrom('oidc_step')
        .select((q) => q.fn.countAll().as('steps'))
        .where('created_at', '>', since)
        .executeTakeFirstOrThrow();
      return Number(row.steps);
    },
    async findStep(tokenHash, kind, since) {
      const row = await db.read
        .selectFrom('oidc_step')
        .select('content')
        .where('token_hash', '=', tokenHash)
        .where('kind', '=', kind)
        .where('created_at', '>', since)
        .executeTakeFirst();
      return row?.content;
    },
    async deleteStep(tx, tokenHash) {
      const row = await within(tx)
        .deleteFrom('oidc_step')
        .where('token_hash', '=', tokenHash)
        .returning('token_hash')
        .executeTakeFirst();
      return row !== undefined;
    },
  };
}
