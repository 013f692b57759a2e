import type { Transaction } from '#kernel/transaction';
import type { Eventually } from '#kernel/eventually';
import { type Db, within } from '#platform/db';
import type { Profile } from './types.ts';

export interface User {
  readonly id: number;
  readonly name: string;
  /** Where the account is known from: `local`, `ldap`, `oidc`. Only local ones have a password here. */
  readonly source: string;
  readonly password: string;
  /** Made an administrator here, or called one by the place the account is known from. */
  readonly admin: boolean;
  readonly disabled: boolean;
  readonly generation: number;
}

export interface UserStore {
  find(name: string): Eventually<User | undefined>;
  findById(id: number): Eventually<User | undefined>;
  /** Undefined where the name is taken. */
  insert(
    tx: Transaction,
    user: { name: string; password: string; admin: boolean; at: number } & Profile,
  ): Promise<number | undefined>;
  setPassword(tx: Transaction, id: number, password: string, at: number): Promise<void>;
  setDisabled(tx: Transaction, id: number, disabled: boolean, at: number): Promise<void>;
  /** Everything issued to somebody who is no administrator any more dies. */
  setAdmin(tx: Transaction, id: number, admin: boolean, at: number): Promise<void>;
  setProfile(tx: Transaction, id: number, profile: Profile, at: number): Promise<void>;
  isEmailTaken(tx: Transaction, email: string, except: number | undefined): Promise<boolean>;
  /** Ids of the administrators who can sign in; other changes of administrators wait until the transaction ends. */
  holdAdministrators(tx: Transaction): Promise<readonly number[]>;
  /** Hashes of passwords that the account had before, the latest first. */
  listOldPasswords(id: number, most: number): Promise<readonly string[]>;
  /** Keeps the hash that the account has now, and at most so many. */
  keepOldPassword(tx: Transaction, id: number, most: number): Promise<void>;
  /** With sessions, groups and all that hangs on the account; roles have to be taken before. */
  delete(tx: Transaction, id: number): Promise<void>;
  /** A new password for an account that is from now on local, an administrator and enabled. */
  recover(tx: Transaction, id: number, password: string, at: number): Promise<void>;
}

interface UserRow {
  readonly id: number;
  readonly name: string;
  readonly source: string;
  readonly password: string;
  readonly admin: number;
  readonly admin_in_auth: number;
  readonly disabled: number;
  readonly generation: number;
}

const columns = ['id', 'name', 'source', 'password', 'admin', 'admin_in_auth', 'disabled', 'generation'] as const;

function toUser(row: UserRow | undefined): User | undefined {
  if (row === undefined) return undefined;
  const { admin, admin_in_auth: adminInAuth, ...user } = row;
  return { ...user, admin: admin === 1 || adminInAuth === 1, disabled: row.disabled === 1 };
}

export function createUserStore(db: Db): UserStore {
  const byName = db.prepareFirst<UserRow>((q, value) =>
    q.selectFrom('user_account').select(columns).where('name', '=', value('name')),
  );
  const byId = db.prepareFirst<UserRow>((q, value) =>
    q.selectFrom('user_account').select(columns).where('id', '=', value<number>('id')),
  );
  const read = (row: Eventually<UserRow | undefined>) => (row instanceof Promise ? row.then(toUser) : toUser(row));
  return {
    find: (name) => read(byName({ name })),
    findById: (id) => read(byId({ id })),
    async insert(tx, user) {
      const row = await within(tx)
        .insertInto('user_account')
        .values({
          name: user.name,
          email: user.email || null,
          realname: user.realname ?? '',
          comment: user.comment ?? '',
          password: user.password,
          password_changed_at: user.at,
          admin: user.admin ? 1 : 0,
          disabled: 0,
          created_at: user.at,
          updated_at: user.at,
        })
        .onConflict((conflict) => conflict.column('name').doNothing())
        .returning('id')
        .executeTakeFirst();
      return row?.id;
    },
    async setPassword(tx, id, password, at) {
      await within(tx)
        .updateTable('user_account')
        .set((row) => ({ password, password_changed_at: at, updated_at: at, generation: row('generation', '+', 1) }))
        .where('id', '=', id)
        .execute();
    },
    async recover(tx, id, password, at) {
      await within(tx)
        .updateTable('user_account')
        .set((row) => ({
          password,
          password_changed_at: at,
          source: 'local',
          admin: 1,
          disabled: 0,
          updated_at: at,
          generation: row('generation', '+', 1),
        }))
        .where('id', '=', id)
        .execute();
    },
    async setDisabled(tx, id, disabled, at) {
      await within(tx)
        .updateTable('user_account')
        .set((row) => ({ disabled: disabled ? 1 : 0, updated_at: at, generation: row('generation', '+', 1) }))
        .where('id', '=', id)
        .execute();
    },
    async setAdmin(tx, id, admin, at) {
      await within(tx)
        .updateTable('user_account')
        .set((row) => ({ admin: admin ? 1 : 0, updated_at: at, generation: row('generation', '+', admin ? 0 : 1) }))
        .where('id', '=', id)
        .execute();
    },
    async setProfile(tx, id, { email, realname, comment }, at) {
      await within(tx)
        .updateTable('user_account')
        .set({
          ...(email === undefined ? {} : { email: email || null }),
          ...(realname === undefined ? {} : { realname }),
          ...(comment === undefined ? {} : { comment }),
          updated_at: at,
        })
        .where('id', '=', id)
        .execute();
    },
    async isEmailTaken(tx, email, except) {
      const taken = await within(tx)
        .selectFrom('user_account')
        .select('id')
        .where('email', '=', email)
        .where('id', '<>', except ?? 0)
        .limit(1)
        .executeTakeFirst();
      return taken !== undefined;
    },
    async holdAdministrators(tx) {
      const rows = await within(tx)
        .updateTable('user_account')
        .set((row) => ({ updated_at: row.ref('updated_at') }))
        .where((where) => where.or([where('admin', '=', 1), where('admin_in_auth', '=', 1)]))
        .where('disabled', '=', 0)
        .returning('id')
        .execute();
      return rows.map(({ id }) => id);
    },
    async listOldPasswords(id, most) {
      const rows = await db.read
        .selectFrom('password_history')
        .select('password')
        .where('user_id', '=', id)
        .orderBy('id', 'desc')
        .limit(most)
        .execute();
      return rows.map(({ password }) => password);
    },
    async keepOldPassword(tx, id, most) {
      const q = within(tx);
      await q
        .insertInto('password_history')
        .columns(['user_id', 'password'])
        .expression(q.selectFrom('user_account').select(['id', 'password']).where('id', '=', id))
        .execute();
      const kept = await q
        .selectFrom('password_history')
        .select('id')
        .where('user_id', '=', id)
        .orderBy('id', 'desc')
        .limit(most)
        .execute();
      await q
        .deleteFrom('password_history')
        .where('user_id', '=', id)
        .where(
          'id',
          'not in',
          kept.map((row) => row.id),
        )
        .execute();
    },
    async delete(tx, id) {
      await within(tx).deleteFrom('user_account').where('id', '=', id).execute();
    },
  };
}
