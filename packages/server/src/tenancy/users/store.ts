import type { Transaction } from '#kernel/transaction';
import type { Eventually } from '#kernel/eventually';
import { type Db, within } from '#platform/db';

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
  insert(
    tx: Transaction,
    user: { name: string; password: string; admin: boolean; at: number },
  ): Promise<number | undefined>;
  setPassword(tx: Transaction, id: number, password: string, at: number): Promise<void>;
  setDisabled(tx: Transaction, id: number, disabled: boolean, at: number): Promise<void>;
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
          email: null,
          password: user.password,
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
        .set((row) => ({ password, updated_at: at, generation: row('generation', '+', 1) }))
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
  };
}
