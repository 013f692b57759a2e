import { type Kysely, sql } from 'kysely';
import type { DatabaseKind } from './migration.ts';

function statements(kind: DatabaseKind): string[] {
  const text = kind === 'sqlite' ? 'text' : 'text collate "C"';
  return [
    // Staged bytes whose upload went with its project: to be dropped, as often as it takes.
    `create table abandoned_stage (
      id ${text} primary key, stage ${text} not null, held_until bigint not null)`,
  ];
}

export async function up(db: Kysely<unknown>, kind: DatabaseKind): Promise<void> {
  for (const statement of statements(kind)) await sql.raw(statement).execute(db);
}
