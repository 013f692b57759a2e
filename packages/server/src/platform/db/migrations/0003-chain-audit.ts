import { type Kysely, sql } from 'kysely';
import type { DatabaseKind } from './migration.ts';

function statements(kind: DatabaseKind): string[] {
  const text = kind === 'sqlite' ? 'text' : 'text collate "C"';
  const number = kind === 'sqlite' ? 'integer primary key' : 'bigint primary key';
  return [
    // Rows in the order of their ids, in stretches: each is hashed together with the hash of the one before it.
    `create table audit_segment (
      number ${number}, first_id bigint not null, last_id bigint not null, row_count bigint not null,
      rows_total bigint not null, hash ${text} not null unique)`,
    'create index audit_segment_by_total on audit_segment (rows_total)',
    // Heads of the chain that were told to the log, from where an operator has them.
    `create table audit_checkpoint (
      number ${number}, rows_total bigint not null, hash ${text} not null, at bigint not null)`,
    // Which segments hold rows of a project, and how many there are up to each: it lets a list jump to any page and
    // count at once, for a fraction of what an index on every row of a pull would cost.
    `create table audit_segment_project (
      project_id bigint not null, number bigint not null, row_count bigint not null, rows_total bigint not null,
      primary key (project_id, rows_total))${kind === 'sqlite' ? ' without rowid' : ''}`,
    "create index audit_by_action on audit (action, id) where action <> 'pull-artifact'",
  ];
}

const chained = ['audit_segment', 'audit_checkpoint'];

const guards: Record<DatabaseKind, string[]> = {
  sqlite: chained.flatMap((table) =>
    ['update', 'delete', 'insert'].map(
      // An insert may replace a row, which asks no delete trigger.
      (verb) =>
        `create trigger ${table}_no_${verb} before ${verb} on ${table}
          ${verb === 'insert' ? `when exists (select 1 from ${table} where number = new.number)` : ''}
          begin select raise(abort, 'audit rows are append-only'); end`,
    ),
  ),
  postgres: [
    ...chained.flatMap((table) => [
      `create trigger ${table}_append_only before update or delete on ${table}
        for each row execute function audit_append_only()`,
      `create trigger ${table}_no_truncate before truncate on ${table}
        for each statement execute function audit_append_only()`,
    ]),
    // A writer has the number of its transaction before it draws an id, so that the chain knows when no smaller id
    // can come any more.
    `create function audit_number_writer() returns trigger language plpgsql as
      $$ begin perform pg_current_xact_id(); return null; end $$`,
    'create trigger audit_number_writer before insert on audit for each statement execute function audit_number_writer()',
  ],
};

export async function up(db: Kysely<unknown>, kind: DatabaseKind): Promise<void> {
  for (const statement of [...statements(kind), ...guards[kind]]) await sql.raw(statement).execute(db);
}
