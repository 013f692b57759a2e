import type { ListQuery } from '#kernel/list-query';
import { applyConditions, applyPage, type Db, type ListColumns } from '#platform/db';
import { executionColumns, isRunning, isWaiting, taskColumns, toExecution, toTask } from './rows.ts';
import type { Execution, JobStatus, Task, TaskCounts } from './types.ts';

/** Whose executions are looked at. What is outside is not there. */
export interface ExecutionScope {
  readonly vendorTypes: readonly string[];
  readonly vendorId?: number;
  readonly projectId?: number;
}

export interface QueueState {
  readonly type: string;
  readonly waiting: number;
  /** Milliseconds that the oldest has waited. */
  readonly latencyMs: number;
  readonly paused: boolean;
}

/** A process that works on jobs. */
export interface WorkerPool {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly concurrency: number;
  readonly startedAt: number;
  readonly heartbeatAt: number;
}

export interface WorkerTask extends Task {
  readonly workerId: string;
}

/** What screens show of jobs. */
export interface JobReads {
  listExecutions(scope: ExecutionScope, list: ListQuery): Promise<{ entries: Execution[]; total: number }>;
  findExecution(scope: ExecutionScope, id: number): Promise<Execution | undefined>;
  listTasks(executionId: number, list: ListQuery): Promise<{ entries: Task[]; total: number }>;
  /** Tasks of all kinds. */
  listAllTasks(list: ListQuery): Promise<{ entries: Task[]; total: number }>;
  findTask(id: number): Promise<Task | undefined>;
  /** What the task's handler was given; for the one who starts it again. */
  findPayload(taskId: number): Promise<unknown>;
  countTasks(executionIds: readonly number[]): Promise<Map<number, TaskCounts>>;
  /** The log so far. */
  readLog(taskId: number): Promise<string>;
  listQueues(at: number): Promise<QueueState[]>;
  isPaused(type: string): Promise<boolean>;
  listWorkers(since: number): Promise<WorkerPool[]>;
  listRunning(): Promise<WorkerTask[]>;
}

const listedExecutions: ListColumns = {
  id: { ref: 'execution.id', kind: 'number' },
  status: { ref: 'execution.status', kind: 'text' },
  trigger: { ref: 'execution.cause', kind: 'text' },
  vendor_type: { ref: 'execution.vendor_type', kind: 'text' },
  vendor_id: { ref: 'execution.vendor_id', kind: 'number' },
  start_time: { ref: 'execution.created_at', kind: 'time' },
  creation_time: { ref: 'execution.created_at', kind: 'time' },
  end_time: { ref: 'execution.ended_at', kind: 'time' },
};

const listedTasks: ListColumns = {
  execution_id: { ref: 'task.execution_id', kind: 'number' },
  type: { ref: 'task.type', kind: 'text' },
  id: { ref: 'task.id', kind: 'number' },
  status: { ref: 'task.status', kind: 'text' },
  run_count: { ref: 'task.run_count', kind: 'number' },
  creation_time: { ref: 'task.created_at', kind: 'time' },
  update_time: { ref: 'task.updated_at', kind: 'time' },
  start_time: { ref: 'task.started_at', kind: 'time' },
  end_time: { ref: 'task.ended_at', kind: 'time' },
};

const newestFirst = { first: [{ field: 'id', descending: true }] };

