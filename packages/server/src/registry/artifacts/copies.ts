import type { Descriptor } from '@entrepot/oci/descriptor';
import type { Digest } from '@entrepot/oci/digest';
import { parseManifest } from '@entrepot/oci/manifest';
import type { TagOrDigest } from '@entrepot/oci/reference';
import type { RepositoryName } from '@entrepot/oci/repository-name';
import type { TagName } from '@entrepot/oci/tag';
import type { Asker } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { Transact } from '#kernel/transaction';
import type { BlobRecords } from '#registry/blobs';
import type { Manifests } from '#registry/manifests';
import type { RepositoryStore } from '#registry/repositories';
import type { Project } from '#tenancy/projects';
import type { ArtifactPartsReadModel } from './parts/read-model.ts';
import type { ArtifactReadModel } from './read-model.ts';

export interface CopyEnd {
  readonly project: Project;
  readonly repository: RepositoryName;
}

export interface ArtifactCopies {
  /**
   * Copies an artifact without moving a byte: its blobs are linked, then its parts, itself, and what is attached to it
   * are pushed, so that nothing is there that is not whole. By digest its tags come along, by tag that one. Fails with
   * `manifest-not-found`, or `conflict` where the target holds it already. Who asks was asked whether he may.
   */
  copy(asker: Asker, source: CopyEnd & { readonly reference: TagOrDigest }, target: CopyEnd): Promise<Digest>;
}

export interface ArtifactCopiesDeps {
  readonly manifests: Pick<Manifests, 'find' | 'content' | 'push'>;
  readonly artifacts: Pick<ArtifactReadModel, 'load'>;
  readonly parts: Pick<ArtifactPartsReadModel, 'tagsOf' | 'accessoriesOf'>;
  readonly blobs: Pick<BlobRecords, 'findIn' | 'touch' | 'link'>;
  readonly repositories: Pick<RepositoryStore, 'ensure'>;
  readonly transact: Transact;
  readonly clock: Clock;
}

export function createArtifactCopies(deps: ArtifactCopiesDeps): ArtifactCopies {
  const { manifests, artifacts, parts, blobs, repositories, transact, clock } = deps;

  async function holds({ project, repository }: CopyEnd, digest: Digest): Promise<boolean> {
    try {
      await manifests.find(project, repository, { kind: 'digest', digest });
      return true;
    } catch (error) {
      if (error instanceof RegistryError && error.code === 'manifest-not-found') return false;
      throw error;
    }
  }

  /**
   * Only what the source repository holds itself: a manifest may name what it does not hold, and knowing a digest gives
   * nobody its bytes. Whether all are there, the push finds out.
   */
  async function linkBlobs(
    source: CopyEnd,
    { project, repository }: CopyEnd,
    named: readonly Descriptor[],
  ): Promise<void> {
    const descriptors: Descriptor[] = [];
    for (const one of named) {
      const held = await blobs.findIn(source.project.id, source.repository, one.digest);
      if (held !== undefined) descriptors.push(one);
    }
    await transact(async (tx) => {
      const repositoryId = await repositories.ensure(tx, project.id, repository, clock());
      for (const { digest } of descriptors) {
        const id = await blobs.touch(tx, digest, clock());
        if (id !== undefined) await blobs.link(tx, repositoryId, id, clock());
      }
    });
  }

  async function copyOne(
    asker: Asker,
    source: CopyEnd,
    target: CopyEnd,
    digest: Digest,
    tags: readonly TagName[],
    seen: Set<Digest>,
  ): Promise<void> {
    if (seen.has(digest)) return;
    seen.add(digest);
    const stored = await manifests.find(source.project, source.repository, { kind: 'digest', digest });
    const content = Buffer.from(await manifests.content(stored), 'latin1');
    const manifest = parseManifest(content, stored.mediaType);
    for (const child of manifest.manifests) {
      if (await holds(source, child.digest)) await copyOne(asker, source, target, child.digest, [], seen);
    }
    if (tags.length > 0 || !(await holds(target, digest))) {
      await linkBlobs(source, target, manifest.blobs);
      await manifests.push(asker, target.project, target.repository, {
        reference: { kind: 'digest', digest },
        tags,
        content,
        contentType: stored.mediaType,
        onlyIf: undefined,
        mayBeSparse: false,
        action: 'copy-artifact',
      });
    }
    const whole = await artifacts.load([stored.id]);
    for (const accessory of await parts.accessoriesOf(whole)) {
      // Signatures of cosign's older scheme are found by their tag.
      const names = (await parts.tagsOf([accessory.id])).map(({ name }) => name as TagName);
      await copyOne(asker, source, target, accessory.digest as Digest, names, seen);
    }
  }

  return {
    async copy(asker, source, target) {
      const root = await manifests.find(source.project, source.repository, source.reference);
      if (await holds(target, root.digest)) {
        throw new RegistryError('conflict', `The repository ${target.repository} holds ${root.digest} already.`);
      }
      const tags =
        source.reference.kind === 'tag'
          ? [source.reference.tag]
          : (await parts.tagsOf([root.id])).map(({ name }) => name as TagName);
      await copyOne(asker, source, target, root.digest, tags, new Set());
      return root.digest;
    },
  };
}
