import type { Transaction } from '#kernel/transaction';
import { type Db, within } from '#platform/db';
import { isRunning, isWaiting, taskColumns, toLeasedTask } from './rows.ts';
import { isEnded, statusOfExecution } from './status.ts';
import type { JobStatus, LeasedTask, NewExecution, NewTask } from './types.ts';

/** How a run ended. */
export type Outcome =
  | { readonly kind: 'success' }
  | { readonly kind: 'error'; readonly message: string }
  | { readonly kind: 'stopped' }
  /** To be begun again at that time. */
  | { readonly kind: 'retry'; readonly at: number; readonly message: string }
  /** Given back unfinished: somebody else begins at once, and the run does not count. */
  | { readonly kind: 'release' };

export interface Claim {
  readonly type: string;
  readonly most: number;
  /** So many at work in all processes together; no bound if absent. */
  readonly mostEverywhere?: number | undefined;
  /** For tasks that bring no figure of their own. */
  readonly maxRuns: number;
}

export interface Lease {
  readonly id: string;
  readonly workerId: string;
  readonly until: number;
}

export interface Beat {
  readonly taskId: number;
  readonly leaseId: string;
  readonly until: number;
  readonly progress: string;
  /** JSON. */
  readonly extraAttrs: string;
}

export interface TaskStore {
  insert(tx: Transaction, execution: NewExecution, at: number): Promise<{ executionId: number; taskIds: number[] }>;
  /** Adds tasks to an execution that has not ended, of this type unless they say another. */
  extend(tx: Transaction, executionId: number, type: string, tasks: readonly NewTask[], at: number): Promise<number[]>;
  /** Types in which something waits for a worker now, paused ones left out. */
  readyTypes(at: number): Promise<string[]>;
  /** Takes what waits longest among the most urgent, and what lost its worker. */
  claim(tx: Transaction, claim: Claim, lease: Lease, at: number): Promise<LeasedTask[]>;
  /** Renews the lease, and answers whether it is still held, and whether the task shall stop. */
  beat(tx: Transaction, beat: Beat, at: number): Promise<'held' | 'stop' | 'lost'>;
  /** Writes how the run ended. False where the lease is somebody else's by now: nothing was written. */
  finish(
    tx: Transaction,
    run: { taskId: number; leaseId: string; progress: string; extraAttrs: string },
    outcome: Outcome,
    at: number,
  ): Promise<boolean>;
  appendLog(tx: Transaction, taskId: number, content: string): Promise<void>;
  /** Characters in the log of a task. */
  logSize(taskId: number): Promise<number>;
  /** Stops the tasks that have not ended: those at work are told. Answers how many there were. */
  stop(tx: Transaction, which: { executionId: number } | { taskId: number }, at: number): Promise<number>;
  /** Stops what waits in the queue. */
  stopWaiting(tx: Transaction, type: string, at: number): Promise<number>;
  /** Removes ended executions. Answers how many. */
  sweep(tx: Transaction, vendorType: string, before: number, most: number): Promise<number>;
}

const rowsPerStatement = 200;

