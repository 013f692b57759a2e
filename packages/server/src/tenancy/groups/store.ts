import { sql } from 'kysely';
import type { Transaction } from '#kernel/transaction';
import { type Db, escapeLike, within } from '#platform/db';
import type { Group, NewGroup } from './types.ts';

export interface GroupPage {
  readonly types: readonly number[];
  /** A part of the name, in any case. */
  readonly name?: string | undefined;
  readonly dn?: string | undefined;
  readonly page: number;
  readonly pageSize: number;
}

export interface GroupStore {
  find(id: number): Promise<Group | undefined>;
  /** Of any type; several may have the name. */
  findByName(name: string): Promise<readonly Group[]>;
  list(page: GroupPage): Promise<{ readonly groups: readonly Group[]; readonly total: number }>;
  /** Undefined where it is known already. */
  insert(tx: Transaction, group: NewGroup, at: number): Promise<number | undefined>;
  /** The id of the group, which is made where it is not known. */
  ensure(tx: Transaction, group: NewGroup, at: number): Promise<number>;
  /** False where another group of its type has the name. */
  rename(tx: Transaction, group: Group, name: string, at: number): Promise<boolean>;
  delete(tx: Transaction, id: number): Promise<void>;
  listPeople(
    id: number,
    page: { readonly page: number; readonly pageSize: number },
  ): Promise<{ readonly people: readonly Person[]; readonly total: number }>;
  /** False where he is in it already. */
  addPerson(tx: Transaction, id: number, userId: number): Promise<boolean>;
  /** False where he is not in it. */
  removePerson(tx: Transaction, id: number, userId: number): Promise<boolean>;
}

export interface Person {
  readonly id: number;
  readonly name: string;
}

interface Row {
  readonly id: number;
  readonly name: string;
  readonly type: number;
  readonly ldap_dn: string;
  readonly created_at: number;
  readonly updated_at: number;
}

const toGroup = (row: Row): Group => ({
  id: row.id,
  name: row.name,
  type: row.type,
  dn: row.ldap_dn,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

export function createGroupStore(db: Db): GroupStore {
  /** A group of a directory is known by its place there, every other by its name. */
  const known = (tx: Transaction, { name, type, dn }: NewGroup) => {
    const same = within(tx).selectFrom('user_group').select('id').where('type', '=', type).where('ldap_dn', '=', dn);
    return dn === '' ? same.where('name', '=', name) : same;
  };

  async function insert(tx: Transaction, group: NewGroup, at: number): Promise<number | undefined> {
    const row = await within(tx)
      .insertInto('user_group')
      .values({ name: group.name, type: group.type, ldap_dn: group.dn, created_at: at, updated_at: at })
      .onConflict((conflict) => conflict.doNothing())
      .returning('id')
      .executeTakeFirst();
    return row?.id;
  }

  return {
    async find(id) {
      const row = await db.read.selectFrom('user_group').selectAll().where('id', '=', id).executeTakeFirst();
      return row && toGroup(row);
    },
    async findByName(name) {
      const rows = await db.read.selectFrom('user_group').selectAll().where('name', '=', name).limit(10).execute();
      return rows.map(toGroup);
    },
    async list({ types, name, dn, page, pageSize }) {
      let asked = db.read.selectFrom('user_group').where('type', 'in', types);
      if (dn !== undefined) asked = asked.where('ldap_dn', '=', dn);
      if (name !== undefined) {
        asked = asked.where(sql<boolean>`lower(name) like ${`%${escapeLike(name.toLowerCase())}%`} escape '!'`);
      }
      const rows = await asked
        .selectAll()
        .orderBy('name')
        .orderBy('id')
        .limit(pageSize)
        .offset((page - 1) * pageSize)
        .execute();
      const { total } = await asked.select((q) => q.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
      return { groups: rows.map(toGroup), total: Number(total) };
    },
    insert,
    async ensure(tx, group, at) {
      const made = (await known(tx, group).executeTakeFirst())?.id ?? (await insert(tx, group, at));
      // Somebody made it at the same time.
      return made ?? (await known(tx, group).executeTakeFirstOrThrow()).id;
    },
    async rename(tx, group, name, at) {
      if (group.dn === '') {
        const taken = await known(tx, { ...group, name })
          .where('id', '<>', group.id)
          .executeTakeFirst();
        if (taken !== undefined) return false;
      }
      await within(tx).updateTable('user_group').set({ name, updated_at: at }).where('id', '=', group.id).execute();
      return true;
    },
    async delete(tx, id) {
      await within(tx).deleteFrom('user_group').where('id', '=', id).execute();
    },
    async listPeople(id, { page, pageSize }) {
      const asked = db.read
        .selectFrom('user_group_member')
        .innerJoin('user_account', 'user_account.id', 'user_group_member.user_id')
        .where('group_id', '=', id);
      const people = await asked
        .select(['user_account.id', 'user_account.name'])
        .orderBy('user_account.name')
        .limit(pageSize)
        .offset((page - 1) * pageSize)
        .execute();
      const { total } = await asked.select((q) => q.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
      return { people, total: Number(total) };
    },
    async addPerson(tx, id, userId) {
      const added = await within(tx)
        .insertInto('user_group_member')
        .values({ group_id: id, user_id: userId, source: 'local' })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      return (added.numInsertedOrUpdatedRows ?? 0n) > 0n;
    },
    async removePerson(tx, id, userId) {
      const removed = await within(tx)
        .deleteFrom('user_group_member')
        .where('group_id', '=', id)
        .where('user_id', '=', userId)
        .executeTakeFirst();
      return removed.numDeletedRows > 0n;
    },
  };
}
