import { sql } from 'kysely';
import type { Condition, ListQuery } from '#kernel/list-query';
import { applyConditions, applyPage, type Db, escapeLike, type ListColumns } from '#platform/db';
import type { UserDetail } from './types.ts';

export interface UserReadModel {
  get(id: number): Promise<UserDetail | undefined>;
  list(
    list: ListQuery,
    conditions: readonly Condition[],
  ): Promise<{ readonly users: readonly UserDetail[]; readonly total: number }>;
  /** Names and ids of those who can sign in, by a part of the name in any case. */
  search(
    part: string,
    page: { readonly page: number; readonly pageSize: number },
  ): Promise<{ readonly users: readonly Pick<UserDetail, 'id' | 'name'>[]; readonly total: number }>;
}

const columns: ListColumns = {
  user_id: { ref: 'user_account.id', kind: 'number' },
  username: { ref: 'user_account.name', kind: 'text' },
  email: { ref: 'user_account.email', kind: 'text' },
  realname: { ref: 'user_account.realname', kind: 'text' },
  comment: { ref: 'user_account.comment', kind: 'text' },
  sysadmin_flag: { ref: 'user_account.admin', kind: 'flag' },
  creation_time: { ref: 'user_account.created_at', kind: 'time' },
  update_time: { ref: 'user_account.updated_at', kind: 'time' },
};

const selected = [
  'id',
  'name',
  'email',
  'realname',
  'comment',
  'source',
  'admin',
  'admin_in_auth',
  'disabled',
  'password_changed_at',
  'created_at',
  'updated_at',
] as const;

interface Row {
  readonly id: number;
  readonly name: string;
  readonly email: string | null;
  readonly realname: string;
  readonly comment: string;
  readonly source: string;
  readonly admin: number;
  readonly admin_in_auth: number;
  readonly disabled: number;
  readonly password_changed_at: number;
  readonly created_at: number;
  readonly updated_at: number;
}

const toDetail = (row: Row): UserDetail => ({
  id: row.id,
  name: row.name,
  email: row.email ?? '',
  realname: row.realname,
  comment: row.comment,
  source: row.source,
  admin: row.admin === 1,
  adminInAuth: row.admin_in_auth === 1,
  disabled: row.disabled === 1,
  passwordChangedAt: row.password_changed_at,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

export function createUserReadModel(db: Db): UserReadModel {
  return {
    async get(id) {
      const row = await db.read.selectFrom('user_account').select(selected).where('id', '=', id).executeTakeFirst();
      return row && toDetail(row);
    },
    async list(list, conditions) {
      const asked = applyConditions(db.read.selectFrom('user_account'), [...list.conditions, ...conditions], columns);
      const order = { tie: 'user_account.id', first: [{ field: 'username', descending: false }] };
      const rows = await applyPage(asked.select(selected), list, columns, order).execute();
      const { total } = await asked.select((q) => q.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
      return { users: rows.map(toDetail), total: Number(total) };
    },
    async search(part, { page, pageSize }) {
      const asked = db.read
        .selectFrom('user_account')
        .where('disabled', '=', 0)
        .where(sql<boolean>`lower(name) like ${`%${escapeLike(part.toLowerCase())}%`} escape '!'`);
      const users = await asked
        .select(['id', 'name'])
        .orderBy('name')
        .limit(pageSize)
        .offset((page - 1) * pageSize)
        .execute();
      const { total } = await asked.select((q) => q.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
      return { users, total: Number(total) };
    },
  };
}