export function createJobReads(db: Db): JobReads {
  const { read } = db;

  const inScope = (scope: ExecutionScope) => {
    const all = read.selectFrom('execution').where('execution.vendor_type', 'in', scope.vendorTypes);
    const ofVendor = scope.vendorId === undefined ? all : all.where('execution.vendor_id', '=', scope.vendorId);
    return scope.projectId === undefined ? ofVendor : ofVendor.where('execution.project_id', '=', scope.projectId);
  };

  const allTasks = () => read.selectFrom('task');

  async function pageOfTasks(of: ReturnType<typeof allTasks>, list: ListQuery) {
    const matching = applyConditions(of, list.conditions, listedTasks);
    const rows = await applyPage(matching.select(taskColumns), list, listedTasks, {
      tie: 'task.id',
      ...newestFirst,
    }).execute();
    const total = await matching.select(({ fn }) => fn.countAll<number>().as('count')).executeTakeFirstOrThrow();
    return { entries: rows.map(toTask), total: Number(total.count) };
  }

  return {
    async listExecutions(scope, list) {
      const matching = applyConditions(inScope(scope), list.conditions, listedExecutions);
      const rows = await applyPage(matching.select(executionColumns), list, listedExecutions, {
        tie: 'execution.id',
        ...newestFirst,
      }).execute();
      const total = await matching.select(({ fn }) => fn.countAll<number>().as('count')).executeTakeFirstOrThrow();
      return { entries: rows.map(toExecution), total: Number(total.count) };
    },

    async findExecution(scope, id) {
      const row = await inScope(scope).select(executionColumns).where('execution.id', '=', id).executeTakeFirst();
      return row && toExecution(row);
    },

    listTasks: (executionId, list) => pageOfTasks(allTasks().where('task.execution_id', '=', executionId), list),

    listAllTasks: (list) => pageOfTasks(allTasks(), list),

    async findTask(id) {
      const row = await read.selectFrom('task').select(taskColumns).where('task.id', '=', id).executeTakeFirst();
      return row && toTask(row);
    },

    async findPayload(taskId) {
      const row = await read.selectFrom('task').select('payload').where('id', '=', taskId).executeTakeFirst();
      return row && (JSON.parse(row.payload) as unknown);
    },

    async countTasks(executionIds) {
      const counts = new Map<number, { all: number; byStatus: Partial<Record<JobStatus, number>> }>();
      if (executionIds.length === 0) return counts;
      const rows = await read
        .selectFrom('task')
        .select(({ fn }) => ['execution_id', 'status', fn.countAll<number>().as('count')])
        .where('execution_id', 'in', executionIds)
        .groupBy(['execution_id', 'status'])
        .execute();
      for (const row of rows) {
        const of = counts.get(row.execution_id) ?? { all: 0, byStatus: {} };
        of.all += Number(row.count);
        of.byStatus[row.status as JobStatus] = Number(row.count);
        counts.set(row.execution_id, of);
      }
      return counts;
    },

    async readLog(taskId) {
      const rows = await read
        .selectFrom('task_log')
        .select('content')
        .where('task_id', '=', taskId)
        .orderBy('id')
        .execute();
      return rows.map((row) => row.content).join('');
    },

    async listQueues(at) {
      const waiting = await read
        .selectFrom('task')
        .select(({ fn }) => ['type', fn.countAll<number>().as('count'), fn.min('available_at').as('oldest')])
        .where(isWaiting)
        .groupBy('type')
        .execute();
      const paused = await read.selectFrom('job_queue').select('type').where('paused', '=', 1).execute();
      const held = new Set(paused.map((row) => row.type));
      const types = new Set([...waiting.map((row) => row.type), ...held]);
      return [...types].toSorted().map((type) => {
        const row = waiting.find((each) => each.type === type);
        return {
          type,
          waiting: Number(row?.count ?? 0),
          latencyMs: row === undefined ? 0 : Math.max(0, at - Number(row.oldest)),
          paused: held.has(type),
        };
      });
    },

    async isPaused(type) {
      const row = await read.selectFrom('job_queue').select('paused').where('type', '=', type).executeTakeFirst();
      return row?.paused === 1;
    },

    async listWorkers(since) {
      const rows = await read
        .selectFrom('job_worker')
        .selectAll()
        .where('heartbeat_at', '>=', since)
        .orderBy('started_at')
        .orderBy('id')
        .execute();
      return rows.map((row) => ({
        id: row.id,
        host: row.host,
        pid: row.pid,
        concurrency: row.concurrency,
        startedAt: row.started_at,
        heartbeatAt: row.heartbeat_at,
      }));
    },

    async listRunning() {
      const rows = await read
        .selectFrom('task')
        .select(taskColumns)
        .select('task.worker_id')
        .where(isRunning)
        .orderBy('task.id')
        .limit(1000)
        .execute();
      return rows.map((row) => ({ ...toTask(row), workerId: row.worker_id ?? '' }));
    },
  };
}
