import { type Kysely, sql } from 'kysely';
import type { DatabaseKind } from './migration.ts';

export async function up(db: Kysely<unknown>, kind: DatabaseKind): Promise<void> {
  const text = kind === 'sqlite' ? 'text' : 'text collate "C"';
  await sql
    .raw(
      // A value is JSON, or sealed where the setting is a secret.
      `create table setting (
        name ${text} primary key, value ${text}, secret ${text}, updated_at bigint not null)`,
    )
    .execute(db);
}
