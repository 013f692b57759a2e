import type { Digest } from '@entrepot/oci/digest';
import type { RepositoryName } from '@entrepot/oci/repository-name';
import type { TagName } from '@entrepot/oci/tag';
import { actorName, type Asker } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { Transact, Transaction } from '#kernel/transaction';
import type { Events } from '#platform/outbox';
import { aboutArtifact, type createKeptTags, type ManifestStore } from '#registry/manifests';
import type { Admit, PushGate } from '#registry/ports';
import type { RepositoryStore } from '#registry/repositories';
import type { Audit } from '#tenancy/audit';
import type { Project } from '#tenancy/projects';
import type { BringBack, RestorePlace } from './bring-back.ts';
import type { FindWhole } from './find-whole.ts';
import type { TagHistory } from './read-model.ts';
import type { TakingStore } from './store.ts';

/** Where a tag is to point again. */
export type RollbackTarget =
  | { readonly kind: 'previous' }
  | { readonly kind: 'digest'; readonly digest: Digest }
  /** Where it pointed just before the time, in milliseconds since the Unix epoch. */
  | { readonly kind: 'before'; readonly time: number };

export interface RolledBack {
  /** Undefined where the tag was gone. */
  readonly from: Digest | undefined;
  readonly to: Digest;
  /** Artifacts that were brought back for it: the manifest with its parts and what was attached to it. */
  readonly restored: number;
  /** What of those could not be had back. */
  readonly left: number;
}

export interface Rollback {
  /**
   * Points a tag at what it pointed at before, and brings that back where it was deleted, with what belongs to it.
   * `onlyIf` is the digest that the tag must point at now. Fails with `repository-not-found`, `object-not-found` where
   * the tag has no such past, `conflict` where what it pointed at is gone for good, `precondition-failed`,
   * `tag-immutable`, or as a push policy refuses.
   */
  rollBack(
    asker: Asker,
    project: Project,
    repository: RepositoryName,
    tag: TagName,
    options: { readonly target: RollbackTarget; readonly onlyIf: Digest | undefined },
  ): Promise<RolledBack>;
}

export interface RollbackDeps {
  readonly taking: TakingStore;
  readonly history: TagHistory;
  readonly findWhole: FindWhole;
  readonly bringBack: BringBack;
  readonly store: ManifestStore;
  readonly keptTags: ReturnType<typeof createKeptTags>;
  readonly repositories: Pick<RepositoryStore, 'find'>;
  readonly gate: PushGate;
  readonly events: Events;
  readonly audit: Pick<Audit, 'write'>;
  readonly transact: Transact;
  readonly clock: Clock;
  readonly onPushed?: () => void;
}

export function createRollback(deps: RollbackDeps): Rollback {
  const { taking, history, findWhole, bringBack, store, keptTags, gate, events, audit, transact, clock } = deps;

  async function choose(tx: Transaction, repositoryId: number, tag: TagName, target: RollbackTarget): Promise<Digest> {
    if (target.kind === 'digest') {
      if (await history.knew(tx, repositoryId, tag, target.digest)) return target.digest;
      throw new RegistryError('object-not-found', `The tag ${tag} never pointed at ${target.digest}.`);
    }
    if (target.kind === 'previous') {
      const last = await history.last(tx, repositoryId, tag);
      if (last?.from !== undefined) return last.from;
      throw new RegistryError('object-not-found', `The tag ${tag} pointed nowhere else before, as far as is known.`);
    }
    const last = await history.last(tx, repositoryId, tag, target.time);
    const then = last === undefined ? (await history.first(tx, repositoryId, tag))?.from : last.to;
    if (then !== undefined) return then;
    const when = new Date(target.time).toISOString();
    throw new RegistryError('object-not-found', `There was no tag ${tag} before ${when}, as far as is known.`);
  }

  /** The manifest is there when this answers, with how much had to be brought back for it. */
  async function provide(tx: Transaction, place: RestorePlace, tag: TagName, to: Digest, admit: Admit) {
    if ((await store.idOf(tx, place.repositoryId, to)) !== undefined) return { restored: 0, left: 0 };
    const artifacts = await findWhole(tx, place, [to]);
    const brought = await bringBack(tx, place, { artifacts, tags: [] }, admit);
    const reason = brought.left.find(({ digest }) => digest === to)?.reason;
    if (reason !== undefined || !artifacts.some(({ digest }) => digest === to)) {
      throw new RegistryError(
        'conflict',
        `The tag ${tag} cannot point at ${to} again: ${reason ?? 'it was deleted, and its time to be restored is over'}.`,
      );
    }
    return { restored: brought.restored.artifacts, left: brought.left.length };
  }

  return {
    async rollBack(asker, project, repository, tag, { target, onlyIf }) {
      const found = await deps.repositories.find(project.id, repository);
      if (found === undefined) {
        throw new RegistryError('repository-not-found', `There is no repository ${repository}.`);
      }
      const place = { asker, project, repository, repositoryId: found.id };
      const where = { projectId: project.id, repository, asker };
      const work = async (tx: Transaction, admit: Admit): Promise<RolledBack> => {
        const from = await store.tagTarget(tx, found.id, tag);
        if (onlyIf !== undefined && from !== onlyIf) {
          throw new RegistryError(
            'precondition-failed',
            `The tag ${tag} points at ${from ?? 'nothing'}, not at what was expected.`,
            { detail: { tag, digest: from ?? null } },
          );
        }
        const to = await choose(tx, found.id, tag, target);
        if (to === from) return { from, to, restored: 0, left: 0 };
        await keptTags.assertMovable(tx, { ...where, repositoryId: found.id }, [tag], to);
        const provided = await provide(tx, place, tag, to, admit);
        const manifestId = await store.idOf(tx, found.id, to);
        const mediaType = await taking.mediaTypeOf(tx, found.id, to);
        if (manifestId === undefined || mediaType === undefined) throw new Error(`${to} is not there after all`);
        const confirm = await admit(tx, { manifests: [{ digest: to, size: 0 }] });
        await store.putTag(tx, {
          repositoryId: found.id,
          name: tag,
          manifestId,
          at: clock(),
          by: actorName(asker.actor),
        });
        await confirm();
        await audit.write(tx, {
          action: 'rollback-tag',
          asker,
          projectId: project.id,
          resource: `${repository}:${tag}`,
          digest: to,
          outcome: 'success',
          ...(from !== undefined && { before: { digest: from } }),
          after: { digest: to },
        });
        const about = aboutArtifact(asker, project, repository, to);
        await events.emit(
          tx,
          { kind: 'artifact-pushed', ...about, mediaType, tags: [tag] },
          ...(from === undefined ? [{ kind: 'tag-created', ...about, tag } as const] : []),
        );
        return { from, to, ...provided };
      };
      const { result } = await gate.through(where, (admit) => transact((tx) => work(tx, admit)));
      deps.onPushed?.();
      return result;
    },
  };
}
