import type { Digest } from '@entrepot/oci/digest';
import type { ListQuery } from '#kernel/list-query';
import { applyConditions, applyPage, type Db, type ListColumns } from '#platform/db';
import type { DamageReason, KnownDamage } from './types.ts';

/** An artifact that cannot be had whole, or something of one. */
export interface AffectedArtifact {
  readonly repository: string;
  readonly digest: string;
  readonly tags: readonly string[];
}

export interface DamageView extends KnownDamage {
  /** Some of them; how many there are is `affectedTotal`. */
  readonly affected: readonly AffectedArtifact[];
  /** Repositories that hold it, those without an artifact that needs it included; some of them. */
  readonly repositories: readonly string[];
}

export interface ScrubState {
  readonly blobs: number;
  readonly bytes: number;
  /** Everything was looked at since then; undefined where there is nothing. */
  readonly oldestCheck: number | undefined;
  readonly damaged: number;
}

export interface ScrubReadModel {
  /** Damage that is not mended, or with all that ever was. */
  listDamage(all: boolean, list: ListQuery): Promise<{ entries: DamageView[]; total: number }>;
  readState(): Promise<ScrubState>;
  /** What is to be looked at in a pass. */
  countDue(before: number): Promise<{ blobs: number; bytes: number }>;
  countManifests(): Promise<number>;
  /** Blobs and manifests that nobody gets. */
  countQuarantined(): Promise<number>;
  /** Rows that speak of what is not there, in words; so many at most. */
  listDangling(most: number): Promise<string[]>;
  countDamages(): Promise<{ found: number; mended: number }>;
}

const columns: ListColumns = {
  id: { ref: 'storage_damage.id', kind: 'number' },
  digest: { ref: 'storage_damage.digest', kind: 'text' },
  found_time: { ref: 'storage_damage.found_at', kind: 'time' },
  size: { ref: 'storage_damage.size', kind: 'number' },
};

/** Artifacts and repositories that are shown for one digest. */
const mostShown = 50;

