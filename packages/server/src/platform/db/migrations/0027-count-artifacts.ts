import { type Kysely, sql } from 'kysely';
import type { DatabaseKind } from './migration.ts';

const tables = [
  // -1 is no limit. What counts are the manifests that lists show.
  'alter table quota add column hard_count bigint not null default -1',
  'alter table quota add column used_count bigint not null default 0',
  'alter table quota_ledger add column count_delta bigint not null default 0',
  'drop index quota_ledger_by_project',
  'create index quota_ledger_by_project on quota_ledger (project_id, delta, count_delta)',
  `update quota set used_count = (
    select count(*) from manifest where manifest.project_id = quota.project_id and manifest.listed = 1)`,
];

/** Whatever lists a manifest or stops listing it says so to the ledger, as 0012 does with bytes. */
const events = [
  ['manifest_counted', 'insert on manifest', 'new.listed = 1 and new.project_id is not null', 'new', '1'],
  ['manifest_uncounted', 'delete on manifest', 'old.listed = 1 and old.project_id is not null', 'old', '-1'],
  [
    'manifest_recounted',
    'update of listed on manifest',
    'new.listed <> old.listed and new.project_id is not null',
    'new',
    'new.listed - old.listed',
  ],
] as const;

function triggers(kind: DatabaseKind): string[] {
  return events.flatMap(([name, event, when, row, delta]) => {
    const body = `insert into quota_ledger (project_id, delta, count_delta) values (${row}.project_id, 0, ${delta});`;
    if (kind === 'sqlite') return [`create trigger ${name} after ${event} when ${when} begin ${body} end`];
    return [
      `create function ${name}() returns trigger language plpgsql as $$ begin ${body} return null; end $$`,
      `create trigger ${name} after ${event} for each row when (${when}) execute function ${name}()`,
    ];
  });
}

export async function up(db: Kysely<unknown>, kind: DatabaseKind): Promise<void> {
  for (const statement of [...tables, ...triggers(kind)]) await sql.raw(statement).execute(db);
}
