import { describe } from 'node:test';
import type { MakeJobPlace } from './job-scenario.ts';
import { describeLosses } from './loss-scenarios.ts';
import { describeOutbox } from './outbox-scenarios.ts';
import { describeQueues } from './queue-scenarios.ts';
import { describeTogether } from './together-scenarios.ts';
import { describeWork } from './work-scenarios.ts';

/** What every database that jobs wait in has to stand. */
export function describeJobs(name: string, makePlace: MakeJobPlace): void {
  describe(name, () => {
    describeWork(makePlace);
    describeQueues(makePlace);
    describeLosses(makePlace);
    describeTogether(makePlace);
    describeOutbox(makePlace);
  });
}
