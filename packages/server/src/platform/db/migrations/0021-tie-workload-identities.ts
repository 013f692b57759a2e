import { type Kysely, sql } from 'kysely';
import type { DatabaseKind } from './migration.ts';

/** What stands for a robot goes with the robot. SQLite adds no foreign key to a table that is there. */
const statements: Record<DatabaseKind, readonly string[]> = {
  sqlite: [
    `create trigger workload_identity_of_robot after delete on robot
      begin delete from workload_identity where robot_id = old.id; end`,
  ],
  postgres: [
    `alter table workload_identity add constraint workload_identity_of_robot
      foreign key (robot_id) references robot (id) on delete cascade`,
  ],
};

export async function up(db: Kysely<unknown>, kind: DatabaseKind): Promise<void> {
  for (const statement of statements[kind]) await sql.raw(statement).execute(db);
}
