import { type Kysely, sql } from 'kysely';
import { migrations } from './migrations/all.ts';
import type { DatabaseKind } from './migrations/migration.ts';

/** The database cannot be used as it is. The message is one sentence that says why and what to do. */
export class DatabaseUnusable extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'DatabaseUnusable';
  }
}

/** Serialises migrations of several processes that start at once (PostgreSQL advisory lock, any constant will do). */
const migrationLock = 5_080_001;

/**
 * Brings the schema up to this build's version in one transaction, under a lock. A database of a newer version is
 * refused untouched: rows written by a newer build must not be read by rules that do not know them. So is one of an
 * older version when `upgrade` is false: another build may be at work on it.
 */
export async function migrate(db: Kysely<unknown>, kind: DatabaseKind, upgrade = true): Promise<void> {
  await db.connection().execute(async (connection) => {
    await sql.raw(kind === 'sqlite' ? 'begin immediate' : 'begin').execute(connection);
    try {
      if (kind === 'postgres') await sql`select pg_advisory_xact_lock(${migrationLock})`.execute(connection);
      await sql.raw('create table if not exists schema_version (version integer not null)').execute(connection);
      const found = await sql<{ version: number }>`select version from schema_version`.execute(connection);
      const version = Number(found.rows[0]?.version ?? 0);
      if (version > migrations.length) {
        throw new DatabaseUnusable(
          `The database has version ${version}, this build knows ${migrations.length}: start the newer build, or restore a backup made before the upgrade. Nothing was changed.`,
        );
      }
      if (!upgrade && version < migrations.length) {
        throw new DatabaseUnusable(
          `The database has version ${version}, this build makes version ${migrations.length} of it: start the registry of this build first, or use the build that runs. Nothing was changed.`,
        );
      }
      for (const migration of migrations.slice(version)) await migration.up(connection, kind);
      if (found.rows.length === 0) {
        await sql`insert into schema_version (version) values (${migrations.length})`.execute(connection);
      } else if (version < migrations.length) {
        await sql`update schema_version set version = ${migrations.length}`.execute(connection);
      }
      await sql.raw('commit').execute(connection);
    } catch (error) {
      await sql.raw('rollback').execute(connection);
      throw error;
    }
  });
}
