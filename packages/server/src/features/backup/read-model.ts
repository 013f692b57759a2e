import { sql } from 'kysely';
import { parseManifest } from '@entrepot/oci/manifest';
import { createHash } from 'node:crypto';
import type { Db } from '#platform/db';

/** Something that has to hold and does not, in words. */
export type Fault = string;

export interface CheckedManifests {
  readonly manifests: number;
  /** Children of indexes that are not in the repository, as may be. */
  readonly absentChildren: number;
  readonly faults: readonly Fault[];
}

/** What is asked of a restored database. Each look tells at most so many faults, and that there are more. */
export interface RestoredReadModel {
  /** The file and its references, as the database itself sees them. */
  checkIntegrity(): Promise<readonly Fault[]>;
  /** Every manifest against its bytes: its digest, the blobs and children that it names, their sizes. */
  checkManifests(onDone: (done: number) => void): Promise<CheckedManifests>;
  checkTags(): Promise<{ readonly tags: number; readonly faults: readonly Fault[] }>;
  /** What is counted as used against what is there. */
  checkQuotas(): Promise<{ readonly projects: number; readonly faults: readonly Fault[] }>;
  /** Digests of blobs that were known as damaged when the state was. */
  listDamaged(): Promise<ReadonlySet<string>>;
}

const mostFaults = 20;
const manifestsPerPage = 500;

export function createRestoredReadModel(db: Db): RestoredReadModel {
  return {
    checkIntegrity: () => (db.kind === 'sqlite' ? checkSqlite(db) : Promise.resolve([])),
    checkManifests: (onDone) => checkManifests(db, onDone),
    checkTags: () => checkTags(db),
    checkQuotas: () => checkQuotas(db),
    async listDamaged() {
      const rows = await db.read.selectFrom('blob').select('digest').where('damaged_at', 'is not', null).execute();
      return new Set(rows.map(({ digest }) => digest));
    },
  };
}

/** PostgreSQL looked at its keys itself when the rows were loaded. */
async function checkSqlite({ read }: Db): Promise<Fault[]> {
  const { rows } = await sql<{ integrity_check: string }>`pragma integrity_check(${sql.lit(mostFaults)})`.execute(read);
  const faults = rows.map((row) => row.integrity_check).filter((text) => text !== 'ok');
  const keys = await sql<{ table: string; parent: string; n: number }>`
    select "table", parent, count(*) as n from pragma_foreign_key_check group by "table", parent`.execute(read);
  return [
    ...faults,
    ...keys.rows.map(({ table, parent, n }) => `${n} rows of ${table} refer to rows of ${parent} that are not there`),
  ];
}

interface ManifestRow {
  readonly id: number;
  readonly repositoryId: number;
  readonly repository: string | null;
  readonly digest: string;
  readonly mediaType: string;
  readonly content: Uint8Array | null;
}

interface Edge {
  readonly size: number;
  /** Whether the repository of the manifest holds the blob. */
  readonly linked: boolean;
}

interface Edges {
  readonly blobs: Map<string, Edge>;
  readonly missing: Set<string>;
  /** Digest, and whether the manifest is in the repository. */
  readonly children: Map<string, boolean>;
}

async function checkManifests(db: Db, onDone: (done: number) => void): Promise<CheckedManifests> {
  const faults = createFaults();
  let [manifests, absentChildren] = [0, 0];
  for (let after = 0; ; ) {
    const rows = await readManifests(db, after);
    const edges = await readEdges(db, rows);
    for (const row of rows) {
      const own = edges.get(row.id);
      if (own === undefined) continue;
      for (const fault of judgeManifest(row, own)) faults.add(fault);
      for (const isThere of own.children.values()) absentChildren += isThere ? 0 : 1;
    }
    manifests += rows.length;
    onDone(manifests);
    if (rows.length < manifestsPerPage) break;
    after = rows.at(-1)?.id ?? 0;
  }
  return { manifests, absentChildren, faults: faults.told() };
}

function readManifests({ read }: Db, after: number): Promise<ManifestRow[]> {
  return read
    .selectFrom('manifest')
    .leftJoin('manifest_content', 'manifest_content.digest', 'manifest.digest')
    .leftJoin('repository', 'repository.id', 'manifest.repository_id')
    .select([
      'manifest.id',
      'manifest.repository_id as repositoryId',
      'repository.name as repository',
      'manifest.digest',
      'manifest.media_type as mediaType',
      'manifest_content.content',
    ])
    .where('manifest.id', '>', after)
    .orderBy('manifest.id')
    .limit(manifestsPerPage)
    .execute();
}

