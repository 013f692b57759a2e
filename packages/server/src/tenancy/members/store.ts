import { type Permission, roleIds } from '@entrepot/contract/permissions';
import { type RawBuilder, sql } from 'kysely';
import type { Transaction } from '#kernel/transaction';
import { type Db, escapeLike, within } from '#platform/db';
import type { RoleGiven, RoleLookup } from '#tenancy/access';
import { builtInRoleName, type Entity } from '#tenancy/roles';
import type { Member } from './types.ts';

export interface MemberStore extends RoleLookup {
  /** Gives a user or a group a role in a project, in place of the one it had. Answers with the id of the membership. */
  put(
    tx: Transaction,
    member: { projectId: number; entityType: 'u' | 'g'; entityId: number; roleId: number; at: number },
  ): Promise<number>;
  /** The roles of a group itself: in the project, where one is named, and in the whole registry. */
  ofGroup(
    groupId: number,
    projectId: number | undefined,
  ): Promise<{ readonly here: readonly RoleGiven[]; readonly everywhere: readonly RoleGiven[] }>;
  /** The ids of a user's roles in whole projects, through groups as well, by project. */
  rolesIn(userId: number, projectIds: readonly number[]): Promise<Map<number, number[]>>;
  /** How many memberships there are of each role. */
  countByRole(projectId: number): Promise<ReadonlyMap<number, number>>;
  /** By a part of the name of the user or the group, in any case. */
  list(
    projectId: number,
    page: { readonly name: string; readonly page: number; readonly pageSize: number },
  ): Promise<{ readonly members: readonly Member[]; readonly total: number }>;
  /** Of this very project. */
  find(projectId: number, id: number): Promise<Member | undefined>;
  /** Keeps other changes of its members waiting until the transaction ends. False where the project is gone. */
  holdProject(tx: Transaction, projectId: number): Promise<boolean>;
  /** Undefined where the user or the group is a member already. */
  insert(
    tx: Transaction,
    member: { projectId: number; entity: Entity; roleId: number; at: number },
  ): Promise<number | undefined>;
  setRole(tx: Transaction, projectId: number, id: number, roleId: number): Promise<void>;
  remove(tx: Transaction, projectId: number, id: number): Promise<void>;
  /** Whether somebody who can sign in administers the project by another membership; an empty group is nobody. */
  hasOtherAdministrator(tx: Transaction, projectId: number, than: number): Promise<boolean>;
  /** Whether a user or a group has a role anywhere. */
  holdsRoles(tx: Transaction, entity: Entity): Promise<boolean>;
  /** Takes every role from a user or a group that is to go. */
  forget(tx: Transaction, entity: Entity): Promise<void>;
}

/** Harbor's roles all show the project; a role of one's own may not. */
const builtInIds: readonly number[] = Object.values(roleIds);

interface GivenRow {
  readonly role_id: number;
  readonly role_name: string | null;
  readonly permissions: string | null;
  readonly group_name: string | null;
  readonly pattern: string | null;
  readonly project_id: number;
}

function toGiven(row: GivenRow): RoleGiven {
  return {
    roleId: row.role_id,
    roleName: row.role_name ?? undefined,
    permissions: row.permissions === null ? undefined : (JSON.parse(row.permissions) as Permission[]),
    group: row.group_name ?? undefined,
    pattern: row.pattern ?? undefined,
  };
}

function showsProject(row: GivenRow): boolean {
  return builtInIds.includes(row.role_id) || toGiven(row).permissions?.includes('project:read') === true;
}

const entityName = sql<string>`coalesce(user_account.name, user_group.name)`;

const memberColumns = [
  'member.id',
  'member.project_id',
  'member.entity_type',
  'member.entity_id',
  'member.role_id',
  'role.name as role_name',
  entityName.as('entity_name'),
] as const;

interface MemberRow {
  readonly id: number;
  readonly project_id: number;
  readonly entity_type: 'u' | 'g';
  readonly entity_id: number;
  readonly entity_name: string;
  readonly role_id: number;
  readonly role_name: string | null;
}

