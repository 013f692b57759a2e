import {
  createImmutability,
  createImmutableRules,
  createImmutableRuleStore,
  immutableRuleRoutes,
} from '#features/immutability';
import type { ManagedRoute } from '#platform/http/management';
import type { TagPolicy } from '#registry/ports';
import type { Basis } from './basis.ts';

/** Which tags stay where they are. */
export interface TagRules {
  readonly tagPolicy: TagPolicy;
  readonly routes: readonly ManagedRoute[];
}

export function composeTagRules({ db, transact, clock, audit }: Basis): TagRules {
  const store = createImmutableRuleStore(db);
  return {
    tagPolicy: createImmutability(store),
    routes: immutableRuleRoutes(createImmutableRules({ store, transact, audit, clock })),
  };
}
