import { type ParsedManifest, parseManifest } from '@entrepot/oci/manifest';
import type { Digest } from '@entrepot/oci/digest';
import type { TagName } from '@entrepot/oci/tag';
import { actorName, type Asker } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import type { Transaction } from '#kernel/transaction';
import type { Events } from '#platform/outbox';
import type { BlobRecords } from '#registry/blobs';
import { describeManifest } from '#registry/descriptions';
import { aboutArtifact, type ManifestStore } from '#registry/manifests';
import type { Admit } from '#registry/ports';
import type { Project } from '#tenancy/projects';
import type { RepositoryName } from '@entrepot/oci/repository-name';
import type { TakingStore } from './store.ts';
import type { KeptArtifact, KeptTag, Left } from './types.ts';

export interface RestorePlace {
  readonly asker: Asker;
  readonly project: Project;
  readonly repository: RepositoryName;
  readonly repositoryId: number;
}

/** What came of it, for artifacts and tags that were to be brought back. */
export interface Brought {
  /** Restored or there already: they leave the bin. */
  readonly artifacts: readonly KeptArtifact[];
  readonly tags: readonly KeptTag[];
  readonly restored: { readonly artifacts: number; readonly tags: number };
  readonly alreadyThere: number;
  readonly left: readonly Left[];
}

export interface BringBackDeps {
  readonly taking: TakingStore;
  readonly store: ManifestStore;
  readonly blobs: Pick<BlobRecords, 'touch' | 'link'>;
  readonly events: Events;
  readonly clock: Clock;
}

/**
 * Brings artifacts of the bin into their repository again, then tags, in the open transaction; whoever calls holds the
 * repository. The same store takes them that takes pushes, so that lists, quota and referrers follow by themselves.
 */
export type BringBack = (
  tx: Transaction,
  place: RestorePlace,
  what: { readonly artifacts: readonly KeptArtifact[]; readonly tags: readonly KeptTag[] },
  admit: Admit,
) => Promise<Brought>;

interface Ready {
  readonly kept: KeptArtifact;
  readonly content: Uint8Array;
  readonly manifest: ParsedManifest;
  readonly blobs: readonly { readonly digest: Digest; readonly size: number }[];
}

export function createBringBack({ taking, store, blobs, events, clock }: BringBackDeps): BringBack {
  /** Those that are whole still; the others are told of. */
  async function prepare(tx: Transaction, artifacts: readonly KeptArtifact[], left: Left[]): Promise<Ready[]> {
    const held = await taking.blobsOf(
      tx,
      artifacts.map(({ id }) => id),
    );
    const blobsOf = Map.groupBy(held, ({ artifactId }) => artifactId);
    const ready: Ready[] = [];
    for (const kept of artifacts) {
      const content = await taking.contentOf(tx, kept.digest);
      const own = blobsOf.get(kept.id) ?? [];
      const damaged = own.find((blob) => blob.damaged);
      if (content === undefined || damaged !== undefined) {
        const what = damaged === undefined ? 'its manifest' : `its content ${damaged.digest}`;
        left.push({ digest: kept.digest, reason: `${what} is damaged; push it again to mend it` });
      } else {
        ready.push({ kept, content, manifest: parseManifest(content, kept.mediaType), blobs: own });
      }
    }
    return ready;
  }

  async function put(
    tx: Transaction,
    { asker, project, repository, repositoryId }: RestorePlace,
    { kept, content, manifest, blobs: own }: Ready,
    tags: readonly TagName[],
  ): Promise<void> {
    const at = clock();
    // Linked before it is named, as in a push; what the manifest names and the bin did not have may have come since.
    for (const { digest } of own) {
      const id = await blobs.touch(tx, digest, at);
      if (id !== undefined) await blobs.link(tx, repositoryId, id, at);
    }
    const named = manifest.blobs.map(({ digest }) => digest);
    const held = await store.holdBlobs(tx, repositoryId, named, at);
    const manifestId = await store.put(
      tx,
      {
        repositoryId,
        digest: kept.digest,
        mediaType: kept.mediaType,
        content,
        artifactType: manifest.artifactType,
        subject: manifest.subject?.digest,
        annotations: manifest.subject === undefined ? undefined : manifest.annotations,
        description: describeManifest(manifest, content.length, tags),
        // Whether a tag follows is seen when it is there: another push may have it by now.
        tagged: false,
        at,
        by: kept.pushedBy,
      },
      {
        blobIds: [...held.values()].map(({ id }) => id),
        looseIds: [...held.values()].filter(({ loose }) => loose).map(({ id }) => id),
        missing: named.filter((digest) => !held.has(digest)),
        children: manifest.manifests.map(({ digest }) => digest),
      },
    );
    await taking.settle(tx, manifestId, kept);
    await events.emit(tx, {
      kind: 'artifact-pushed',
      ...aboutArtifact(asker, project, repository, kept.digest),
      mediaType: kept.mediaType,
      tags,
    });
  }

  async function putTags(
    tx: Transaction,
    { asker, project, repository, repositoryId }: RestorePlace,
    tags: readonly KeptTag[],
    left: Left[],
  ): Promise<{ readonly restored: KeptTag[]; readonly there: KeptTag[] }> {
    const restored: KeptTag[] = [];
    const there: KeptTag[] = [];
    for (const kept of tags) {
      const { name, digest } = kept;
      const manifestId = await store.idOf(tx, repositoryId, digest);
      if (manifestId === undefined) {
        left.push({ digest, tag: name, reason: 'what it pointed at could not be restored' });
      } else if (await store.addTag(tx, { repositoryId, name, manifestId, at: clock(), by: actorName(asker.actor) })) {
        await taking.settleTag(tx, repositoryId, kept);
        await events.emit(tx, {
          kind: 'tag-created',
          ...aboutArtifact(asker, project, repository, digest),
          tag: name,
        });
        restored.push(kept);
      } else {
        const target = await store.tagTarget(tx, repositoryId, name);
        if (target === digest) there.push(kept);
        else left.push({ digest, tag: name, reason: `the tag points at ${target ?? 'something else'} by now` });
      }
    }
    return { restored, there };
  }

  return async (tx, place, { artifacts, tags }, admit) => {
    const left: Left[] = [];
    const present = await store.presentManifests(
      tx,
      place.repositoryId,
      artifacts.map(({ digest }) => digest),
    );
    const there = artifacts.filter(({ digest }) => present.has(digest));
    // Whoever asks for it back is told that it is there: it does not go in the next moment.
    await store.renew(
      tx,
      place.repositoryId,
      there.map(({ digest }) => digest),
      clock(),
    );
    const ready = await prepare(
      tx,
      artifacts.filter(({ digest }) => !present.has(digest)),
      left,
    );
    const confirm = await admit(tx, {
      blobs: ready.flatMap(({ blobs: own }) => own),
      manifests: ready.map(({ kept }) => kept),
    });
    const tagsOf = Map.groupBy(tags, ({ digest }) => digest);
    for (const one of ready) {
      await put(
        tx,
        place,
        one,
        (tagsOf.get(one.kept.digest) ?? []).map(({ name }) => name),
      );
    }
    const tagged = await putTags(tx, place, tags, left);
    await confirm();
    const brought = {
      artifacts: [...there, ...ready.map(({ kept }) => kept)],
      tags: [...tagged.restored, ...tagged.there],
    };
    await taking.drop(tx, brought.artifacts, brought.tags);
    return {
      ...brought,
      restored: { artifacts: ready.length, tags: tagged.restored.length },
      alreadyThere: there.length + tagged.there.length,
      left,
    };
  };
}
