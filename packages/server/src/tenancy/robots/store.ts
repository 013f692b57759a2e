import type { ListQuery } from '#kernel/list-query';
import type { Transaction } from '#kernel/transaction';
import type { Eventually } from '#kernel/eventually';
import { applyConditions, applyPage, type Db, type ListColumns, within } from '#platform/db';
import type { NewRobot, Robot, RobotPermission, RobotSecrets } from './types.ts';

export interface StoredRobot {
  readonly robot: Robot;
  readonly secrets: RobotSecrets;
}

/** What a robot is made of beside what its maker says. */
export interface RobotBirth {
  readonly fullName: string;
  readonly durationDays: number;
  readonly expiresAt: number | undefined;
  readonly creatorType: 'local' | 'robot';
  readonly creatorId: number;
  readonly at: number;
}

export interface RobotStore {
  findByFullName(fullName: string): Eventually<StoredRobot | undefined>;
  findById(id: number): Eventually<StoredRobot | undefined>;
  /** Of one project, or of the registry itself. */
  list(projectId: number | undefined, list: ListQuery): Promise<{ robots: Robot[]; total: number }>;
  /** Answers with undefined when the full name is taken. The secret comes after, for its hash knows the id. */
  insert(tx: Transaction, robot: NewRobot, birth: RobotBirth): Promise<number | undefined>;
  update(tx: Transaction, robot: Robot, at: number): Promise<void>;
  setSecret(tx: Transaction, id: number, secrets: RobotSecrets, at: number): Promise<void>;
  delete(tx: Transaction, id: number): Promise<void>;
  noteUse(tx: Transaction, id: number, at: number): Promise<void>;
}

const columns: ListColumns = {
  id: { ref: 'robot.id', kind: 'number' },
  name: { ref: 'robot.full_name', kind: 'text' },
  description: { ref: 'robot.description', kind: 'text' },
  disabled: { ref: 'robot.disabled', kind: 'flag' },
  creation_time: { ref: 'robot.created_at', kind: 'time' },
  update_time: { ref: 'robot.updated_at', kind: 'time' },
  expires_at: { ref: 'robot.expires_at', kind: 'time' },
};

type Row = Awaited<ReturnType<typeof anyRow>>;

/** Never called: names the type of a row as it is read. */
const anyRow = (db: Db) => db.read.selectFrom('robot').selectAll().executeTakeFirstOrThrow();

export function createRobotStore(db: Db): RobotStore {
  const byName = db.prepareFirst<Row>((q, value) =>
    q.selectFrom('robot').selectAll().where('full_name', '=', value('fullName')),
  );
  const byId = db.prepareFirst<Row>((q, value) =>
    q.selectFrom('robot').selectAll().where('id', '=', value<number>('id')),
  );
  const read = (row: Eventually<Row | undefined>) =>
    row instanceof Promise ? row.then((found) => found && toStored(found)) : row && toStored(row);
  return {
    findByFullName: (fullName) => read(byName({ fullName })),
    findById: (id) => read(byId({ id })),
    async list(projectId, list) {
      const of = db.read
        .selectFrom('robot')
        .where('project_id', projectId === undefined ? 'is' : '=', projectId ?? null);
      const filtered = applyConditions(of, list.conditions, columns);
      const [rows, counted] = await Promise.all([
        applyPage(filtered.selectAll(), list, columns, { tie: 'robot.id' }).execute(),
        filtered.select((row) => row.fn.countAll<number>().as('total')).executeTakeFirstOrThrow(),
      ]);
      return { robots: rows.map((row) => toStored(row).robot), total: Number(counted.total) };
    },
    async insert(tx, robot, birth) {
      const row = await within(tx)
        .insertInto('robot')
        .values({
          name: robot.name,
          project_id: robot.projectId ?? null,
          full_name: birth.fullName,
          description: robot.description,
          permissions: JSON.stringify(robot.permissions),
          secret_hash: '',
          previous_hash: null,
          disabled: robot.disabled ? 1 : 0,
          duration_days: birth.durationDays,
          expires_at: birth.expiresAt ?? null,
          addresses: toJson(robot.addresses),
          repositories: toJson(robot.repositories),
          creator_type: birth.creatorType,
          creator_id: birth.creatorId,
          created_at: birth.at,
          updated_at: birth.at,
          last_used_at: null,
        })
        .onConflict((conflict) => conflict.column('full_name').doNothing())
        .returning('id')
        .executeTakeFirst();
      return row?.id;
    },
    async update(tx, robot, at) {
      await within(tx)
        .updateTable('robot')
        .set((row) => ({
          description: robot.description,
          permissions: JSON.stringify(robot.permissions),
          disabled: robot.disabled ? 1 : 0,
          duration_days: robot.durationDays,
          expires_at: robot.expiresAt ?? null,
          addresses: toJson(robot.addresses),
          repositories: toJson(robot.repositories),
          generation: row('generation', '+', 1),
          updated_at: at,
        }))
        .where('id', '=', robot.id)
        .execute();
    },
    async setSecret(tx, id, secrets, at) {
      await within(tx)
        .updateTable('robot')
        .set((row) => ({
          secret_hash: secrets.hash,
          previous_hash: secrets.previousHash ?? null,
          previous_until: secrets.previousUntil,
          generation: row('generation', '+', 1),
          updated_at: at,
        }))
        .where('id', '=', id)
        .execute();
    },
    async delete(tx, id) {
      await within(tx).deleteFrom('robot').where('id', '=', id).execute();
    },
    async noteUse(tx, id, at) {
      await within(tx).updateTable('robot').set({ last_used_at: at }).where('id', '=', id).execute();
    },
  };
}

const toJson = (list: readonly string[] | undefined) => (list === undefined ? null : JSON.stringify(list));
const fromJson = (text: string | null) => (text === null ? undefined : (JSON.parse(text) as string[]));

function toStored(row: Row): StoredRobot {
  return {
    robot: {
      id: row.id,
      name: row.name,
      fullName: row.full_name,
      projectId: row.project_id ?? undefined,
      description: row.description,
      permissions: JSON.parse(row.permissions) as RobotPermission[],
      disabled: row.disabled === 1,
      durationDays: row.duration_days,
      expiresAt: row.expires_at ?? undefined,
      addresses: fromJson(row.addresses),
      repositories: fromJson(row.repositories),
      generation: row.generation,
      creatorType: row.creator_type,
      creatorId: row.creator_id,
      createdAt: row.created_at,
      updatedAt: row.updated_at,
      lastUsedAt: row.last_used_at ?? undefined,
    },
    secrets: {
      hash: row.secret_hash,
      previousHash: row.previous_hash ?? undefined,
      previousUntil: row.previous_until,
    },
  };
}
