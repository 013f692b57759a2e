import type { ManagedRoute } from '#platform/http/management';
import type { JobHandler } from '#platform/jobs';
import { actionsByEvent } from '#tenancy/audit';
import {
  createActionsOf,
  createAuditPurge,
  createAuditPurges,
  createPurgeHandler,
  createPurgeStore,
  purgeRoutes,
} from '#tenancy/audit/purge';
import type { Basis } from './basis.ts';

/** Old rows of the audit go when an administrator says so, and by his schedule. */
export function composeAuditPurge({ db, jobs, transact, clock, audit, auditChain }: Basis): {
  readonly routes: readonly ManagedRoute[];
  readonly handler: JobHandler;
} {
  const actionsOf = createActionsOf(actionsByEvent);
  const purge = createAuditPurge({ store: createPurgeStore(db), chain: auditChain, audit, transact, clock });
  return {
    routes: purgeRoutes({ purges: createAuditPurges({ jobs, transact, audit, actionsOf }) }),
    handler: createPurgeHandler({ purge, clock, actionsOf }),
  };
}
