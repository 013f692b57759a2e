import type { Permission } from '@entrepot/contract/permissions';
import type { ListQuery } from '#kernel/list-query';
import type { Transaction } from '#kernel/transaction';
import { applyConditions, applyPage, type Db, type ListColumns, within } from '#platform/db';
import type { Role } from './types.ts';

export type NewRole = Pick<Role, 'name' | 'level' | 'description' | 'permissions'>;

export interface RoleStore {
  find(id: number): Promise<Role | undefined>;
  list(list: ListQuery): Promise<{ readonly roles: readonly Role[]; readonly total: number }>;
  /** Undefined where the name is taken. */
  insert(tx: Transaction, role: NewRole, at: number): Promise<number | undefined>;
  isNameTaken(tx: Transaction, name: string, except: number): Promise<boolean>;
  update(tx: Transaction, id: number, role: Omit<NewRole, 'level'>, at: number): Promise<void>;
  /** Whether anybody has it anywhere. */
  isGiven(tx: Transaction, id: number): Promise<boolean>;
  delete(tx: Transaction, id: number): Promise<void>;
}

interface Row {
  readonly id: number;
  readonly name: string;
  readonly level: 'project' | 'system';
  readonly description: string;
  readonly permissions: string;
  readonly created_at: number;
  readonly updated_at: number;
}

const columns: ListColumns = {
  id: { ref: 'role.id', kind: 'number' },
  name: { ref: 'role.name', kind: 'text' },
  level: { ref: 'role.level', kind: 'text' },
  creation_time: { ref: 'role.created_at', kind: 'time' },
  update_time: { ref: 'role.updated_at', kind: 'time' },
};

const toRole = (row: Row): Role => ({
  id: row.id,
  name: row.name,
  level: row.level,
  description: row.description,
  permissions: JSON.parse(row.permissions) as Permission[],
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

export function createRoleStore(db: Db): RoleStore {
  return {
    async find(id) {
      const row = await db.read.selectFrom('role').selectAll().where('id', '=', id).executeTakeFirst();
      return row && toRole(row);
    },
    async list(list) {
      const asked = applyConditions(db.read.selectFrom('role'), list.conditions, columns);
      const order = { tie: 'role.id', first: [{ field: 'name', descending: false }] };
      const rows = await applyPage(asked.selectAll(), list, columns, order).execute();
      const { total } = await asked.select((q) => q.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
      return { roles: rows.map(toRole), total: Number(total) };
    },
    async insert(tx, role, at) {
      const row = await within(tx)
        .insertInto('role')
        .values({ ...role, permissions: JSON.stringify(role.permissions), created_at: at, updated_at: at })
        .onConflict((conflict) => conflict.column('name').doNothing())
        .returning('id')
        .executeTakeFirst();
      return row?.id;
    },
    async isNameTaken(tx, name, except) {
      const taken = await within(tx)
        .selectFrom('role')
        .select('id')
        .where('name', '=', name)
        .where('id', '<>', except)
        .executeTakeFirst();
      return taken !== undefined;
    },
    async update(tx, id, { name, description, permissions }, at) {
      await within(tx)
        .updateTable('role')
        .set({ name, description, permissions: JSON.stringify(permissions), updated_at: at })
        .where('id', '=', id)
        .execute();
    },
    async isGiven(tx, id) {
      for (const table of ['member', 'repository_member', 'system_member'] as const) {
        const given = await within(tx)
          .selectFrom(table)
          .select('id')
          .where('role_id', '=', id)
          .limit(1)
          .executeTakeFirst();
        if (given !== undefined) return true;
      }
      return false;
    },
    async delete(tx, id) {
      await within(tx).deleteFrom('role').where('id', '=', id).execute();
    },
  };
}
