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
import type { Manifests, StoredManifest } from '#registry/manifests';
import type { Admit, PushGate } from '#registry/ports';
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
  readonly gate: PushGate;
  readonly transact: Transact;
  readonly clock: Clock;
}

interface SizedContent {
  readonly digest: Digest;
  readonly size: number;
}

interface CopyStep {
  readonly stored: StoredManifest;
  readonly tags: readonly TagName[];
  /** Those that the source holds. */
  readonly blobs: readonly SizedContent[];
}

export function createArtifactCopies(deps: ArtifactCopiesDeps): ArtifactCopies {
  const { manifests, artifacts, parts, blobs, repositories, gate, transact, clock } = deps;

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
  async function heldOf({ project, repository }: CopyEnd, named: readonly Descriptor[]): Promise<SizedContent[]> {
    const held: SizedContent[] = [];
    for (const { digest } of named) {
      const blob = await blobs.findIn(project.id, repository, digest);
      if (blob !== undefined) held.push({ digest, size: blob.size });
    }
    return held;
  }

  /** What is to be pushed, in its order: the parts, the artifact, what is attached to it. */
  async function plan(
    source: CopyEnd,
    target: CopyEnd,
    digest: Digest,
    tags: readonly TagName[],
    seen: Set<Digest>,
  ): Promise<CopyStep[]> {
    if (seen.has(digest)) return [];
    seen.add(digest);
    const steps: CopyStep[] = [];
    const stored = await manifests.find(source.project, source.repository, { kind: 'digest', digest });
    const manifest = parseManifest(await contentOf(stored), stored.mediaType);
    for (const child of manifest.manifests) {
      if (await holds(source, child.digest)) steps.push(...(await plan(source, target, child.digest, [], seen)));
    }
    if (tags.length > 0 || !(await holds(target, digest))) {
      steps.push({ stored, tags, blobs: await heldOf(source, manifest.blobs) });
    }
    const whole = await artifacts.load([stored.id]);
    for (const accessory of await parts.accessoriesOf(whole)) {
      // Signatures of cosign's older scheme are found by their tag.
      const names = (await parts.tagsOf([accessory.id])).map(({ name }) => name as TagName);
      steps.push(...(await plan(source, target, accessory.digest as Digest, names, seen)));
    }
    return steps;
  }

  const contentOf = async (stored: StoredManifest) => Buffer.from(await manifests.content(stored), 'latin1');

  async function take(asker: Asker, target: CopyEnd, step: CopyStep, admit: Admit): Promise<void> {
    const { stored, tags } = step;
    await transact(async (tx) => {
      const repositoryId = await repositories.ensure(tx, target.project.id, target.repository, clock());
      const ids: number[] = [];
      for (const { digest } of step.blobs) {
        const id = await blobs.touch(tx, digest, clock());
        if (id !== undefined) ids.push(id);
      }
      await admit(tx, { blobs: step.blobs, manifests: [stored] });
      for (const id of ids) await blobs.link(tx, repositoryId, id, clock());
    });
    await manifests.push(asker, target.project, target.repository, {
      reference: { kind: 'digest', digest: stored.digest },
      tags,
      content: await contentOf(stored),
      contentType: stored.mediaType,
      onlyIf: undefined,
      mayBeSparse: false,
      action: 'copy-artifact',
    });
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
      const steps = await plan(source, target, root.digest, tags, new Set());
      await gate.through({ projectId: target.project.id, repository: target.repository, asker }, async (admit) => {
        // All of it is asked for before anything is there: what has no room leaves no half of itself.
        const whole = {
          blobs: steps.flatMap((step) => step.blobs),
          manifests: steps.map(({ stored }) => stored),
          // Its parts go first, and count until it is there.
          artifacts: Math.max(
            1,
            steps.findIndex(({ stored }) => stored.digest === root.digest),
          ),
        };
        await transact((tx) => admit(tx, whole), { durable: false, unread: true });
        for (const step of steps) await take(asker, target, step, admit);
      });
      return root.digest;
    },
  };
}
