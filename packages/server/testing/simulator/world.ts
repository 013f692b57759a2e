import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { Digest } from '@entrepot/oci/digest';
import type { BlobLocation } from '#platform/blobs';
import { createMemoryBlobs } from '#platform/blobs/memory';
import { type Db, openSqliteDb, within } from '#platform/db';
import type { Project } from '#tenancy/projects';
import { addProjectRow } from '#testing/rows';
import { broken } from './desk.ts';
import type { Gate } from './gate.ts';
import { createNode, createStores, type Node, type Stores } from './node.ts';
import type { Sabotage } from './sabotage.ts';

type MemoryBlobs = ReturnType<typeof createMemoryBlobs>;

/** A database and a blob store that many schedules use one after the other; each leaves them empty. */
export interface World extends AsyncDisposable {
  readonly db: Db;
  readonly bytes: MemoryBlobs;
  readonly projects: readonly Project[];
  clock(): number;
  advance(ms: number): void;
  /** Builds the services of a process that starts now. */
  startNode(gate: Gate): Node;
  readonly stores: Stores;
}

export const projectNames = ['alpha', 'beta'] as const;

async function prepare(db: Db): Promise<Project[]> {
  const projects: Project[] = [];
  for (const name of projectNames) projects.push({ id: await addProjectRow(db, name), name, public: false });
  return projects;
}

async function createWorld(db: Db, sabotage: Sabotage, close: () => Promise<void>): Promise<World> {
  let now = Date.UTC(2026, 0, 1);
  let ids = 0;
  const clock = () => now;
  // Where times are compared, every database has the clock of the schedule.
  const timed: Db = { ...db, stamp: (at) => sql<number>`cast(${at} as bigint)` };
  const bytes = createMemoryBlobs();
  const stores = createStores(timed, clock, sabotage);
  return {
    db: timed,
    bytes,
    projects: await prepare(db),
    clock,
    advance(ms) {
      now += ms;
    },
    stores,
    startNode: (gate) =>
      createNode({
        db: timed,
        stores,
        bytes,
        gate,
        clock,
        newId() {
          ids += 1;
          return ids.toString(16).padStart(16, '0');
        },
        sabotage,
      }),
    [Symbol.asyncDispose]: close,
  };
}

/** A world on a SQLite file, best in memory (`/dev/shm`), opened as a registry that serves alone opens it. */
export async function openSqliteWorld(path: string, sabotage: Sabotage): Promise<World> {
  const db = await openSqliteDb(path, { alone: true });
  return createWorld(db, sabotage, async () => db[Symbol.asyncDispose]());
}

/** A world on a database that is open already, as PostgreSQL. The caller closes it. */
export const openWorldOn = (db: Db, sabotage: Sabotage): Promise<World> =>
  createWorld(db, sabotage, async () => undefined);

/** Bytes that no row names: those that were under way when a process died. */
export async function findOrphans({ db, bytes }: World): Promise<{ blobs: BlobLocation[]; stages: string[] }> {
  const named = await sql<{ location: string }>`select location from blob union all select location from trash`.execute(
    db.read,
  );
  const locations = new Set(named.rows.map(({ location }) => location));
  const uploads = await sql<{ id: string }>`select id from upload`.execute(db.read);
  const open = new Set(uploads.rows.map(({ id }) => id));
  return {
    blobs: bytes.listBlobs().filter((location) => !locations.has(location)),
    stages: bytes.listStaged().filter((id) => !open.has(id)),
  };
}

const digestOf = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

async function readAll(bytes: MemoryBlobs, location: BlobLocation): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of await bytes.open(location)) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** What must hold whenever nothing is under way, by the rows themselves. Fails with what does not. */
export async function assertSound({ db, bytes }: World): Promise<void> {
  const dangling = await sql<{ what: string; digest: string }>`
    select 'a manifest without its blob in the repository' as what, blob.digest from manifest_blob
      join manifest on manifest.id = manifest_blob.manifest_id
      join blob on blob.id = manifest_blob.blob_id
      left join repository_blob on repository_blob.blob_id = manifest_blob.blob_id
        and repository_blob.repository_id = manifest.repository_id
      where repository_blob.blob_id is null or repository_blob.loose = 1
    union all
    select 'a condemned blob that is needed', blob.digest from blob
      where condemned_at is not null and exists (select 1 from repository_blob where blob_id = blob.id)
        and exists (select 1 from manifest_blob where blob_id = blob.id)
    union all
    select 'a blob that nobody needs and no collection will look at', digest from blob
      where condemned_at is null
        and not exists (select 1 from repository_blob where repository_blob.blob_id = blob.id)
        and not exists (select 1 from deleted_artifact_blob where deleted_artifact_blob.blob_id = blob.id)
        and not exists (select 1 from gc_review where gc_review.blob_id = blob.id and gc_review.repository_id = 0)
    union all
    select 'a blob in a repository that has no use for it, and no collection will look at it', blob.digest
      from repository_blob join blob on blob.id = repository_blob.blob_id
      where not exists (select 1 from manifest_blob where manifest_blob.blob_id = repository_blob.blob_id
          and manifest_blob.repository_id = repository_blob.repository_id)
        and not exists (select 1 from gc_review where gc_review.blob_id = repository_blob.blob_id
          and gc_review.repository_id = repository_blob.repository_id)
    union all
    select 'a manifest without content', manifest.digest from manifest
      where not exists (select 1 from manifest_content where manifest_content.digest = manifest.digest)
    union all
    select 'a tag of another repository', tag.name from tag join manifest on manifest.id = tag.manifest_id
      where manifest.repository_id <> tag.repository_id`.execute(db.read);
  const [first] = dangling.rows;
  if (first !== undefined) broken(`there is ${first.what}: ${first.digest}`);
  const rows = await sql<{ location: BlobLocation; digest: string; size: number }>`
    select location, digest, size from blob`.execute(db.read);
  for (const { location, digest, size } of rows.rows) {
    if ((await bytes.stat(location)) === undefined) broken(`the blob ${digest} has no bytes at its place`);
    const content = await readAll(bytes, location);
    if (content.length !== size || digestOf(content) !== digest) broken(`at the place of ${digest} lie other bytes`);
  }
}

