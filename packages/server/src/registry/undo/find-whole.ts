import type { Digest } from '@entrepot/oci/digest';
import { parseManifest } from '@entrepot/oci/manifest';
import { isIndexType } from '@entrepot/oci/media-types';
import type { Clock } from '#kernel/clock';
import type { Transaction } from '#kernel/transaction';
import type { ManifestStore } from '#registry/manifests';
import type { RestorePlace } from './bring-back.ts';
import type { TakingStore } from './store.ts';
import type { KeptArtifact } from './types.ts';

/**
 * Finds artifacts in the bin, whichever deletion took them, each with the manifests that it names and what was attached
 * to it. What the repository holds is not looked for.
 */
export type FindWhole = (tx: Transaction, place: RestorePlace, digests: readonly Digest[]) => Promise<KeptArtifact[]>;

export function createFindWhole(taking: TakingStore, store: ManifestStore, clock: Clock): FindWhole {
  return async (tx, { project, repository, repositoryId }, digests) => {
    const place = { projectId: project.id, repository };
    const found = new Map<Digest, KeptArtifact>();
    let wanted: Digest[] = [...digests];
    while (wanted.length > 0) {
      const present = await store.presentManifests(tx, repositoryId, wanted);
      const absent = wanted.filter((digest) => !present.has(digest) && !found.has(digest));
      const kept = await taking.findKept(tx, place, absent, clock());
      wanted = [];
      for (const one of kept) {
        found.set(one.digest, one);
        if (isIndexType(one.mediaType)) wanted.push(...(await childrenOf(tx, one)));
        wanted.push(...(await taking.attachedTo(tx, place, one.digest, clock())).map(({ digest }) => digest));
      }
    }
    return [...found.values()];
  };

  async function childrenOf(tx: Transaction, { digest, mediaType }: KeptArtifact): Promise<Digest[]> {
    const content = await taking.contentOf(tx, digest);
    return content === undefined ? [] : parseManifest(content, mediaType).manifests.map((child) => child.digest);
  }
}
