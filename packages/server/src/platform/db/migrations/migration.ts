import type { Kysely } from 'kysely';

export type DatabaseKind = 'sqlite' | 'postgres';

/** One step forward. Never edited once released; there is no way back but a backup. */
export interface Migration {
  readonly name: string;
  readonly up: (db: Kysely<unknown>, kind: DatabaseKind) => Promise<void>;
}
