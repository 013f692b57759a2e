import type { TagName } from '@entrepot/oci/tag';
import type { Db } from '#platform/db';

export interface TagStore {
  /** Names in byte order after `after`. */
  list(repositoryId: number, after: string, limit: number): Promise<TagName[]>;
}

export function createTagStore(db: Db): TagStore {
  return {
    async list(repositoryId, after, limit) {
      const rows = await db.read
        .selectFrom('tag')
        .select('name')
        .where('repository_id', '=', repositoryId)
        .where('name', '>', after)
        .orderBy('name')
        .limit(limit)
        .execute();
      return rows.map((row) => row.name as TagName);
    },
  };
}
