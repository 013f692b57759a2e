import type { Digest } from '@entrepot/oci/digest';
import type { RepositoryName } from '@entrepot/oci/repository-name';
import type { TagName } from '@entrepot/oci/tag';
import { RegistryError } from '#kernel/errors';
import type { Transaction } from '#kernel/transaction';
import type { TagPolicy } from '#registry/ports';
import type { ManifestStore } from './store.ts';

/** Where tags are about to change. */
export interface TagPlace {
  readonly projectId: number;
  readonly repository: RepositoryName;
  readonly repositoryId: number;
}

/** Asks what has a say in tags, in the transaction that changes them and before it does. */
export interface KeptTags {
  /** Throws `tag-immutable` where one of the tags stays where it points, which is elsewhere than at `to`. */
  assertMovable(tx: Transaction, place: TagPlace, tags: readonly TagName[], to: Digest): Promise<void>;
  /** Throws `tag-immutable` where one of the tags stays. They are read when nobody can add a kept one any more. */
  assertRemovable(tx: Transaction, place: TagPlace, tags: () => Promise<readonly TagName[]>): Promise<void>;
}

export function createKeptTags(policy: TagPolicy, store: Pick<ManifestStore, 'holdTags' | 'tagTarget'>): KeptTags {
  return {
    async assertMovable(tx, { projectId, repository, repositoryId }, tags, to) {
      const guard = tags.length === 0 ? undefined : await policy.guardOf(projectId, tx);
      for (const tag of tags) {
        if (guard?.keeps(repository, tag) !== true) continue;
        const target = await store.tagTarget(tx, repositoryId, tag);
        if (target !== undefined && target !== to) throw immutable(tag, 'updated');
      }
    },
    async assertRemovable(tx, { projectId, repository, repositoryId }, tags) {
      const guard = await policy.guardOf(projectId, tx);
      if (guard === undefined) return;
      await store.holdTags(tx, repositoryId);
      const kept = (await tags()).find((tag) => guard.keeps(repository, tag));
      if (kept !== undefined) throw immutable(kept, 'deleted');
    },
  };
}

/** Harbor's words, for clients that look for them. */
function immutable(tag: TagName, change: 'updated' | 'deleted'): RegistryError {
  return new RegistryError('tag-immutable', `the tag ${tag} configured as immutable, cannot be ${change}`, {
    detail: { tag },
  });
}