export function createScrubReadModel(db: Db): ScrubReadModel {
  const { background } = db;

  /** A push mends what it brings again; that is written down by the next pass, and true at once. */
  const openDamage = () =>
    background
      .selectFrom('storage_damage')
      .where('mended_at', 'is', null)
      .where(({ or, exists, selectFrom }) =>
        or(
          (['blob', 'manifest_content'] as const).map((table) =>
            exists(
              selectFrom(table)
                .select(`${table}.digest`)
                .whereRef(`${table}.digest`, '=', 'storage_damage.digest')
                .where(`${table}.damaged_at`, 'is not', null),
            ),
          ),
        ),
      );

  async function findRepositories(digest: string): Promise<string[]> {
    const rows = await background
      .selectFrom('blob')
      .innerJoin('repository_blob', 'repository_blob.blob_id', 'blob.id')
      .innerJoin('repository', 'repository.id', 'repository_blob.repository_id')
      .select('repository.name')
      .where('blob.digest', '=', digest)
      .orderBy('repository.name')
      .limit(mostShown)
      .execute();
    return rows.map((row) => row.name);
  }

  async function findAffected(digest: string): Promise<AffectedArtifact[]> {
    const needing = await background
      .selectFrom('blob')
      .innerJoin('manifest_blob', 'manifest_blob.blob_id', 'blob.id')
      .innerJoin('manifest', 'manifest.id', 'manifest_blob.manifest_id')
      .innerJoin('repository', 'repository.id', 'manifest.repository_id')
      .select(['manifest.id', 'manifest.digest', 'repository.name'])
      .where('blob.digest', '=', digest)
      .limit(mostShown)
      .execute();
    const itself = await background
      .selectFrom('manifest')
      .innerJoin('repository', 'repository.id', 'manifest.repository_id')
      .select(['manifest.id', 'manifest.digest', 'repository.name'])
      .where('manifest.digest', '=', digest)
      .limit(mostShown)
      .execute();
    const manifests = [...needing, ...itself];
    if (manifests.length === 0) return [];
    const tags = await background
      .selectFrom('tag')
      .select(['manifest_id', 'name'])
      .where(
        'manifest_id',
        'in',
        manifests.map(({ id }) => id),
      )
      .orderBy('name')
      .execute();
    return manifests.map(({ id, digest: of, name }) => ({
      repository: name,
      digest: of,
      tags: tags.filter((tag) => tag.manifest_id === id).map((tag) => tag.name),
    }));
  }

  return {
    async listDamage(all, list) {
      const wanted = all ? background.selectFrom('storage_damage') : openDamage();
      const matching = applyConditions(wanted, list.conditions, columns);
      const rows = await applyPage(matching.selectAll(), list, columns, {
        tie: 'storage_damage.id',
        first: [{ field: 'id', descending: true }],
      }).execute();
      const counted = await matching.select(({ fn }) => fn.countAll<number>().as('count')).executeTakeFirstOrThrow();
      const entries: DamageView[] = [];
      for (const row of rows) {
        entries.push({
          id: row.id,
          kind: row.kind,
          digest: row.digest as Digest,
          size: Number(row.size),
          reason: row.reason as DamageReason,
          foundAt: Number(row.found_at),
          mendedAt: row.mended_at === null ? undefined : Number(row.mended_at),
          mendedBy: row.mended_by ?? undefined,
          affected: await findAffected(row.digest),
          repositories: await findRepositories(row.digest),
        });
      }
      return { entries, total: Number(counted.count) };
    },

    async readState() {
      const { blobs, bytes } = await background
        .selectFrom('blob')
        .select(({ fn }) => [fn.countAll<number>().as('blobs'), fn.sum<number>('size').as('bytes')])
        .executeTakeFirstOrThrow();
      const oldest = await background
        .selectFrom('blob')
        .select(({ fn }) => fn.min('checked_at').as('at'))
        .where('damaged_at', 'is', null)
        .executeTakeFirst();
      const damaged = await openDamage()
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      const at = oldest?.at ?? null;
      return {
        blobs: Number(blobs),
        bytes: Number(bytes ?? 0),
        oldestCheck: at === null ? undefined : Number(at),
        damaged: Number(damaged.count),
      };
    },

    async countDue(before) {
      const row = await background
        .selectFrom('blob')
        .select(({ fn }) => [fn.countAll<number>().as('blobs'), fn.sum<number>('size').as('bytes')])
        .where('checked_at', '<', before)
        .where('damaged_at', 'is', null)
        .executeTakeFirstOrThrow();
      return { blobs: Number(row.blobs), bytes: Number(row.bytes ?? 0) };
    },

    async countManifests() {
      const row = await background
        .selectFrom('manifest_content')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      return Number(row.count);
    },

    async countQuarantined() {
      let sum = 0;
      for (const table of ['blob', 'manifest_content'] as const) {
        const row = await background
          .selectFrom(table)
          .select(({ fn }) => fn.countAll<number>().as('count'))
          .where('damaged_at', 'is not', null)
          .executeTakeFirstOrThrow();
        sum += Number(row.count);
      }
      return sum;
    },

    async listDangling(most) {
      const contentless = await background
        .selectFrom('manifest')
        .innerJoin('repository', 'repository.id', 'manifest.repository_id')
        .leftJoin('manifest_content', 'manifest_content.digest', 'manifest.digest')
        .select(['repository.name', 'manifest.digest'])
        .where('manifest_content.digest', 'is', null)
        .limit(most)
        .execute();
      const unheld = await background
        .selectFrom('manifest_blob')
        .innerJoin('manifest', 'manifest.id', 'manifest_blob.manifest_id')
        .innerJoin('repository', 'repository.id', 'manifest.repository_id')
        .leftJoin('blob', 'blob.id', 'manifest_blob.blob_id')
        .leftJoin('repository_blob', (join) =>
          join
            .onRef('repository_blob.blob_id', '=', 'manifest_blob.blob_id')
            .onRef('repository_blob.repository_id', '=', 'manifest.repository_id'),
        )
        .select(['repository.name', 'manifest.digest', 'blob.digest as blob_digest'])
        .where('repository_blob.blob_id', 'is', null)
        .limit(most)
        .execute();
      const astray = await background
        .selectFrom('tag')
        .innerJoin('repository', 'repository.id', 'tag.repository_id')
        .leftJoin('manifest', (join) =>
          join.onRef('manifest.id', '=', 'tag.manifest_id').onRef('manifest.repository_id', '=', 'tag.repository_id'),
        )
        .select(['repository.name', 'tag.name as tag'])
        .where('manifest.id', 'is', null)
        .limit(most)
        .execute();
      return [
        ...contentless.map((row) => `the manifest ${row.name}@${row.digest} has no content`),
        ...unheld.map(
          (row) => `${row.name}@${row.digest} needs ${row.blob_digest ?? 'a blob'}, which is not held there`,
        ),
        ...astray.map((row) => `the tag ${row.name}:${row.tag} points at nothing`),
      ].slice(0, most);
    },

    async countDamages() {
      const row = await db.read
        .selectFrom('storage_damage')
        .select(({ fn }) => [fn.countAll<number>().as('found'), fn.count<number>('mended_at').as('mended')])
        .executeTakeFirstOrThrow();
      return { found: Number(row.found), mended: Number(row.mended) };
    },
  };
}
