import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { RobotActor } from '#kernel/actor';
import { systemClock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import { type Config, ConfigError, type ConfigFlags, loadConfig, type Secrets } from '#platform/config';
import { createPasswordHasher } from '#platform/crypto';
import { DatabaseUnusable, type Db, openPostgresDb, openSqliteDb } from '#platform/db';
import { createAudit, createAuditStore } from '#tenancy/audit';
import { createRecoverAdmin, createUserStore } from '#tenancy/users';

export interface ResetPasswordOptions {
  readonly flags: ConfigFlags;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The new password; one is invented without it. */
  readonly password: string | undefined;
}

export type ResetPasswordOutcome =
  | { readonly kind: 'reset'; readonly database: string; readonly invented: string | undefined }
  /** The configuration, or the password, is at fault; nothing was tried. */
  | { readonly kind: 'faulty'; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string };

/** Nobody who could sign in: what the audit says of who did it. */
const commandLine: RobotActor = {
  kind: 'robot',
  robotId: 0,
  name: 'system:command-line',
  projectId: undefined,
  grants: [],
};

/**
 * Gives the account `admin` of the configured database a new password, enables it and ends what it is signed in with.
 * The registry may run meanwhile: it is one short write, and whatever a registry remembers of an account it looks at
 * again within half a minute. A database that this build would have to upgrade first is left alone.
 */
export async function resetAdminPassword(options: ResetPasswordOptions): Promise<ResetPasswordOutcome> {
  try {
    const { flags, env } = options;
    const { config, secrets } = loadConfig({ flags, env, readFile: (path) => readFileSync(path, 'utf8') });
    // What SQLite makes beside the file is nobody else's either.
    process.umask(0o077);
    await using db = await openAsItIs(config, secrets);
    await using audit = createAudit({
      store: createAuditStore(),
      transact: db.transact,
      clock: systemClock,
      onError: () => undefined,
    });
    const recover = createRecoverAdmin({
      store: createUserStore(db),
      transact: db.transact,
      hasher: createPasswordHasher(1),
      audit,
      clock: systemClock,
    });
    const asker = { actor: commandLine, address: hostname(), requestId: randomUUID() };
    const { invented } = await recover(asker, options.password);
    return { kind: 'reset', database: nameOf(config), invented };
  } catch (error) {
    return explain(error);
  }
}

function openAsItIs({ database }: Config, secrets: Secrets): Promise<Db> {
  if (database.kind === 'postgres') {
    const url = secrets.databaseUrl ?? '';
    return openPostgresDb({ url, poolSize: 1, upgrade: false, onIdleError: () => undefined });
  }
  if (!existsSync(database.path)) {
    throw new DatabaseUnusable(
      `There is no database ${database.path}: name the folder of the registry with --data, or its file with --config.`,
    );
  }
  return openSqliteDb(database.path, { upgrade: false });
}

const nameOf = ({ database }: Config) => (database.kind === 'sqlite' ? database.path : 'the PostgreSQL database');

function explain(error: unknown): ResetPasswordOutcome {
  if (error instanceof ConfigError) return { kind: 'faulty', message: error.message };
  if (error instanceof RegistryError && error.code === 'body-invalid')
    return { kind: 'faulty', message: error.message };
  if (error instanceof DatabaseUnusable || error instanceof RegistryError)
    return { kind: 'failed', message: error.message };
  const reason = error instanceof Error ? error.message : String(error);
  const isBusy = /database is (locked|busy)/.test(reason);
  const why = isBusy ? 'another process holds the database for long; try again when it has ended' : reason;
  return { kind: 'failed', message: `The password was not changed: ${why}.` };
}
