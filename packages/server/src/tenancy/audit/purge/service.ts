import type { Asker } from '#kernel/actor';
import { RegistryError } from '#kernel/errors';
import type { Transact } from '#kernel/transaction';
import type { Jobs } from '#platform/jobs';
import { createRegularWork, type RegularWork, type Timing } from '#platform/jobs/regular';
import type { Audit } from '#tenancy/audit';
import { purgeType, type PurgeParameters } from './job.ts';

/** The purges of the audit: asked for, and by the administrator's schedule. */
export interface AuditPurges extends RegularWork {
  /**
   * Asks for one now, or sets when they are done. Answers with the id of the run or of the schedule. Fails with
   * `conflict` where one is under way, with `body-invalid` for a wrong schedule and for kinds of events that there are not.
   */
  ask(asker: Asker, timing: Timing, parameters: PurgeParameters): Promise<number>;
}

export interface AuditPurgesDeps {
  readonly jobs: Jobs;
  readonly transact: Transact;
  readonly audit: Pick<Audit, 'write'>;
  readonly actionsOf: (eventTypes: string) => readonly string[];
}

const actions = { run: 'create-purge', schedule: 'update-purge', stop: 'stop-job' } as const;

export function createAuditPurges({ jobs, transact, audit, actionsOf }: AuditPurgesDeps): AuditPurges {
  const work = createRegularWork({ jobs, transact, vendorType: purgeType, audit, actions });
  return {
    ...work,
    async ask(asker, timing, parameters) {
      actionsOf(parameters.include_event_types);
      return work.ask(asker, timing, parameters);
    },
  };
}

/** The actions whose rows have these of Harbor's kinds, such as `create_artifact`. Fails with `body-invalid`. */
export function createActionsOf(
  kinds: ReadonlyMap<string, readonly string[]>,
): (eventTypes: string) => readonly string[] {
  return (eventTypes) => {
    const names = eventTypes
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '');
    const unknown = names.find((name) => !kinds.has(name));
    if (unknown !== undefined) {
      throw new RegistryError(
        'body-invalid',
        `parameters.include_event_types: there is no kind of event ${unknown}; GET /api/v2.0/auditlog-exts/events lists them.`,
      );
    }
    return names.flatMap((name) => kinds.get(name) ?? []);
  };
}
