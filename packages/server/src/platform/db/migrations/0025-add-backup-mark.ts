import { type Kysely, sql } from 'kysely';
import type { DatabaseKind } from './migration.ts';

/** One row: which registry this is, and where in its log the backup has it start over. */
export async function up(db: Kysely<unknown>, kind: DatabaseKind): Promise<void> {
  const drawn = kind === 'sqlite' ? 'lower(hex(randomblob(16)))' : "replace(gen_random_uuid()::text, '-', '')";
  await sql
    .raw('create table backup_mark (id integer primary key, store text not null, mark text not null)')
    .execute(db);
  await sql.raw(`insert into backup_mark (id, store, mark) values (1, ${drawn}, '')`).execute(db);
}
