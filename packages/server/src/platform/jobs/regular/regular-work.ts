import type { Asker } from '#kernel/actor';
import { RegistryError } from '#kernel/errors';
import type { ListQuery } from '#kernel/list-query';
import type { Transact, Transaction } from '#kernel/transaction';
import type { Execution, Jobs } from '#platform/jobs';

/** When something is done, as Harbor's schedules say it. */
export interface Timing {
  readonly type: 'Hourly' | 'Daily' | 'Weekly' | 'Custom' | 'Manual' | 'None' | 'Schedule';
  readonly cron: string;
}

/** A run, with what its task noted beside what it was told. */
export type Run = Execution;

/** One kind of work of the whole registry: its runs, and when it is done by itself. */
export interface RegularWork {
  list(list: ListQuery): Promise<{ entries: Run[]; total: number }>;
  /** Fails with `object-not-found`. */
  get(id: number): Promise<Run>;
  stop(asker: Asker, id: number): Promise<void>;
  log(id: number): Promise<string>;
  findSchedule(): ReturnType<Jobs['schedules']['find']>;
  /**
   * Does it now (`Manual`), sets when it is done by itself, or ends that (`None`). Answers with the id of the run or of
   * the schedule. Fails with `body-invalid`, and with `conflict` where it is under way already.
   */
  ask(asker: Asker, timing: Timing, payload: object): Promise<number>;
}

/** What somebody does about it. */
type Wish = 'run' | 'schedule' | 'stop';

interface Note<Action> {
  readonly action: Action;
  readonly asker: Asker;
  readonly resource: string;
  readonly outcome: 'success';
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface RegularWorkDeps<Action> {
  readonly jobs: Jobs;
  readonly transact: Transact;
  readonly vendorType: string;
  /** Written, in the transaction of the change, about who asked for what. */
  readonly audit: { write(tx: Transaction, note: Note<Action>): Promise<void> };
  /** What the audit calls each. */
  readonly actions: Readonly<Record<Wish, Action>>;
}

/** There is one of each kind. */
const vendorId = 1;

const usual: Readonly<Record<string, string>> = { Hourly: '0 0 * * * *', Daily: '0 0 0 * * *', Weekly: '0 0 0 * * 0' };

export function createRegularWork<Action>(deps: RegularWorkDeps<Action>): RegularWork {
  const { jobs, transact, vendorType, audit, actions } = deps;
  const note = (tx: Transaction, asker: Asker, wish: Wish, detail: Note<Action>['detail']) =>
    audit.write(tx, { action: actions[wish], asker, resource: vendorType, outcome: 'success', detail });

  const scope = { vendorTypes: [vendorType] };

  const newest = { page: 1, pageSize: 1, conditions: [], sort: [] };

  const findTask = async (id: number) => (await jobs.listTasks(id, newest)).entries[0];

  async function withOutcome(execution: Execution): Promise<Run> {
    const task = await findTask(execution.id);
    return { ...execution, extraAttrs: { ...execution.extraAttrs, ...task?.extraAttrs } };
  }

  async function find(id: number): Promise<Execution> {
    const found = await jobs.findExecution(scope, id);
    if (found === undefined) throw new RegistryError('object-not-found', `run ${id} not found`);
    return found;
  }

  async function assertIdle(): Promise<void> {
    const { entries } = await jobs.listExecutions(scope, newest);
    const last = entries[0];
    if (last !== undefined && last.endedAt === undefined && last.status !== 'Stopped') {
      throw new RegistryError('conflict', `Run ${last.id} is under way: wait for it, or stop it.`);
    }
  }

  return {
    async list(list) {
      const { entries, total } = await jobs.listExecutions(scope, list);
      return { entries: await Promise.all(entries.map(withOutcome)), total };
    },
    get: async (id) => withOutcome(await find(id)),
    async stop(asker, id) {
      await find(id);
      await jobs.stopExecution(id);
      await transact((tx) => note(tx, asker, 'stop', { run: id }));
    },
    async log(id) {
      await find(id);
      const task = await findTask(id);
      return task === undefined ? '' : jobs.readLog(task.id);
    },
    findSchedule: () => jobs.schedules.find(vendorType, vendorId),
    async ask(asker, timing, parameters) {
      const payload = { ...parameters };
      if (timing.type === 'Manual') {
        await assertIdle();
        return transact(async (tx) => {
          await note(tx, asker, 'run', payload);
          const execution = {
            vendorType,
            vendorId,
            trigger: 'MANUAL',
            extraAttrs: payload,
            tasks: [{ payload }],
          } as const;
          return (await jobs.enqueue(tx, execution)).executionId;
        });
      }
      const cron = timing.cron === '' ? usual[timing.type] : timing.cron;
      if (timing.type !== 'None' && cron === undefined) {
        throw new RegistryError('body-invalid', 'schedule.cron: a schedule of this type needs six fields.');
      }
      return transact(async (tx) => {
        await note(tx, asker, 'schedule', { type: timing.type, cron: cron ?? '', ...payload });
        if (timing.type === 'None' || cron === undefined) {
          await jobs.unschedule(tx, vendorType, vendorId);
          return vendorId;
        }
        return jobs.schedule(tx, { vendorType, vendorId, cronType: timing.type, cron, payload, extraAttrs: payload });
      });
    },
  };
}