/** The history of every tag is a chain that ends where the tag points. */
export async function assertHistory({ db }: World): Promise<void> {
  const changes = await sql<{ repository_id: number; name: string; from_digest: Digest; to_digest: Digest }>`
    select repository_id, name, from_digest, to_digest from tag_change order by id`.execute(db.read);
  const ends = new Map<string, Digest | null>();
  for (const { repository_id, name, from_digest, to_digest } of changes.rows) {
    const key = `${repository_id}/${name}`;
    const before = ends.get(key) ?? null;
    if (before !== from_digest)
      broken(`the history of ${name} goes from ${before} to ${to_digest} over ${from_digest}`);
    ends.set(key, to_digest);
  }
  const tags = await sql<{ repository_id: number; name: string; digest: Digest }>`
    select tag.repository_id, tag.name, manifest.digest from tag join manifest on manifest.id = tag.manifest_id`.execute(
    db.read,
  );
  const now = new Map(tags.rows.map((tag) => [`${tag.repository_id}/${tag.name}`, tag.digest]));
  for (const key of new Set([...ends.keys(), ...now.keys()])) {
    const [said, is] = [ends.get(key) ?? null, now.get(key) ?? null];
    if (said !== is) broken(`the history of the tag ${key} ends with ${said}, it points at ${is}`);
  }
}

/** What is left must be nothing: everything was deleted and every time is over. */
const mustBeEmpty = [
  'blob',
  'repository_blob',
  'manifest',
  'manifest_content',
  'manifest_blob',
  'manifest_review',
  'gc_review',
  'trash',
  'deletion',
  'deleted_artifact',
  'upload',
  'tag',
  'project_blob',
  'project_manifest',
] as const;

export async function assertEmpty({ db, bytes }: World): Promise<void> {
  const counts = mustBeEmpty.map(
    (table) => sql`select ${sql.lit(table)} as name where exists (
    select 1 from ${sql.table(table)})`,
  );
  const left = await sql<{ name: string }>`${sql.join(counts, sql` union all `)}`.execute(db.read);
  const names = left.rows.map(({ name }) => name);
  if (names.length > 0) {
    const rows: unknown[] = [];
    for (const name of names) rows.push(...(await sql`select * from ${sql.table(name)} limit 3`.execute(db.read)).rows);
    broken(`something is kept for nothing in ${names.join(', ')}: ${JSON.stringify(rows)}`);
  }
  if (bytes.listBlobs().length > 0) broken(`bytes are kept for nothing: ${bytes.listBlobs().join(', ')}`);
  if (bytes.listStaged().length > 0) broken('staged bytes are kept for nothing');
}

/** The running figure of every project is what a recount finds. */
export async function assertAccounts({ projects, stores }: World): Promise<void> {
  for (const { id, name } of projects) {
    const found = await stores.quotaReads.recount(id);
    if (found === undefined) broken(`the project ${name} has no account`);
    else if (JSON.stringify(found.counted) !== JSON.stringify(found.found))
      broken(`the account of ${name} says ${JSON.stringify(found)}`);
  }
}

/** Forgets what schedules leave on purpose: histories, repositories without content, ledgers. */
export async function wipe({ db }: World): Promise<void> {
  await db.transact(async (tx) => {
    const q = within(tx);
    await q.deleteFrom('tag_change').execute();
    await q.deleteFrom('repository').execute();
    await sql`update quota set hard = -1, hard_count = -1, used = 0, used_count = 0`.execute(q);
    await q.deleteFrom('quota_ledger').execute();
  });
}
