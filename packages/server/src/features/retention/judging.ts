import type { Clock } from '#kernel/clock';
import type { TagPolicy } from '#registry/ports';
import { type Leaving, planLeaving } from './leaving.ts';
import type { RetentionReadModel } from './read-model.ts';
import { judge, rulesFor } from './rules.ts';
import type { RetentionStore } from './store.ts';
import type { HeldRepository, RetentionRule, RunningImage, Verdict } from './types.ts';

/** What rules make of one repository as it is now. */
export interface Judged {
  readonly repository: HeldRepository;
  readonly verdicts: readonly Verdict[];
  /** What goes, in an order in which it can. */
  readonly leaving: readonly Leaving[];
}

export interface Judging {
  /** Undefined when no rule is about the repository, or it is pinned. */
  judge(projectId: number, rules: readonly RetentionRule[], repository: HeldRepository): Promise<Judged | undefined>;
}

export interface JudgingDeps {
  readonly store: Pick<RetentionStore, 'listRunning'>;
  readonly readModel: Pick<RetentionReadModel, 'listManifests'>;
  readonly tagPolicy: TagPolicy;
  readonly clock: Clock;
}

export function createJudging({ store, readModel, tagPolicy, clock }: JudgingDeps): Judging {
  return {
    async judge(projectId, rules, repository) {
      if (repository.pinned || rulesFor(rules, repository.name).length === 0) return undefined;
      const running: readonly RunningImage[] = rules.some(({ params }) => params['runningInCluster'] !== undefined)
        ? await store.listRunning(projectId)
        : [];
      const guard = await tagPolicy.guardOf(projectId);
      const manifests = await readModel.listManifests(repository.id);
      const isImmutable = (tag: string) => guard?.keeps(repository.name, tag) === true;
      const verdicts = judge(rules, manifests, { repository: repository.name, now: clock(), running, isImmutable });
      return verdicts && { repository, verdicts, leaving: planLeaving(manifests, verdicts) };
    },
  };
}