async function readEdges({ read }: Db, rows: readonly ManifestRow[]): Promise<Map<number, Edges>> {
  const edges = new Map<number, Edges>(
    rows.map(({ id }) => [id, { blobs: new Map(), missing: new Set(), children: new Map() }]),
  );
  const ids = rows.map(({ id }) => id);
  if (ids.length === 0) return edges;
  const blobs = await read
    .selectFrom('manifest_blob')
    .innerJoin('manifest', 'manifest.id', 'manifest_blob.manifest_id')
    .innerJoin('blob', 'blob.id', 'manifest_blob.blob_id')
    .leftJoin('repository_blob', (join) =>
      join
        .onRef('repository_blob.blob_id', '=', 'blob.id')
        .onRef('repository_blob.repository_id', '=', 'manifest.repository_id'),
    )
    .select(['manifest_blob.manifest_id as id', 'blob.digest', 'blob.size', 'repository_blob.blob_id as link'])
    .where('manifest_blob.manifest_id', 'in', ids)
    .execute();
  for (const { id, digest, size, link } of blobs) edges.get(id)?.blobs.set(digest, { size, linked: link !== null });
  const missing = await read
    .selectFrom('manifest_missing')
    .select(['manifest_id as id', 'digest'])
    .where('manifest_id', 'in', ids)
    .execute();
  for (const { id, digest } of missing) edges.get(id)?.missing.add(digest);
  const children = await read
    .selectFrom('manifest_child')
    .innerJoin('manifest as parent', 'parent.id', 'manifest_child.manifest_id')
    .leftJoin('manifest as child', (join) =>
      join
        .onRef('child.digest', '=', 'manifest_child.digest')
        .onRef('child.repository_id', '=', 'parent.repository_id'),
    )
    .select(['parent.id', 'manifest_child.digest', 'child.id as child'])
    .where('manifest_child.manifest_id', 'in', ids)
    .execute();
  for (const { id, digest, child } of children) edges.get(id)?.children.set(digest, child !== null);
  return edges;
}

function* judgeManifest(row: ManifestRow, edges: Edges): Generator<Fault, void, void> {
  const name = `${row.repository ?? `repository ${row.repositoryId}, which is not there,`}@${row.digest}`;
  if (row.repository === null) yield `${name} belongs to nothing`;
  if (row.content === null) {
    yield `${name} has no content`;
    return;
  }
  const [algorithm = '', hex] = row.digest.split(':');
  if (createHash(algorithm).update(row.content).digest('hex') !== hex) {
    yield `${name} has the content of another manifest`;
    return;
  }
  const { blobs, manifests } = parseManifest(row.content, row.mediaType);
  for (const { digest, size } of blobs) {
    const edge = edges.blobs.get(digest);
    if (edge === undefined) {
      if (!edges.missing.has(digest)) yield `${name} names the blob ${digest}, which is not there`;
    } else if (edge.size !== size) {
      yield `${name} names ${size} bytes of the blob ${digest}, which has ${edge.size}`;
    } else if (!edge.linked) {
      yield `${name} names the blob ${digest}, which its repository does not hold`;
    }
  }
  for (const { digest } of manifests) {
    if (!edges.children.has(digest)) yield `${name} names the manifest ${digest}, and is not known to`;
  }
}

async function checkTags({ read }: Db) {
  const faults = createFaults();
  const { rows } = await sql<{ name: string; repository: string | null }>`
    select tag.name, repository.name as repository from tag
    left join repository on repository.id = tag.repository_id
    left join manifest on manifest.id = tag.manifest_id and manifest.repository_id = tag.repository_id
    where manifest.id is null or repository.id is null`.execute(read);
  for (const { name, repository } of rows) faults.add(`${repository}:${name} points at no manifest of its repository`);
  const { n } = await read
    .selectFrom('tag')
    .select((q) => q.fn.countAll<number>().as('n'))
    .executeTakeFirstOrThrow();
  return { tags: Number(n), faults: faults.told() };
}

interface QuotaRow {
  readonly project: string;
  readonly counted: number;
  readonly found: number;
  readonly artifactsCounted: number;
  readonly artifactsFound: number;
}

/** All projects at once: one by one would read the blobs of each again. */
async function checkQuotas({ read }: Db) {
  const { rows } = await sql<QuotaRow>`
    with held as (
      select distinct repository.project_id, repository_blob.blob_id from repository_blob
      join repository on repository.id = repository_blob.repository_id where repository_blob.loose = 0),
    blobs as (
      select held.project_id, sum(blob.size) as bytes from held join blob on blob.id = held.blob_id
      group by held.project_id),
    contents as (
      select repository.project_id, manifest.digest, max(manifest.size) as size from manifest
      join repository on repository.id = manifest.repository_id group by repository.project_id, manifest.digest),
    manifests as (select project_id, sum(size) as bytes from contents group by project_id),
    listed as (select project_id, count(*) as n from manifest where listed = 1 group by project_id),
    ledger as (
      select project_id, sum(delta) as delta, sum(count_delta) as count_delta from quota_ledger group by project_id)
    select project.name as project,
      cast(quota.used + coalesce(ledger.delta, 0) as bigint) as counted,
      cast(coalesce(blobs.bytes, 0) + coalesce(manifests.bytes, 0) as bigint) as found,
      cast(quota.used_count + coalesce(ledger.count_delta, 0) as bigint) as "artifactsCounted",
      cast(coalesce(listed.n, 0) as bigint) as "artifactsFound"
    from project
    left join quota on quota.project_id = project.id
    left join ledger on ledger.project_id = project.id
    left join blobs on blobs.project_id = project.id
    left join manifests on manifests.project_id = project.id
    left join listed on listed.project_id = project.id`.execute(read);
  const faults = createFaults();
  for (const { project, counted, found, artifactsCounted, artifactsFound } of rows) {
    if (counted !== found) faults.add(`project ${project} counts ${counted} bytes and holds ${found}`);
    if (artifactsCounted !== artifactsFound) {
      faults.add(`project ${project} counts ${artifactsCounted} artifacts and holds ${artifactsFound}`);
    }
  }
  return { projects: rows.length, faults: faults.told() };
}

function createFaults() {
  const faults: Fault[] = [];
  let more = 0;
  return {
    add(fault: Fault): void {
      if (faults.length < mostFaults) faults.push(fault);
      else more += 1;
    },
    told: (): readonly Fault[] => (more === 0 ? faults : [...faults, `and ${more} more`]),
  };
}
