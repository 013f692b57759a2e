import type { Asker } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { ListQuery } from '#kernel/list-query';
import type { Transact } from '#kernel/transaction';
import type { TagPolicy } from '#registry/ports';
import type { Audit } from '#tenancy/audit';
import { assertRule, guardBy, mostRules } from './rules.ts';
import type { ImmutableRuleStore } from './store.ts';
import type { ImmutableRule, NewImmutableRule } from './types.ts';

/** Where the rules are: every question about one names its project, and what is elsewhere is not there. */
interface InProject {
  readonly id: number;
  readonly name: string;
}

export interface ImmutableRules {
  list(project: InProject, list: ListQuery): Promise<{ entries: ImmutableRule[]; total: number }>;
  /** Fails with `body-invalid`, or `conflict` where there is the same rule or there are too many. Answers its id. */
  create(asker: Asker, project: InProject, rule: NewImmutableRule): Promise<number>;
  /** Replaces it. Fails like `create`, or with `object-not-found`. */
  update(asker: Asker, project: InProject, id: number, rule: NewImmutableRule): Promise<void>;
  /** Fails with `object-not-found`. */
  delete(asker: Asker, project: InProject, id: number): Promise<void>;
}

export interface ImmutableRulesDeps {
  readonly store: ImmutableRuleStore;
  readonly transact: Transact;
  readonly audit: Pick<Audit, 'write'>;
  readonly clock: Clock;
}

export function createImmutableRules({ store, transact, audit, clock }: ImmutableRulesDeps): ImmutableRules {
  async function get(project: InProject, id: number): Promise<ImmutableRule> {
    const rule = await store.find(project.id, id);
    if (rule === undefined) throw notFound(project, id);
    return rule;
  }
  const about = (asker: Asker, project: InProject) => ({
    asker,
    projectId: project.id,
    resource: project.name,
    outcome: 'success' as const,
  });

  return {
    list: (project, list) => store.list(project.id, list),
    async create(asker, project, rule) {
      assertRule(rule);
      return transact(async (tx) => {
        if ((await store.count(tx, project.id)) >= mostRules) {
          throw new RegistryError('conflict', `A project has at most ${mostRules} immutability rules.`);
        }
        const id = await store.insert(tx, project.id, rule, clock());
        if (id === undefined) throw same(project);
        await audit.write(tx, { action: 'create-immutable-rule', ...about(asker, project), after: { id, ...rule } });
        return id;
      });
    },
    async update(asker, project, id, rule) {
      assertRule(rule);
      const before = await get(project, id);
      await transact(async (tx) => {
        const done = await store.update(tx, before, rule, clock());
        if (done === 'same') throw same(project);
        if (done === 'gone') throw notFound(project, id);
        await audit.write(tx, {
          action: 'update-immutable-rule',
          ...about(asker, project),
          before: auditStateOf(before),
          after: { id, ...rule },
        });
      });
    },
    async delete(asker, project, id) {
      const before = await get(project, id);
      await transact(async (tx) => {
        if (!(await store.delete(tx, project.id, id))) throw notFound(project, id);
        await audit.write(tx, {
          action: 'delete-immutable-rule',
          ...about(asker, project),
          before: auditStateOf(before),
        });
      });
    },
  };
}

/** Keeps the tags that the rules of their project name. A project without rules costs one look at an index. */
export function createImmutability(store: Pick<ImmutableRuleStore, 'listEnabled'>): TagPolicy {
  return { guardOf: async (projectId, tx) => guardBy(await store.listEnabled(projectId, tx)) };
}

function auditStateOf({ id, selectors, disabled, priority }: ImmutableRule) {
  return { id, selectors, disabled, priority };
}

function notFound(project: InProject, id: number): RegistryError {
  return new RegistryError('object-not-found', `immutability rule ${id} of project ${project.name} not found`);
}

function same(project: InProject): RegistryError {
  return new RegistryError('conflict', `The project ${project.name} has an immutability rule like this already.`);
}
