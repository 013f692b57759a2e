import { type Asker, actorName } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import { registryAsker } from '#kernel/registry-asker';
import type { JobHandler } from '#platform/jobs';
import type { AuditPurge } from './purge.ts';

export const purgeType = 'PURGE_AUDIT_LOG';

/** What a run is told; the names are Harbor's. */
export type PurgeParameters = {
  readonly audit_retention_hour: number;
  /** With commas between them; all where it is empty. */
  readonly include_event_types: string;
  readonly dry_run: boolean;
};

const hourMs = 3_600_000;

/** The rows of the audit that a run deletes have the registry itself as their actor, and who asked for it beside. */
export function createPurgeHandler(deps: {
  readonly purge: AuditPurge;
  readonly clock: Clock;
  readonly actionsOf: (eventTypes: string) => readonly string[];
}): JobHandler {
  const asker: Asker = registryAsker('purge-audit');
  return {
    type: purgeType,
    concurrency: 1,
    most: 1,
    maxRuns: 10,
    backoffMs: (run) => Math.min(60_000, 1000 * 2 ** run),
    async run({ payload, signal, log, report, note }) {
      const wish = payload as PurgeParameters;
      const cutoff = deps.clock() - wish.audit_retention_hour * hourMs;
      const actions = deps.actionsOf(wish.include_event_types);
      const what = actions.length === 0 ? 'of every kind' : `of ${wish.include_event_types}`;
      log(`${actorName(asker.actor)}: rows ${what} before ${new Date(cutoff).toISOString()}.`);
      const rows = await deps.purge.purge({ cutoff, actions, asker, dryRun: wish.dry_run, signal, log, report });
      note({ purged_rows: rows });
    },
  };
}
