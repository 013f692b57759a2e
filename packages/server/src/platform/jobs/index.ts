export { createJobs, type Jobs } from './jobs.ts';
export { createOutbox, type EventListener, type Events, type Outbox } from './outbox.ts';
export { JobFailed } from './types.ts';
export type { Execution, JobHandler, RunningTask, Task } from './types.ts';
export { type JobWorker, startJobWorker } from './worker.ts';
