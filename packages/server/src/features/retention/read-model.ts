import { sql } from 'kysely';
import type { Db } from '#platform/db';
import { slices } from '#platform/db/lists';
import type { HeldManifest, HeldRepository } from './types.ts';

/** What rules decide about, as it is stored now. */
export interface RetentionReadModel {
  /** The repositories of a project that hold something, by name. */
  listRepositories(projectId: number): Promise<HeldRepository[]>;
  findRepository(projectId: number, id: number): Promise<HeldRepository | undefined>;
  /** Everything in a repository, parts and attached things too. */
  listManifests(repositoryId: number): Promise<HeldManifest[]>;
  /**
   * What would be free in the project without these manifests, by group: blobs and contents that nothing else in it
   * holds. What several groups hold counts for the first.
   */
  measureFreed(projectId: number, groups: readonly (readonly HeldManifest[])[]): Promise<number[]>;
}

/** Something of which the project may have more holders than those that go. */
interface Held {
  group: number;
  readonly size: number;
  holders: number;
}

export function createRetentionReadModel(db: Db): RetentionReadModel {
  const repositories = (projectId: number) =>
    db.read.selectFrom('repository').select(['id', 'name', 'pinned']).where('project_id', '=', projectId);
  const toRepository = (row: { id: number; name: string; pinned: number }): HeldRepository => ({
    id: row.id,
    name: row.name,
    pinned: row.pinned === 1,
  });

  async function namesBy(
    query: Promise<readonly { readonly manifest_id: number; readonly name: string }[]>,
  ): Promise<Map<number, string[]>> {
    const names = new Map<number, string[]>();
    for (const { manifest_id: id, name } of await query) {
      const known = names.get(id);
      if (known === undefined) names.set(id, [name]);
      else known.push(name);
    }
    return names;
  }

  function note<K>(found: Map<K, Held>, key: K, group: number, size: number): void {
    const known = found.get(key);
    if (known === undefined) found.set(key, { group, size, holders: 1 });
    else {
      known.holders += 1;
      known.group = Math.min(known.group, group);
    }
  }

  /** Adds to the groups what is held by nothing but what goes. */
  function addFreed(freed: number[], found: ReadonlyMap<unknown, Held>, key: unknown, holders: number): void {
    const held = found.get(key);
    if (held !== undefined && holders <= held.holders) freed[held.group] = (freed[held.group] ?? 0) + held.size;
  }

  return {
    async listRepositories(projectId) {
      return (await repositories(projectId).where('held', '=', 1).orderBy('name').execute()).map(toRepository);
    },

    async findRepository(projectId, id) {
      const row = await repositories(projectId).where('id', '=', id).executeTakeFirst();
      return row && toRepository(row);
    },

    async listManifests(repositoryId) {
      const rows = await db.read
        .selectFrom('manifest')
        .select(['id', 'digest', 'size', 'pushed_at', 'pulled_at', 'listed', 'accessory_of'])
        .where('repository_id', '=', repositoryId)
        .orderBy('id')
        .execute();
      const [tags, labels, parts] = await Promise.all([
        namesBy(
          db.read
            .selectFrom('tag')
            .select(['manifest_id', 'name'])
            .where('repository_id', '=', repositoryId)
            .orderBy('name')
            .execute(),
        ),
        namesBy(
          db.read
            .selectFrom('artifact_label')
            .innerJoin('manifest', 'manifest.id', 'artifact_label.manifest_id')
            .innerJoin('label', 'label.id', 'artifact_label.label_id')
            .select(['artifact_label.manifest_id', 'label.name'])
            .where('manifest.repository_id', '=', repositoryId)
            .execute(),
        ),
        namesBy(
          db.read
            .selectFrom('manifest_child')
            .innerJoin('manifest', 'manifest.id', 'manifest_child.manifest_id')
            .select(['manifest_child.manifest_id', 'manifest_child.digest as name'])
            .where('manifest.repository_id', '=', repositoryId)
            .execute(),
        ),
      ]);
      return rows.map((row) => ({
        id: row.id,
        digest: row.digest,
        size: row.size,
        pushedAt: row.pushed_at,
        pulledAt: row.pulled_at,
        listed: row.listed === 1,
        attachedTo: row.accessory_of === null || row.accessory_of === row.digest ? undefined : row.accessory_of,
        tags: tags.get(row.id) ?? [],
        labels: labels.get(row.id) ?? [],
        parts: parts.get(row.id) ?? [],
      }));
    },

    async measureFreed(projectId, groups) {
      const freed = groups.map(() => 0);
      const groupOf = new Map(groups.flatMap((group, at) => group.map(({ id }) => [id, at] as const)));
      const blobs = new Map<number, Held>();
      for (const ids of slices([...groupOf.keys()])) {
        const rows = await db.read
          .selectFrom('manifest_blob')
          .innerJoin('blob', 'blob.id', 'manifest_blob.blob_id')
          .select(['manifest_blob.manifest_id', 'blob.id', 'blob.size'])
          .where('manifest_blob.manifest_id', 'in', ids)
          .execute();
        for (const row of rows) note(blobs, row.id, groupOf.get(row.manifest_id) ?? 0, row.size);
      }
      for (const ids of slices([...blobs.keys()])) {
        const rows = await db.read
          .selectFrom('manifest_blob')
          .innerJoin('repository', 'repository.id', 'manifest_blob.repository_id')
          .select(['manifest_blob.blob_id', sql<number>`count(*)`.as('holders')])
          .where('manifest_blob.blob_id', 'in', ids)
          .where('repository.project_id', '=', projectId)
          .groupBy('manifest_blob.blob_id')
          .execute();
        for (const row of rows) addFreed(freed, blobs, row.blob_id, Number(row.holders));
      }
      const contents = new Map<string, Held>();
      for (const [at, group] of groups.entries())
        for (const { digest, size } of group) note(contents, digest, at, size);
      for (const digests of slices([...contents.keys()])) {
        const rows = await db.read
          .selectFrom('manifest')
          .innerJoin('repository', 'repository.id', 'manifest.repository_id')
          .select(['manifest.digest', sql<number>`count(*)`.as('holders')])
          .where('manifest.digest', 'in', digests)
          .where('repository.project_id', '=', projectId)
          .groupBy('manifest.digest')
          .execute();
        for (const row of rows) addFreed(freed, contents, row.digest, Number(row.holders));
      }
      return freed;
    },
  };
}
