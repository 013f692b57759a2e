import type { Asker } from '#kernel/actor';
import type { Transact } from '#kernel/transaction';
import type { Jobs } from '#platform/jobs';
import { createRegularWork, type RegularWork, type Timing } from '#platform/jobs/regular';
import type { Audit } from '#tenancy/audit';
import type { Collection } from './collect.ts';
import { collectionType, type RunParameters } from './job.ts';

/** The collections of the registry: asked for, by a schedule of the administrator's, and by themselves. */
export interface Collections extends RegularWork {
  ask(asker: Asker, timing: Timing, parameters: RunParameters): Promise<number>;
  /** Starts one when there is something to collect and none is under way. Answers whether it did. */
  startIfDue(): Promise<boolean>;
}

export interface CollectionsDeps {
  readonly collection: Pick<Collection, 'hasWork'>;
  readonly jobs: Jobs;
  readonly transact: Transact;
  readonly audit: Pick<Audit, 'write'>;
  /** Whether those that start by themselves delete artifacts that nothing holds. */
  readonly untagged: boolean;
}

const actions = { run: 'create-gc', schedule: 'update-gc', stop: 'stop-job' } as const;

export function createCollections({ collection, jobs, transact, audit, untagged }: CollectionsDeps): Collections {
  const work = createRegularWork({ jobs, transact, vendorType: collectionType, audit, actions });

  return {
    ...work,
    async startIfDue() {
      const { entries } = await work.list({ page: 1, pageSize: 1, conditions: [], sort: [] });
      if (entries[0] !== undefined && entries[0].endedAt === undefined) return false;
      if (!(await collection.hasWork(untagged))) return false;
      const payload = { delete_untagged: untagged, dry_run: false };
      await transact((tx) =>
        jobs.enqueue(tx, {
          vendorType: collectionType,
          vendorId: 1,
          trigger: 'EVENT',
          extraAttrs: payload,
          tasks: [{ payload }],
        }),
      );
      return true;
    },
  };
}
