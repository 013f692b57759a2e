import type { Asker } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { Transact, Transaction } from '#kernel/transaction';
import type { ExpiredStore } from '#registry/collection/expired';
import type { Deletion, DeletionReadModel, DeletionStore } from '#registry/deletions';
import type { Admit, PushGate } from '#registry/ports';
import type { RepositoryStore } from '#registry/repositories';
import type { Audit } from '#tenancy/audit';
import type { Project } from '#tenancy/projects';
import type { BringBack, RestorePlace } from './bring-back.ts';
import type { FindWhole } from './find-whole.ts';
import type { TakingStore } from './store.ts';
import type { Left, Restored } from './types.ts';

/** Undoes deletions. */
export interface Undo {
  /**
   * Brings back what went with the deletion: in one transaction, or in several where it is a large repository; what is
   * interrupted goes on where it was when it is asked for again. What is there already is skipped, a tag that points
   * elsewhere by now is left alone, and both are told. Fails with `object-not-found`, with `conflict` where nothing of
   * it can be had back, or with what a push policy refuses it for, before anything is there.
   */
  restore(asker: Asker, project: Project, deletionId: number): Promise<Restored>;
  /**
   * Removes it from the bin before its time. Nobody has it back then. Fails with `object-not-found`.
   */
  purge(asker: Asker, deletion: Deletion): Promise<void>;
}

export interface UndoDeps {
  readonly deletions: Pick<DeletionStore, 'end'>;
  readonly expired: ExpiredStore;
  readonly readModel: Pick<DeletionReadModel, 'find'>;
  readonly taking: TakingStore;
  readonly findWhole: FindWhole;
  readonly bringBack: BringBack;
  readonly repositories: Pick<RepositoryStore, 'ensure'>;
  readonly gate: PushGate;
  readonly audit: Pick<Audit, 'write'>;
  readonly transact: Transact;
  readonly clock: Clock;
  /** Told after artifacts came back. */
  readonly onPushed?: () => void;
}

/** Artifacts that one transaction brings back: others who write wait for it. */
const artifactsAtOnce = 25;

/** Transactions of a purge that its caller waits for. */
const mostRounds = 100;

/** What is told of what could not be brought back. */
const mostLeft = 100;

export function deletionNotFound(id: number): RegistryError {
  return new RegistryError(
    'object-not-found',
    `There is no deletion ${id} here that can be undone: it was undone or purged already, or its time to be restored is over.`,
  );
}

export function createUndo(deps: UndoDeps): Undo {
  const { deletions, expired, readModel, taking, findWhole, bringBack, repositories, gate, audit, transact, clock } =
    deps;

  /** One batch. Answers what came of it, and the last artifact that it looked at; undefined when there is none left. */
  async function restoreSome(
    tx: Transaction,
    { asker, project, repository }: Omit<RestorePlace, 'repositoryId'>,
    deletion: Deletion,
    after: number,
    admit: Admit,
  ): Promise<{ readonly restored: Restored; readonly last: number | undefined } | undefined> {
    const repositoryId = await repositories.ensure(tx, project.id, repository, clock());
    await taking.holdRepository(tx, repositoryId);
    if (!(await taking.hold(tx, deletion.id, project.id, clock()))) return undefined;
    const artifacts = await taking.artifactsOf(tx, deletion.id, after, artifactsAtOnce);
    const isLast = artifacts.length < artifactsAtOnce;
    // With the last ones come the tags that went without their manifests.
    const tags = await taking.tagsOf(tx, deletion.id, isLast ? undefined : artifacts.map(({ digest }) => digest));
    const place = { asker, project, repository, repositoryId };
    const alone = tags.map(({ digest }) => digest).filter((digest) => !artifacts.some((one) => one.digest === digest));
    // Its manifest may have gone after the tag.
    const needed = await findWhole(tx, place, alone);
    if (deletion.kind === 'repository') await taking.restoreRepository(tx, deletion.id, repositoryId);
    const { restored, alreadyThere, left } = await bringBack(
      tx,
      place,
      { artifacts: [...artifacts, ...needed], tags },
      admit,
    );
    await audit.write(tx, {
      action: `restore-${deletion.kind}`,
      asker,
      projectId: project.id,
      resource: deletion.tag === undefined ? repository : `${repository}:${deletion.tag}`,
      ...(deletion.digest !== undefined && { digest: deletion.digest }),
      outcome: 'success',
      detail: { deletion: deletion.id, already_there: alreadyThere, left: left.length },
      after: { ...restored },
    });
    return { restored: { ...restored, alreadyThere, left }, last: isLast ? undefined : artifacts.at(-1)?.id };
  }

  async function restoreAll(
    place: Omit<RestorePlace, 'repositoryId'>,
    deletion: Deletion,
    admit: Admit,
  ): Promise<Restored> {
    const whole = await taking.weigh(deletion.id);
    // All of it is asked for before anything is there: what has no room leaves no half of itself.
    await transact((tx) => admit(tx, whole), { durable: false, unread: true });
    let sum: Restored = { artifacts: 0, tags: 0, alreadyThere: 0, left: [] };
    for (let after: number | undefined = 0; after !== undefined; ) {
      const from: number = after;
      const some = await transact((tx) => restoreSome(tx, place, deletion, from, admit));
      if (some === undefined) {
        if (from === 0) throw deletionNotFound(deletion.id);
        break;
      }
      sum = add(sum, some.restored);
      after = some.last;
    }
    return sum;
  }

  return {
    async restore(asker, project, deletionId) {
      const deletion = await readModel.find(deletionId, project.id);
      const repository = deletion?.repository;
      if (deletion === undefined || repository === undefined) throw deletionNotFound(deletionId);
      const where = { projectId: project.id, repository, asker };
      const { result } = await gate.through(where, (admit) =>
        restoreAll({ asker, project, repository }, deletion, admit),
      );
      deps.onPushed?.();
      if (result.artifacts + result.tags + result.alreadyThere === 0) throw nothingOf(deletionId, result.left);
      return result;
    },
    async purge(asker, deletion) {
      await transact(async (tx) => {
        if (!(await deletions.end(tx, deletion.id))) throw deletionNotFound(deletion.id);
        await audit.write(tx, {
          action: 'purge-deletion',
          asker,
          projectId: deletion.projectId,
          resource: deletion.repository ?? deletion.projectName,
          ...(deletion.digest !== undefined && { digest: deletion.digest }),
          outcome: 'success',
          before: { deletion: deletion.id, kind: deletion.kind, deleted_by: deletion.by },
        });
      });
      // What is not removed now the collection removes: nobody has it back either way.
      for (let round = 0; round < mostRounds; round += 1) {
        const { count } = await transact((tx) => expired.expire(tx, artifactsAtOnce));
        if (count === 0) break;
      }
    },
  };
}

function add(one: Restored, other: Restored): Restored {
  const known = new Set(one.left.map(({ digest, tag }) => `${digest} ${tag}`));
  const isNew = ({ digest, tag }: Left) => !known.has(`${digest} ${tag}`);
  return {
    artifacts: one.artifacts + other.artifacts,
    tags: one.tags + other.tags,
    alreadyThere: one.alreadyThere + other.alreadyThere,
    left: [...one.left, ...other.left.filter(isNew)].slice(0, mostLeft),
  };
}

function nothingOf(id: number, left: readonly Left[]): RegistryError {
  const first = left[0];
  const reason = first === undefined ? 'it holds nothing any more' : `${first.tag ?? first.digest}: ${first.reason}`;
  return new RegistryError('conflict', `Nothing of the deletion ${id} can be restored: ${reason}.`);
}