export function createTaskStore(db: Db): TaskStore {
  const lock = db.kind === 'postgres';

  /** Works out an execution's status anew. Its row is locked first, so that of two tasks that end at once the later one sees both. */
  async function refresh(tx: Transaction, executionId: number, at: number): Promise<void> {
    const q = within(tx);
    const row = q.selectFrom('execution').select('status').where('id', '=', executionId);
    const execution = await (lock ? row.forUpdate() : row).executeTakeFirst();
    if (execution === undefined) return;
    const counts = await q
      .selectFrom('task')
      .select(({ fn }) => ['status', fn.countAll<number>().as('count')])
      .where('execution_id', '=', executionId)
      .groupBy('status')
      .execute();
    const status = statusOfExecution(Object.fromEntries(counts.map((each) => [each.status, Number(each.count)])));
    if (status === execution.status) return;
    await q
      .updateTable('execution')
      .set({ status, updated_at: at, ended_at: isEnded(status) ? at : null })
      .where('id', '=', executionId)
      .execute();
  }

  async function refreshAll(tx: Transaction, executionIds: Iterable<number>, at: number): Promise<void> {
    for (const id of [...new Set(executionIds)].toSorted((a, b) => a - b)) await refresh(tx, id, at);
  }

  const candidates = (tx: Transaction, type: string) => {
    const query = within(tx)
      .selectFrom('task')
      .innerJoin('execution', 'execution.id', 'task.execution_id')
      .select(taskColumns)
      .select(['task.payload', 'task.max_runs', 'task.stop_requested'])
      .select(['execution.vendor_type', 'execution.vendor_id', 'execution.project_id'])
      .where('task.type', '=', type);
    return lock ? query.forUpdate('task').skipLocked() : query;
  };

  /** What lost its worker goes on elsewhere, unless it was to stop or has been begun often enough. */
  async function takeLost(tx: Transaction, { type, most, maxRuns }: Claim, at: number) {
    const lost = await candidates(tx, type).where(isRunning).where('task.lease_until', '<', at).limit(most).execute();
    const over = lost.filter((row) => row.stop_requested === 1 || row.run_count >= (row.max_runs || maxRuns));
    for (const row of over) {
      const status: JobStatus = row.stop_requested === 1 ? 'Stopped' : 'Error';
      const message = status === 'Error' ? 'Its worker was lost, and it has been begun often enough.' : '';
      await end(tx, row.id, { status, status_message: message }, at);
    }
    await refreshAll(
      tx,
      over.map((row) => row.execution_id),
      at,
    );
    return lost.filter((row) => !over.includes(row));
  }

  async function end(tx: Transaction, id: number, set: { status: JobStatus; status_message: string }, at: number) {
    await within(tx)
      .updateTable('task')
      .set({ ...set, lease_id: null, lease_until: null, updated_at: at, ended_at: at })
      .where('id', '=', id)
      .execute();
  }

  async function stopRows(tx: Transaction, rows: { id: number; execution_id: number }[], at: number): Promise<void> {
    for (const { id } of rows) await end(tx, id, { status: 'Stopped', status_message: '' }, at);
    await refreshAll(
      tx,
      rows.map((row) => row.execution_id),
      at,
    );
  }

  async function insertTasks(
    tx: Transaction,
    executionId: number,
    type: string,
    tasks: readonly NewTask[],
    at: number,
  ): Promise<number[]> {
    const rows = tasks.map((task) => ({
      execution_id: executionId,
      type: task.type ?? type,
      priority: task.priority ?? 0,
      payload: JSON.stringify(task.payload ?? null),
      extra_attrs: JSON.stringify(task.extraAttrs ?? {}),
      status: (task.delayMs ?? 0) > 0 ? 'Scheduled' : 'Pending',
      max_runs: task.maxRuns ?? 0,
      available_at: at + (task.delayMs ?? 0),
      created_at: at,
      updated_at: at,
    }));
    const taskIds: number[] = [];
    for (let from = 0; from < rows.length; from += rowsPerStatement) {
      const some = rows.slice(from, from + rowsPerStatement);
      const made = await within(tx).insertInto('task').values(some).returning('id').execute();
      taskIds.push(...made.map(({ id }) => id));
    }
    return taskIds;
  }

  /** How many more may begin, of all that are at work anywhere. Whoever claims of the same type waits. */
  async function roomFor(tx: Transaction, { type, most, mostEverywhere }: Claim, at: number): Promise<number> {
    if (mostEverywhere === undefined) return most;
    const q = within(tx);
    if (lock) {
      await q
        .insertInto('job_queue')
        .values({ type, paused: 0 })
        .onConflict((conflict) => conflict.column('type').doNothing())
        .execute();
      await q.selectFrom('job_queue').select('type').where('type', '=', type).forUpdate().execute();
    }
    const { count } = await q
      .selectFrom('task')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('type', '=', type)
      .where(isRunning)
      .where('lease_until', '>=', at)
      .executeTakeFirstOrThrow();
    return Math.min(most, mostEverywhere - Number(count));
  }

  return {
    async insert(tx, execution, at) {
      const q = within(tx);
      const status = execution.tasks.length === 0 ? 'Success' : 'Pending';
      const { id: executionId } = await q
        .insertInto('execution')
        .values({
          vendor_type: execution.vendorType,
          vendor_id: execution.vendorId,
          project_id: execution.projectId ?? null,
          cause: execution.trigger,
          status,
          extra_attrs: JSON.stringify(execution.extraAttrs ?? {}),
          created_at: at,
          updated_at: at,
          ended_at: status === 'Success' ? at : null,
        })
        .returning('id')
        .executeTakeFirstOrThrow();
      return { executionId, taskIds: await insertTasks(tx, executionId, execution.vendorType, execution.tasks, at) };
    },

    extend: (tx, executionId, type, more, at) => insertTasks(tx, executionId, type, more, at),

    async readyTypes(at) {
      const rows = await db.read
        .selectFrom('task')
        .select('type')
        .where(isWaiting)
        .where('available_at', '<=', at)
        .union(db.read.selectFrom('task').select('type').where(isRunning).where('lease_until', '<', at))
        .execute();
      if (rows.length === 0) return [];
      const paused = await db.read.selectFrom('job_queue').select('type').where('paused', '=', 1).execute();
      const held = new Set(paused.map((row) => row.type));
      return rows.map((row) => row.type).filter((type) => !held.has(type));
    },

    async claim(tx, wish, lease, at) {
      const claim = { ...wish, most: await roomFor(tx, wish, at) };
      if (claim.most <= 0) return [];
      const found = await takeLost(tx, claim, at);
      if (found.length < claim.most) {
        const waiting = await candidates(tx, claim.type)
          .where(isWaiting)
          .where('task.available_at', '<=', at)
          .orderBy('task.priority', 'desc')
          .orderBy('task.available_at')
          .orderBy('task.id')
          .limit(claim.most - found.length)
          .execute();
        found.push(...waiting);
      }
      if (found.length === 0) return [];
      await within(tx)
        .updateTable('task')
        .set((row) => ({
          status: 'Running',
          status_message: '',
          lease_id: lease.id,
          lease_until: lease.until,
          worker_id: lease.workerId,
          run_count: row('run_count', '+', 1),
          started_at: row.fn.coalesce('started_at', row.val(at)),
          updated_at: at,
        }))
        .where(
          'id',
          'in',
          found.map((row) => row.id),
        )
        .execute();
      await refreshAll(
        tx,
        found.map((row) => row.execution_id),
        at,
      );
      return found.map((row) => ({ ...toLeasedTask(row, lease.id), startedAt: row.started_at ?? at }));
    },

    async beat(tx, beat, at) {
      const row = await within(tx)
        .updateTable('task')
        .set({ lease_until: beat.until, progress: beat.progress, extra_attrs: beat.extraAttrs, updated_at: at })
        .where('id', '=', beat.taskId)
        .where('lease_id', '=', beat.leaseId)
        .returning('stop_requested')
        .executeTakeFirst();
      if (row === undefined) return 'lost';
      return row.stop_requested === 1 ? 'stop' : 'held';
    },

    async finish(tx, run, outcome, at) {
      const query = within(tx)
        .selectFrom('task')
        .select(['execution_id', 'stop_requested'])
        .where('id', '=', run.taskId)
        .where('lease_id', '=', run.leaseId);
      const row = await (lock ? query.forUpdate() : query).executeTakeFirst();
      if (row === undefined) return false;
      await within(tx)
        .updateTable('task')
        .set((task) => ({
          ...after(row.stop_requested === 1, outcome, at),
          ...(outcome.kind === 'release' ? { run_count: task('run_count', '-', 1) } : {}),
          progress: run.progress,
          extra_attrs: run.extraAttrs,
          lease_id: null,
          lease_until: null,
          updated_at: at,
        }))
        .where('id', '=', run.taskId)
        .execute();
      await refresh(tx, row.execution_id, at);
      return true;
    },

    async appendLog(tx, taskId, content) {
      await within(tx).insertInto('task_log').values({ task_id: taskId, content }).execute();
    },

    async logSize(taskId) {
      const row = await db.read
        .selectFrom('task_log')
        .select(({ fn }) => fn.sum<number>(fn<number>('length', ['content'])).as('size'))
        .where('task_id', '=', taskId)
        .executeTakeFirst();
      return Number(row?.size ?? 0);
    },

    async stop(tx, which, at) {
      const query = within(tx)
        .selectFrom('task')
        .select(['id', 'execution_id', 'status'])
        .where((task) =>
          'taskId' in which ? task('id', '=', which.taskId) : task('execution_id', '=', which.executionId),
        )
        .where('status', 'in', ['Pending', 'Scheduled', 'Running'])
        .orderBy('id');
      const rows = await (lock ? query.forUpdate() : query).execute();
      const running = rows.filter((row) => row.status === 'Running').map((row) => row.id);
      if (running.length > 0) {
        await within(tx).updateTable('task').set({ stop_requested: 1 }).where('id', 'in', running).execute();
      }
      await stopRows(
        tx,
        rows.filter((row) => row.status !== 'Running'),
        at,
      );
      return rows.length;
    },

    async stopWaiting(tx, type, at) {
      const query = within(tx)
        .selectFrom('task')
        .select(['id', 'execution_id'])
        .where('type', '=', type)
        .where(isWaiting);
      const rows = await (lock ? query.forUpdate().skipLocked() : query).execute();
      await stopRows(tx, rows, at);
      return rows.length;
    },

    async sweep(tx, vendorType, before, most) {
      const old = await within(tx)
        .selectFrom('execution')
        .select('id')
        .where('vendor_type', '=', vendorType)
        .where('ended_at', 'is not', null)
        .where('ended_at', '<', before)
        .orderBy('ended_at')
        .limit(most)
        .execute();
      const ids = old.map(({ id }) => id);
      if (ids.length > 0) await within(tx).deleteFrom('execution').where('id', 'in', ids).execute();
      return ids.length;
    },
  };
}

/** The columns that tell how a run ended. A task that was to stop is not tried again. */
function after(stopping: boolean, outcome: Outcome, at: number) {
  const ended = (status: JobStatus, status_message = '') => ({ status, status_message, ended_at: at });
  switch (outcome.kind) {
    case 'success':
      return ended('Success');
    case 'error':
      return ended('Error', outcome.message);
    case 'stopped':
      return ended('Stopped');
    case 'retry':
      if (stopping) return ended('Stopped', outcome.message);
      return { status: 'Scheduled', status_message: outcome.message, available_at: outcome.at };
    case 'release':
      return stopping ? ended('Stopped') : { status: 'Pending', available_at: at };
  }
}
