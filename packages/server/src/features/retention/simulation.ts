import { RegistryError } from '#kernel/errors';
import type { Judged, Judging } from './judging.ts';
import type { RetentionReadModel } from './read-model.ts';
import { assertRules } from './rules.ts';
import type { RetentionStore } from './store.ts';
import type { HeldManifest, RetentionRule, Verdict } from './types.ts';

export interface SimulatedArtifact extends Verdict {
  readonly repository: string;
  /** Bytes that its deletion would free in the project. */
  readonly freed: number;
}

export interface Simulation {
  readonly artifacts: readonly SimulatedArtifact[];
  /** Repositories of which nothing goes, because no rule is about them or they are pinned. */
  readonly untouched: readonly string[];
}

export interface Simulations {
  /**
   * What the rules would do to the project now; those of its policy when none are given. `repository` by its whole name
   * is the only one that is looked at. Fails with `body-invalid`, or `object-not-found` where there are no rules.
   */
  simulate(
    project: { readonly id: number; readonly name: string },
    rules: readonly RetentionRule[] | undefined,
    repository: string | undefined,
  ): Promise<Simulation>;
}

export interface SimulationsDeps {
  readonly store: Pick<RetentionStore, 'findOf'>;
  readonly readModel: RetentionReadModel;
  readonly judging: Judging;
}

export function createSimulations({ store, readModel, judging }: SimulationsDeps): Simulations {
  return {
    async simulate(project, given, only) {
      const rules = given ?? (await store.findOf(project.id))?.rules;
      if (rules === undefined) {
        throw new RegistryError('object-not-found', `the project ${project.name} has no retention policy to simulate`);
      }
      assertRules(rules);
      const judged: Judged[] = [];
      const untouched: string[] = [];
      for (const repository of await readModel.listRepositories(project.id)) {
        if (only !== undefined && repository.name !== only) continue;
        const found = await judging.judge(project.id, rules, repository);
        if (found === undefined) untouched.push(repository.name);
        else judged.push(found);
      }
      // Together: what two repositories share is free when it goes from both.
      const leaving = judged.flatMap((one) => one.leaving);
      const freed = await readModel.measureFreed(
        project.id,
        leaving.map(({ withIt }) => withIt),
      );
      const freedBy = new Map<HeldManifest, number>(leaving.map(({ manifest }, at) => [manifest, freed[at] ?? 0]));
      return {
        untouched,
        artifacts: judged.flatMap(({ repository, verdicts }) =>
          verdicts.map((verdict) => ({
            ...verdict,
            repository: repository.name,
            freed: freedBy.get(verdict.manifest) ?? 0,
          })),
        ),
      };
    },
  };
}
