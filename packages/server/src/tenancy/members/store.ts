import { type Permission, roleIds } from '@entrepot/contract/permissions';
import { sql } from 'kysely';
import type { Transaction } from '#kernel/transaction';
import { type Db, within } from '#platform/db';
import type { RoleGiven, RoleLookup } from '#tenancy/access';

export interface MemberStore extends RoleLookup {
  /** Gives a user or a group a role in a project, in place of the one it had. Answers with the id of the membership. */
  put(
    tx: Transaction,
    member: { projectId: number; entityType: 'u' | 'g'; entityId: number; roleId: number; at: number },
  ): Promise<number>;
  /** The ids of a user's roles in whole projects, through groups as well, by project. */
  rolesIn(userId: number, projectIds: readonly number[]): Promise<Map<number, number[]>>;
  /** How many memberships there are of each role. */
  countByRole(projectId: number): Promise<ReadonlyMap<number, number>>;
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

/** Where roles are kept: the table, and what a row of it is limited to. */
const places = {
  project: { table: 'member', pattern: 'null', projectId: 'given.project_id' },
  repository: { table: 'repository_member', pattern: 'given.pattern', projectId: 'given.project_id' },
  system: { table: 'system_member', pattern: 'null', projectId: '0' },
} as const;

export function createMemberStore(db: Db): MemberStore {
  /** The roles of a user in one kind of place, its own and those of its groups; in one project, or wherever. */
  async function held(kind: keyof typeof places, userId: number, projectId?: number): Promise<GivenRow[]> {
    const { table, pattern, projectId: column } = places[kind];
    const there = projectId === undefined ? sql`true` : sql`given.project_id = ${projectId}`;
    const found = await sql<GivenRow>`
      select given.role_id, role.name as role_name, role.permissions, user_group.name as group_name,
        ${sql.raw(pattern)} as pattern, ${sql.raw(column)} as project_id
      from ${sql.table(table)} as given
      left join role on role.id = given.role_id
      left join user_group on given.entity_type = 'g' and user_group.id = given.entity_id
      where ${there} and (given.entity_type = 'u' and given.entity_id = ${userId}
        or given.entity_type = 'g' and given.entity_id in
          (select group_id from user_group_member where user_id = ${userId}))
      order by given.id`.execute(db.read);
    return found.rows;
  }

  return {
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
