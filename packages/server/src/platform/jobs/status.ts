import type { JobStatus } from './types.ts';

/** What an execution is, seen from its tasks. One without tasks has nothing left to do. */
export function statusOfExecution(tasks: Readonly<Partial<Record<JobStatus, number>>>): JobStatus {
  const some = (status: JobStatus) => (tasks[status] ?? 0) > 0;
  if (some('Running')) return 'Running';
  const ended = some('Success') || some('Error') || some('Stopped');
  if (some('Pending') || some('Scheduled')) return ended ? 'Running' : 'Pending';
  if (some('Error')) return 'Error';
  return some('Stopped') ? 'Stopped' : 'Success';
}

export function isEnded(status: JobStatus): boolean {
  return status === 'Success' || status === 'Error' || status === 'Stopped';
}
