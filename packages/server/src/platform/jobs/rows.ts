import { type SqlBool, sql } from 'kysely';
import type { Attributes, Execution, JobStatus, LeasedTask, Task } from './types.ts';

/** Written out, so that the planner sees that the partial indexes fit. */
export const isWaiting = sql<SqlBool>`task.status in ('Pending', 'Scheduled')`;
export const isRunning = sql<SqlBool>`task.status = 'Running'`;

export const executionColumns = [
  'execution.id',
  'execution.vendor_type',
  'execution.vendor_id',
  'execution.project_id',
  'execution.cause',
  'execution.status',
  'execution.status_message',
  'execution.extra_attrs',
  'execution.created_at',
  'execution.updated_at',
  'execution.ended_at',
] as const;

export const taskColumns = [
  'task.id',
  'task.execution_id',
  'task.type',
  'task.status',
  'task.status_message',
  'task.progress',
  'task.run_count',
  'task.extra_attrs',
  'task.created_at',
  'task.updated_at',
  'task.started_at',
  'task.ended_at',
] as const;

interface ExecutionRow {
  readonly id: number;
  readonly vendor_type: string;
  readonly vendor_id: number;
  readonly project_id: number | null;
  readonly cause: string;
  readonly status: string;
  readonly status_message: string;
  readonly extra_attrs: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly ended_at: number | null;
}

interface TaskRow {
  readonly id: number;
  readonly execution_id: number;
  readonly type: string;
  readonly status: string;
  readonly status_message: string;
  readonly progress: string;
  readonly run_count: number;
  readonly extra_attrs: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly started_at: number | null;
  readonly ended_at: number | null;
}

interface LeasedRow extends TaskRow {
  readonly payload: string;
  readonly max_runs: number;
  readonly vendor_type: string;
  readonly vendor_id: number;
  readonly project_id: number | null;
}

export const toExecution = (row: ExecutionRow): Execution => ({
  id: row.id,
  vendorType: row.vendor_type,
  vendorId: row.vendor_id,
  projectId: row.project_id ?? undefined,
  trigger: row.cause,
  status: row.status as JobStatus,
  statusMessage: row.status_message,
  extraAttrs: JSON.parse(row.extra_attrs) as Attributes,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  endedAt: row.ended_at ?? undefined,
});

export const toTask = (row: TaskRow): Task => ({
  id: row.id,
  executionId: row.execution_id,
  type: row.type,
  status: row.status as JobStatus,
  statusMessage: row.status_message,
  progress: row.progress,
  runCount: row.run_count,
  extraAttrs: JSON.parse(row.extra_attrs) as Attributes,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  startedAt: row.started_at ?? undefined,
  endedAt: row.ended_at ?? undefined,
});

export const toLeasedTask = (row: LeasedRow, leaseId: string): LeasedTask => ({
  ...toTask(row),
  leaseId,
  status: 'Running',
  runCount: row.run_count + 1,
  payload: JSON.parse(row.payload) as unknown,
  maxRuns: row.max_runs,
  vendorType: row.vendor_type,
  vendorId: row.vendor_id,
  projectId: row.project_id ?? undefined,
});
