export { createJobs, type Jobs, schedulerQueue } from './jobs.ts';
export { JobFailed } from './types.ts';
export type { Execution, JobHandler, NewTask, RunningTask, Task, TaskCounts } from './types.ts';
export { type JobWorker, startJobWorker } from './worker.ts';
