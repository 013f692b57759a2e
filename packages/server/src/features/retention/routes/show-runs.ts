import type { Execution, Task } from '#platform/jobs';

/** Harbor's words for executions here. */
const statuses: Readonly<Record<string, string>> = {
  Pending: 'InProgress',
  Scheduled: 'InProgress',
  Running: 'InProgress',
  Success: 'Succeed',
  Error: 'Failed',
  Stopped: 'Stopped',
};

/** Harbor orders the states of a task by figures. */
const codes: Readonly<Record<string, number>> = {
  Pending: 0,
  Scheduled: 1,
  Running: 2,
  Stopped: 3,
  Error: 3,
  Success: 3,
};

const endOf = ({ endedAt }: Execution | Task) =>
  endedAt === undefined ? {} : { end_time: new Date(endedAt).toISOString() };

export function showExecution(execution: Execution) {
  return {
    id: execution.id,
    policy_id: execution.vendorId,
    start_time: new Date(execution.createdAt).toISOString(),
    ...endOf(execution),
    status: statuses[execution.status] ?? execution.status,
    trigger: execution.trigger === 'SCHEDULE' ? 'Schedule' : 'Manual',
    dry_run: execution.extraAttrs['dry_run'] === true,
  };
}

export function showTask(task: Task) {
  const { repository } = task.extraAttrs;
  const figure = (name: string) => Number(task.extraAttrs[name] ?? 0);
  return {
    id: task.id,
    execution_id: task.executionId,
    repository: typeof repository === 'string' ? repository : '',
    job_id: String(task.id),
    status: task.status,
    status_code: codes[task.status] ?? 0,
    status_revision: task.runCount,
    start_time: new Date(task.startedAt ?? task.createdAt).toISOString(),
    ...endOf(task),
    total: figure('total'),
    retained: figure('retained'),
  };
}
