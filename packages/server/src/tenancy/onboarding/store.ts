import type { Transaction } from '#kernel/transaction';
import { type Db, within } from '#platform/db';
import type { AccountSource, ExternalAccount, ExternalGroup, ExternalPerson } from './types.ts';

export interface ExternalAccountStore {
  /** The account of this name, wherever it is known from, with the groups that `source` put it in. */
  find(name: string, source: AccountSource): Promise<ExternalAccount | undefined>;
  /** Makes an account without a password. Answers undefined where the name is taken. */
  insert(tx: Transaction, person: ExternalPerson, at: number): Promise<number | undefined>;
  update(tx: Transaction, id: number, person: ExternalPerson, at: number): Promise<void>;
  /** Puts the account in these groups of its source and takes it out of all others; groups not known yet are made. */
  replaceGroups(
    tx: Transaction,
    account: { readonly id: number; readonly source: AccountSource },
    groups: readonly ExternalGroup[],
    at: number,
  ): Promise<void>;
}

/** Harbor's numbers. */
const groupTypes: Readonly<Record<AccountSource, number>> = { ldap: 1, oidc: 3 };

/** Databases have a limit on the values of one statement. */
const rowsPerStatement = 100;

function* inPieces<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < all.length; at += rowsPerStatement) yield all.slice(at, at + rowsPerStatement);
}

/** A group is known by its distinguished name, or by its name where it has none. */
const keyOf = ({ name, dn }: ExternalGroup) => (dn === '' ? `name ${name}` : `dn ${dn}`);

export function createExternalAccountStore(db: Db): ExternalAccountStore {
  async function idsOf(tx: Transaction, type: number, groups: readonly ExternalGroup[]): Promise<Map<string, number>> {
    const ids = new Map<string, number>();
    for (const piece of inPieces(groups)) {
      const rows = await within(tx)
        .selectFrom('user_group')
        .select(['id', 'name', 'ldap_dn as dn'])
        .where('type', '=', type)
        .where((row) => {
          const dns = piece.filter(({ dn }) => dn !== '').map(({ dn }) => dn);
          const names = piece.filter(({ dn }) => dn === '').map(({ name }) => name);
          return row.or([
            ...(dns.length === 0 ? [] : [row('ldap_dn', 'in', dns)]),
            ...(names.length === 0 ? [] : [row.and([row('ldap_dn', '=', ''), row('name', 'in', names)])]),
          ]);
        })
        .execute();
      for (const row of rows) ids.set(keyOf(row), row.id);
    }
    return ids;
  }

  return {
    async find(name, source) {
      const row = await db.read
        .selectFrom('user_account')
        .select(['id', 'name', 'source', 'realname', 'email', 'admin', 'admin_in_auth', 'disabled'])
        .where('name', '=', name)
        .executeTakeFirst();
      if (row === undefined) return undefined;
      const groups = await db.read
        .selectFrom('user_group_member')
        .innerJoin('user_group', 'user_group.id', 'user_group_member.group_id')
        .select(['user_group.id', 'user_group.name', 'user_group.ldap_dn as dn'])
        .where('user_group_member.user_id', '=', row.id)
        .where('user_group_member.source', '=', source)
        .orderBy('user_group.id')
        .execute();
      return {
        id: row.id,
        name: row.name,
        source: row.source,
        realname: row.realname,
        email: row.email ?? '',
        admin: row.admin === 1,
        adminInAuth: row.admin_in_auth === 1,
        disabled: row.disabled === 1,
        groups,
      };
    },
    async insert(tx, person, at) {
      const row = await within(tx)
        .insertInto('user_account')
        .values({
          name: person.name,
          source: person.source,
          realname: person.realname,
          email: person.email === '' ? null : person.email,
          // What no password hashes to: nobody signs in with it.
          password: '',
          admin: 0,
          admin_in_auth: person.admin ? 1 : 0,
          disabled: 0,
          created_at: at,
          updated_at: at,
        })
        .onConflict((conflict) => conflict.column('name').doNothing())
        .returning('id')
        .executeTakeFirst();
      return row?.id;
    },
    async update(tx, id, person, at) {
      await within(tx)
        .updateTable('user_account')
        .set({
          realname: person.realname,
          email: person.email === '' ? null : person.email,
          admin_in_auth: person.admin ? 1 : 0,
          updated_at: at,
        })
        .where('id', '=', id)
        .where('source', '=', person.source)
        .execute();
    },
    async replaceGroups(tx, { id, source }, groups, at) {
      const type = groupTypes[source];
      const known = await idsOf(tx, type, groups);
      const unknown = new Map(groups.filter((group) => !known.has(keyOf(group))).map((group) => [keyOf(group), group]));
      for (const piece of inPieces([...unknown.values()])) {
        await within(tx)
          .insertInto('user_group')
          .values(piece.map(({ name, dn }) => ({ name, type, ldap_dn: dn, created_at: at, updated_at: at })))
          .onConflict((conflict) => conflict.doNothing())
          .execute();
      }
      const ids = unknown.size === 0 ? known : await idsOf(tx, type, groups);
      const wanted = new Set(ids.values());
      const held = await within(tx)
        .selectFrom('user_group_member')
        .select('group_id')
        .where('user_id', '=', id)
        .where('source', '=', source)
        .execute();
      const lost = held.map((row) => row.group_id).filter((groupId) => !wanted.has(groupId));
      for (const piece of inPieces(lost)) {
        await within(tx)
          .deleteFrom('user_group_member')
          .where('user_id', '=', id)
          .where('source', '=', source)
          .where('group_id', 'in', piece)
          .execute();
      }
      for (const piece of inPieces([...wanted])) {
        await within(tx)
          .insertInto('user_group_member')
          .values(piece.map((groupId) => ({ group_id: groupId, user_id: id, source })))
          .onConflict((conflict) => conflict.doNothing())
          .execute();
      }
    },
  };
}
