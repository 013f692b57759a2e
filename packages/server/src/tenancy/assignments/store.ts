import { sql } from 'kysely';
import type { Transaction } from '#kernel/transaction';
import { type Db, within } from '#platform/db';
import { builtInRoleName, type Entity } from '#tenancy/roles';
import type { Assignment, PageAsked, RepositoryAssignment } from './types.ts';

export interface AssignmentStore {
  listInSystem(page: PageAsked): Promise<{ readonly assignments: readonly Assignment[]; readonly total: number }>;
  findInSystem(id: number): Promise<Assignment | undefined>;
  /** Undefined where he has the role already. */
  insertInSystem(tx: Transaction, given: { entity: Entity; roleId: number; at: number }): Promise<number | undefined>;
  removeInSystem(tx: Transaction, id: number): Promise<void>;
  listInProject(
    projectId: number,
    page: PageAsked,
  ): Promise<{ readonly assignments: readonly RepositoryAssignment[]; readonly total: number }>;
  /** Of this very project. */
  findInProject(projectId: number, id: number): Promise<RepositoryAssignment | undefined>;
  /** Undefined where he has a role under this pattern already. */
  insertInProject(
    tx: Transaction,
    given: { projectId: number; pattern: string; entity: Entity; roleId: number; at: number },
  ): Promise<number | undefined>;
  setRoleInProject(tx: Transaction, projectId: number, id: number, roleId: number): Promise<void>;
  removeInProject(tx: Transaction, projectId: number, id: number): Promise<void>;
}

interface Row {
  readonly id: number;
  readonly entity_type: 'u' | 'g';
  readonly entity_id: number;
  readonly entity_name: string;
  readonly role_id: number;
  readonly role_name: string | null;
  readonly pattern: string | null;
}

function toAssignment(row: Row): RepositoryAssignment {
  return {
    id: row.id,
    entityType: row.entity_type,
    entityId: row.entity_id,
    entityName: row.entity_name,
    roleId: row.role_id,
    roleName: builtInRoleName(row.role_id) ?? row.role_name ?? '',
    pattern: row.pattern ?? '',
  };
}

const places = {
  system: { table: 'system_member', pattern: 'null' },
  project: { table: 'repository_member', pattern: 'given.pattern' },
} as const;

export function createAssignmentStore(db: Db): AssignmentStore {
  /** With the names of those who have them, in the order of these; of one project, one of them, or a page. */
  async function select(
    kind: keyof typeof places,
    asked: { readonly projectId?: number; readonly id?: number; readonly page?: PageAsked },
  ): Promise<{ assignments: RepositoryAssignment[]; total: number }> {
    const { table, pattern } = places[kind];
    const { projectId, id, page = { page: 1, pageSize: 1 } } = asked;
    const from = sql`from ${sql.table(table)} as given
      left join user_account on given.entity_type = 'u' and user_account.id = given.entity_id
      left join user_group on given.entity_type = 'g' and user_group.id = given.entity_id
      left join role on role.id = given.role_id
      where coalesce(user_account.name, user_group.name) is not null
        and ${projectId === undefined ? sql`true` : sql`given.project_id = ${projectId}`}
        and ${id === undefined ? sql`true` : sql`given.id = ${id}`}`;
    const rows = await sql<Row>`
      select given.id, given.entity_type, given.entity_id, given.role_id, role.name as role_name,
        coalesce(user_account.name, user_group.name) as entity_name, ${sql.raw(pattern)} as pattern
      ${from} order by entity_name, given.id
      limit ${page.pageSize} offset ${(page.page - 1) * page.pageSize}`.execute(db.read);
    const counted = await sql<{ total: number }>`select count(*) as total ${from}`.execute(db.read);
    return { assignments: rows.rows.map(toAssignment), total: Number(counted.rows[0]?.total ?? 0) };
  }

  return {
    listInSystem: (page) => select('system', { page }),
    findInSystem: async (id) => (await select('system', { id })).assignments[0],
    async insertInSystem(tx, { entity, roleId, at }) {
      const row = await within(tx)
        .insertInto('system_member')
        .values({ role_id: roleId, entity_type: entity.type, entity_id: entity.id, created_at: at })
        .onConflict((conflict) => conflict.doNothing())
        .returning('id')
        .executeTakeFirst();
      return row?.id;
    },
    async removeInSystem(tx, id) {
      await within(tx).deleteFrom('system_member').where('id', '=', id).execute();
    },
    listInProject: (projectId, page) => select('project', { projectId, page }),
    findInProject: async (projectId, id) => (await select('project', { projectId, id })).assignments[0],
    async insertInProject(tx, { projectId, pattern, entity, roleId, at }) {
      const row = await within(tx)
        .insertInto('repository_member')
        .values({
          project_id: projectId,
          pattern,
          entity_type: entity.type,
          entity_id: entity.id,
          role_id: roleId,
          created_at: at,
        })
        .onConflict((conflict) => conflict.doNothing())
        .returning('id')
        .executeTakeFirst();
      return row?.id;
    },
    async setRoleInProject(tx, projectId, id, roleId) {
      await within(tx)
        .updateTable('repository_member')
        .set({ role_id: roleId })
        .where('project_id', '=', projectId)
        .where('id', '=', id)
        .execute();
    },
    async removeInProject(tx, projectId, id) {
      await within(tx)
        .deleteFrom('repository_member')
        .where('project_id', '=', projectId)
        .where('id', '=', id)
        .execute();
    },
  };
}
