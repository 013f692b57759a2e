import type { Clock } from '#kernel/clock';
import type { NewId } from '#kernel/ids';
import type { Config } from '#platform/config';
import type { Db } from '#platform/db';
import { createJobs, type JobHandler, type Jobs, startJobWorker } from '#platform/jobs';
import type { Log } from '#platform/log';
import { createOutbox, type Outbox } from '#platform/outbox';

export interface LaterDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly log: Log;
  readonly config: Config['jobs'];
}

/** Everything that is done after a request was answered. */
export interface Later extends AsyncDisposable {
  readonly jobs: Jobs;
  readonly outbox: Outbox;
  /** Begins to tell, and to work if it `works`, when everybody who listens has said so. */
  start(handlers: readonly JobHandler[], works: boolean): void;
}

export function openLater({ db, clock, newId, log, config }: LaterDeps): Later {
  const logger = log.forPlace('platform:jobs');
  const onError = (error: unknown, doing: string) =>
    logger.warn({ error }, `Something failed while ${doing}; it is tried again.`);
  const stack = new AsyncDisposableStack();
  const outbox = stack.use(createOutbox({ db, clock, newId, onError }));
  return {
    jobs: createJobs({ db, clock }),
    outbox,
    start(handlers, works) {
      const { most, leaseMs } = config;
      if (works) stack.use(startJobWorker({ db, clock, newId, handlers, onError, most, leaseMs }));
      outbox.start();
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
