import type { Generated } from 'kysely';

export interface ExecutionTable {
  id: Generated<number>;
  vendor_type: string;
  vendor_id: number;
  project_id: number | null;
  /** Harbor's trigger: MANUAL, SCHEDULE or EVENT. */
  cause: string;
  status: string;
  status_message: Generated<string>;
  /** JSON. */
  extra_attrs: string;
  created_at: number;
  updated_at: number;
  ended_at: number | null;
}

export interface TaskTable {
  id: Generated<number>;
  execution_id: number;
  /** The queue it waits in, and so who works on it. */
  type: string;
  priority: number;
  /** JSON, for the handler only. */
  payload: string;
  /** JSON that everybody sees who sees the task. */
  extra_attrs: string;
  status: string;
  status_message: Generated<string>;
  progress: Generated<string>;
  run_count: Generated<number>;
  max_runs: number;
  available_at: number;
  stop_requested: Generated<number>;
  lease_id: string | null;
  lease_until: number | null;
  worker_id: string | null;
  created_at: number;
  updated_at: number;
  started_at: number | null;
  ended_at: number | null;
}

export interface TaskLogTable {
  id: Generated<number>;
  task_id: number;
  content: string;
}

export interface JobQueueTable {
  type: string;
  paused: Generated<number>;
}

export interface JobScheduleTable {
  id: Generated<number>;
  vendor_type: string;
  vendor_id: number;
  project_id: number | null;
  /** How it was asked for: Hourly, Daily, Weekly or Custom. */
  cron_type: string;
  cron: string;
  time_zone: string;
  payload: string;
  extra_attrs: string;
  next_at: number | null;
  created_at: number;
  updated_at: number;
}

export interface JobWorkerTable {
  id: string;
  host: string;
  pid: number;
  concurrency: number;
  started_at: number;
  heartbeat_at: number;
}

export interface OutboxEventTable {
  id: Generated<number>;
  event_id: string;
  project_id: number;
  kind: string;
  payload: string;
  created_at: number;
  attempts: Generated<number>;
  next_at: number;
  delivered_at: number | null;
}

export interface JobTables {
  execution: ExecutionTable;
  task: TaskTable;
  task_log: TaskLogTable;
  job_queue: JobQueueTable;
  job_schedule: JobScheduleTable;
  job_worker: JobWorkerTable;
  outbox_event: OutboxEventTable;
  outbox_turn: { id: number };
}