function toMember(row: MemberRow): Member {
  return {
    id: row.id,
    projectId: row.project_id,
    entityType: row.entity_type,
    entityId: row.entity_id,
    entityName: row.entity_name,
    roleId: row.role_id,
    roleName: builtInRoleName(row.role_id) ?? row.role_name ?? '',
  };
}

/** Where roles are kept: the table, and what a row of it is limited to. */
const places = {
  project: { table: 'member', pattern: 'null', projectId: 'given.project_id' },
  repository: { table: 'repository_member', pattern: 'given.pattern', projectId: 'given.project_id' },
  system: { table: 'system_member', pattern: 'null', projectId: '0' },
} as const;

const roleTables = ['member', 'repository_member', 'system_member'] as const;

export function createMemberStore(db: Db): MemberStore {
  /** The roles of a user in one kind of place, its own and those of its groups; in one project, or wherever. */
  const held = (kind: keyof typeof places, userId: number, projectId?: number) =>
    heldWhere(
      kind,
      sql`(given.entity_type = 'u' and given.entity_id = ${userId}
        or given.entity_type = 'g' and given.entity_id in
          (select group_id from user_group_member where user_id = ${userId}))`,
      projectId,
    );

  async function heldWhere(
    kind: keyof typeof places,
    whose: RawBuilder<unknown>,
    projectId?: number,
  ): Promise<GivenRow[]> {
    const { table, pattern, projectId: column } = places[kind];
    const there = projectId === undefined ? sql`true` : sql`given.project_id = ${projectId}`;
    const found = await sql<GivenRow>`
      select given.role_id, role.name as role_name, role.permissions, user_group.name as group_name,
        ${sql.raw(pattern)} as pattern, ${sql.raw(column)} as project_id
      from ${sql.table(table)} as given
      left join role on role.id = given.role_id
      left join user_group on given.entity_type = 'g' and user_group.id = given.entity_id
      where ${there} and ${whose}
      order by given.id`.execute(db.read);
    return found.rows;
  }

  /** Memberships with the names of those who have them; what is gone has no name and is not shown. */
  const named = (projectId: number) =>
    db.read
      .selectFrom('member')
      .leftJoin('user_account', (join) =>
        join.onRef('user_account.id', '=', 'member.entity_id').on('member.entity_type', '=', 'u'),
      )
      .leftJoin('user_group', (join) =>
        join.onRef('user_group.id', '=', 'member.entity_id').on('member.entity_type', '=', 'g'),
      )
      .leftJoin('role', 'role.id', 'member.role_id')
      .where('member.project_id', '=', projectId)
      .where(entityName, 'is not', null);

  return {
    async list(projectId, { name, page, pageSize }) {
      const like = `%${escapeLike(name.toLowerCase())}%`;
      const asked = named(projectId).where(sql<boolean>`lower(${entityName}) like ${like} escape '!'`);
      const rows = await asked
        .select(memberColumns)
        .orderBy(entityName)
        .orderBy('member.id')
        .limit(pageSize)
        .offset((page - 1) * pageSize)
        .execute();
      const { total } = await asked.select((q) => q.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
      return { members: rows.map(toMember), total: Number(total) };
    },
    async find(projectId, id) {
      const row = await named(projectId).select(memberColumns).where('member.id', '=', id).executeTakeFirst();
      return row && toMember(row);
    },
    async holdProject(tx, projectId) {
      const held = await within(tx)
        .updateTable('project')
        .set((row) => ({ updated_at: row.ref('updated_at') }))
        .where('id', '=', projectId)
        .executeTakeFirst();
      return held.numUpdatedRows > 0n;
    },
    async insert(tx, { projectId, entity, roleId, at }) {
      const row = await within(tx)
        .insertInto('member')
        .values({
          project_id: projectId,
          entity_type: entity.type,
          entity_id: entity.id,
          role_id: roleId,
          created_at: at,
        })
        .onConflict((conflict) => conflict.columns(['project_id', 'entity_type', 'entity_id']).doNothing())
        .returning('id')
        .executeTakeFirst();
      return row?.id;
    },
    async setRole(tx, projectId, id, roleId) {
      await within(tx)
        .updateTable('member')
        .set({ role_id: roleId })
        .where('project_id', '=', projectId)
        .where('id', '=', id)
        .execute();
    },
    async remove(tx, projectId, id) {
      await within(tx).deleteFrom('member').where('project_id', '=', projectId).where('id', '=', id).execute();
    },
    async hasOtherAdministrator(tx, projectId, than) {
      const found = await sql<{ id: number }>`
        select given.id from member as given
        where given.project_id = ${projectId} and given.id <> ${than} and given.role_id = ${roleIds.projectAdmin}
          and exists (select 1 from user_account as person where person.disabled = 0 and (
            given.entity_type = 'u' and person.id = given.entity_id
            or given.entity_type = 'g' and person.id in
              (select user_id from user_group_member where group_id = given.entity_id)))
        limit 1`.execute(within(tx));
      return found.rows.length > 0;
    },
    async holdsRoles(tx, { type, id }) {
      for (const table of roleTables) {
        const held = await within(tx)
          .selectFrom(table)
          .select('id')
          .where('entity_type', '=', type)
          .where('entity_id', '=', id)
          .limit(1)
          .executeTakeFirst();
        if (held !== undefined) return true;
      }
      return false;
    },
    async forget(tx, { type, id }) {
      for (const table of roleTables) {
        await within(tx).deleteFrom(table).where('entity_type', '=', type).where('entity_id', '=', id).execute();
      }
    },
    async inProject(projectId, userId) {
      const rows = await Promise.all([held('project', userId, projectId), held('repository', userId, projectId)]);
      return rows.flat().map(toGiven);
    },
    async inSystem(userId) {
      return (await held('system', userId)).map(toGiven);
    },
    async projectsOf(userId) {
      const rows = (await Promise.all([held('project', userId), held('repository', userId)])).flat();
      return [...new Set(rows.filter(showsProject).map((row) => row.project_id))];
    },
    async ofGroup(groupId, projectId) {
      const whose = sql`given.entity_type = 'g' and given.entity_id = ${groupId}`;
      const [project, repository, system] = await Promise.all([
        projectId === undefined ? [] : heldWhere('project', whose, projectId),
        projectId === undefined ? [] : heldWhere('repository', whose, projectId),
        heldWhere('system', whose),
      ]);
      return { here: [...project, ...repository].map(toGiven), everywhere: system.map(toGiven) };
    },
    async rolesIn(userId, projectIds) {
      if (projectIds.length === 0) return new Map();
      const rows = await db.read
        .selectFrom('member')
        .select(['project_id', 'role_id'])
        .distinct()
        .where('project_id', 'in', projectIds)
        .where((where) =>
          where.or([
            where.and([where('entity_type', '=', 'u'), where('entity_id', '=', userId)]),
            where.and([
              where('entity_type', '=', 'g'),
              where(
                'entity_id',
                'in',
                where.selectFrom('user_group_member').select('group_id').where('user_id', '=', userId),
              ),
            ]),
          ]),
        )
        .orderBy('role_id')
        .execute();
      const found = new Map<number, number[]>();
      for (const row of rows) found.set(row.project_id, [...(found.get(row.project_id) ?? []), row.role_id]);
      return found;
    },
    async countByRole(projectId) {
      const rows = await db.read
        .selectFrom('member')
        .select((q) => ['role_id', q.fn.countAll<number>().as('given')])
        .where('project_id', '=', projectId)
        .groupBy('role_id')
        .execute();
      return new Map(rows.map((row) => [row.role_id, Number(row.given)]));
    },
    async put(tx, member) {
      const row = await within(tx)
        .insertInto('member')
        .values({
          project_id: member.projectId,
          entity_type: member.entityType,
          entity_id: member.entityId,
          role_id: member.roleId,
          created_at: member.at,
        })
        .onConflict((conflict) =>
          conflict.columns(['project_id', 'entity_type', 'entity_id']).doUpdateSet({ role_id: member.roleId }),
        )
        .returning('id')
        .executeTakeFirstOrThrow();
      return row.id;
    },
  };
}
