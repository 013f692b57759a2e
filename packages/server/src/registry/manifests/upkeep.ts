import type { Digest } from '@entrepot/oci/digest';
import type { RepositoryName } from '@entrepot/oci/repository-name';
import type { TagName } from '@entrepot/oci/tag';
import { type Asker, actorName } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { Transact, Transaction } from '#kernel/transaction';
import type { Events } from '#platform/outbox';
import type { DeletionStore, NewDeletion, Removal } from '#registry/deletions';
import type { Admit, PushGate, TagPolicy } from '#registry/ports';
import type { RepositoryStore } from '#registry/repositories';
import type { Audit } from '#tenancy/audit';
import type { Project } from '#tenancy/projects';
import { createKeptTags } from './kept-tags.ts';
import { aboutArtifact } from './service.ts';
import type { ManifestStore } from './store.ts';

/** What people do to artifacts that are there, beside pushing and pulling. Each is one transaction. */
export interface ManifestUpkeep {
  /** Gives a manifest of the repository one more tag. Fails with `manifest-not-found`, `conflict` where the tag is taken, or as a push policy refuses. */
  addTag(asker: Asker, project: Project, repository: RepositoryName, digest: Digest, tag: TagName): Promise<void>;
  /** Takes a tag off this manifest, which stays. Fails with `manifest-not-found` when it does not point there, or `tag-immutable`. */
  removeTag(asker: Asker, project: Project, repository: RepositoryName, digest: Digest, tag: TagName): Promise<void>;
  /**
   * Removes a manifest with its tags, with what is attached to it, and with the manifests of an index that have no tag
   * and no other index. Fails with `manifest-not-found`, or
   * `precondition-failed` while an index of the repository names it, or `tag-immutable`. Where it is said which tags it
   * is expected to have, also with `precondition-failed` when it has others by now.
   */
  deleteWhole(
    asker: Asker,
    project: Project,
    repository: RepositoryName,
    digest: Digest,
    expected?: Expected,
  ): Promise<void>;
  /** Empties a repository, which is then not shown any more. Fails with `repository-not-found` or `tag-immutable`. */
  deleteRepository(asker: Asker, project: Project, repository: RepositoryName): Promise<void>;
}

/** What must still be true of an artifact for it to be deleted, as whoever judged it saw it. */
export interface Expected {
  readonly tags: readonly string[];
  /** Asked in the transaction that deletes it, when nobody changes it any more. */
  readonly still?: (tx: Transaction) => Promise<boolean>;
  /** Whether the manifests of an index stay, for who judges each of them by itself. */
  readonly partsStay?: boolean;
}

export interface ManifestUpkeepDeps {
  readonly store: ManifestStore;
  readonly deletions: Pick<DeletionStore, 'open'>;
  readonly repositories: Pick<RepositoryStore, 'find'>;
  readonly audit: Pick<Audit, 'write'>;
  readonly events: Events;
  readonly tagPolicy: TagPolicy;
  readonly gate: PushGate;
  readonly transact: Transact;
  readonly clock: Clock;
}

export function createManifestUpkeep(deps: ManifestUpkeepDeps): ManifestUpkeep {
  const { store, deletions, repositories, audit, events, gate, transact, clock } = deps;
  const keptTags = createKeptTags(deps.tagPolicy, store);

  async function idOf(project: Project, repository: RepositoryName): Promise<number> {
    const found = await repositories.find(project.id, repository);
    if (found === undefined) throw repositoryNotFound(repository);
    return found.id;
  }

  interface Place {
    readonly asker: Asker;
    readonly project: Project;
    readonly repository: RepositoryName;
    readonly repositoryId: number;
    readonly partsStay: boolean;
  }

  /** What goes in this transaction goes at one stroke, and comes back at one. */
  async function open(
    tx: Transaction,
    { asker, project, repository }: Pick<Place, 'asker' | 'project' | 'repository'>,
    what: Pick<NewDeletion, 'kind' | 'tag' | 'digest'>,
  ): Promise<Removal> {
    const stroke = { at: clock(), by: actorName(asker.actor) };
    const place = { projectId: project.id, projectName: project.name, repository };
    return { deletionId: await deletions.open(tx, { ...what, ...place, ...stroke }), ...stroke };
  }

  /** The manifest, then what nothing holds any more without it. */
  async function deleteTree(
    tx: Transaction,
    place: Place,
    removal: Removal,
    digest: Digest,
    seen: Set<Digest>,
  ): Promise<void> {
    if (seen.has(digest)) return;
    seen.add(digest);
    const { asker, project, repository, repositoryId } = place;
    await keptTags.assertRemovable(tx, { projectId: project.id, repository, repositoryId }, () =>
      store.tagsOf(tx, repositoryId, digest),
    );
    const attached = await store.attachedTo(tx, repositoryId, digest);
    const tags = await store.tagsOf(tx, repositoryId, digest);
    const children = await store.childrenOf(tx, repositoryId, digest);
    if (!(await store.delete(tx, repositoryId, digest, removal))) throw manifestNotFound(digest);
    await audit.write(tx, {
      action: 'delete-artifact',
      asker,
      projectId: project.id,
      resource: repository,
      digest,
      outcome: 'success',
      before: { digest, tags: tags.slice(0, 100) },
    });
    await events.emit(tx, { kind: 'artifact-deleted', ...aboutArtifact(asker, project, repository, digest), tags });
    for (const one of attached) await deleteTree(tx, place, removal, one, seen);
    if (place.partsStay) return;
    for (const one of children) {
      const held =
        (await store.tagsOf(tx, repositoryId, one)).length > 0 ||
        (await store.parentOf(tx, repositoryId, one)) !== undefined;
      if (!held) await deleteTree(tx, place, removal, one, seen);
    }
  }

  async function assertTags(tx: Transaction, repositoryId: number, digest: Digest, expected: readonly string[]) {
    const tags = await store.tagsOf(tx, repositoryId, digest);
    if (tags.length === expected.length && tags.every((tag) => expected.includes(tag))) return;
    throw new RegistryError('precondition-failed', `The artifact ${digest} has other tags than a moment ago.`);
  }

  return {
    async addTag(asker, project, repository, digest, tag) {
      const repositoryId = await idOf(project, repository);
      const add = async (tx: Transaction, admit: Admit) => {
        if ((await store.tagTarget(tx, repositoryId, tag)) !== undefined) {
          throw new RegistryError('conflict', `The tag ${tag} is already there.`);
        }
        const manifestId = await store.idOf(tx, repositoryId, digest);
        if (manifestId === undefined) throw manifestNotFound(digest);
        // A part of an index that gets a tag is an artifact of its own from then on.
        const confirm = await admit(tx, { manifests: [{ digest, size: 0 }] });
        const before = await store.tagTarget(tx, repositoryId, tag);
        await store.putTag(tx, { repositoryId, name: tag, manifestId, at: clock(), by: actorName(asker.actor) });
        await confirm();
        await audit.write(tx, {
          action: 'create-tag',
          asker,
          projectId: project.id,
          resource: `${repository}:${tag}`,
          digest,
          outcome: 'success',
          ...(before === undefined ? {} : { before: { digest: before } }),
          after: { digest },
        });
        await events.emit(tx, { kind: 'tag-created', ...aboutArtifact(asker, project, repository, digest), tag });
      };
      await gate.through({ projectId: project.id, repository, asker }, (admit) => transact((tx) => add(tx, admit)));
    },
    async removeTag(asker, project, repository, digest, tag) {
      const repositoryId = await idOf(project, repository);
      await transact(async (tx) => {
        const target = await store.tagTarget(tx, repositoryId, tag);
        await keptTags.assertRemovable(tx, { projectId: project.id, repository, repositoryId }, async () =>
          target === digest ? [tag] : [],
        );
        const removal = await open(tx, { asker, project, repository }, { kind: 'tag', tag, digest });
        if (target !== digest || !(await store.deleteTag(tx, repositoryId, tag, removal))) {
          throw new RegistryError('manifest-not-found', `The artifact has no tag ${tag}.`);
        }
        await audit.write(tx, {
          action: 'delete-tag',
          asker,
          projectId: project.id,
          resource: `${repository}:${tag}`,
          digest,
          outcome: 'success',
          before: { digest },
        });
        await events.emit(tx, { kind: 'tag-deleted', ...aboutArtifact(asker, project, repository, digest), tag });
      });
    },
    async deleteWhole(asker, project, repository, digest, expected) {
      const repositoryId = await idOf(project, repository);
      await transact(async (tx) => {
        await store.lock(tx, repositoryId, digest);
        if (expected !== undefined) {
          await assertTags(tx, repositoryId, digest, expected.tags);
          if ((await expected.still?.(tx)) === false) {
            throw new RegistryError('precondition-failed', `The artifact ${digest} is not what it was a moment ago.`);
          }
        }
        const parent = await store.parentOf(tx, repositoryId, digest);
        if (parent !== undefined) {
          throw new RegistryError(
            'precondition-failed',
            `The artifact ${digest} is a part of ${parent}: delete that one first.`,
          );
        }
        const removal = await open(tx, { asker, project, repository }, { kind: 'artifact', digest });
        const partsStay = expected?.partsStay === true;
        await deleteTree(tx, { asker, project, repository, repositoryId, partsStay }, removal, digest, new Set());
      });
    },
    async deleteRepository(asker, project, repository) {
      const repositoryId = await idOf(project, repository);
      await transact(async (tx) => {
        await keptTags.assertRemovable(tx, { projectId: project.id, repository, repositoryId }, () =>
          store.tagsIn(tx, repositoryId),
        );
        const removal = await open(tx, { asker, project, repository }, { kind: 'repository' });
        const gone = await store.clear(tx, repositoryId, removal);
        if (gone.length === 0) throw repositoryNotFound(repository);
        await audit.write(tx, {
          action: 'delete-repository',
          asker,
          projectId: project.id,
          resource: repository,
          outcome: 'success',
          before: { artifacts: gone.length },
        });
        await events.emit(tx, {
          kind: 'repository-deleted',
          projectId: project.id,
          projectName: project.name,
          operator: actorName(asker.actor),
          requestId: asker.requestId,
          repository,
        });
      });
    },
  };
}

function manifestNotFound(digest: Digest): RegistryError {
  return new RegistryError('manifest-not-found', `There is no artifact ${digest} in this repository.`);
}

function repositoryNotFound(repository: RepositoryName): RegistryError {
  return new RegistryError('repository-not-found', `There is no repository ${repository}.`);
}
