import type { Transaction } from '#kernel/transaction';
import { type Db, within } from '#platform/db';
import type { Attributes, NewSchedule, Schedule } from './types.ts';

export interface ScheduleStore {
  /** Sets the one schedule of a vendor's id; answers with its own id. */
  put(tx: Transaction, schedule: NewSchedule & { nextAt: number | undefined }, at: number): Promise<number>;
  remove(tx: Transaction, vendorType: string, vendorId: number): Promise<boolean>;
  find(vendorType: string, vendorId: number): Promise<Schedule | undefined>;
  findById(id: number): Promise<Schedule | undefined>;
  setTimeZone(tx: Transaction, id: number, timeZone: string, nextAt: number | undefined, at: number): Promise<void>;
  list(page: { readonly offset: number; readonly limit: number }): Promise<{ entries: Schedule[]; total: number }>;
  isAnyDue(at: number): Promise<boolean>;
  /** What is due; in the transaction nobody else gets it. */
  takeDue(tx: Transaction, at: number, most: number): Promise<Schedule[]>;
  setNext(tx: Transaction, id: number, nextAt: number | undefined): Promise<void>;
  setPaused(tx: Transaction, type: string, paused: boolean): Promise<void>;
  /** Shows the worker among the living, and forgets those that were not heard of since. */
  beatWorker(
    tx: Transaction,
    worker: { id: string; host: string; pid: number; concurrency: number; startedAt: number },
    at: number,
    deadSince: number,
  ): Promise<void>;
  removeWorker(tx: Transaction, id: string): Promise<void>;
}

interface ScheduleRow {
  readonly id: number;
  readonly vendor_type: string;
  readonly vendor_id: number;
  readonly project_id: number | null;
  readonly cron_type: string;
  readonly cron: string;
  readonly time_zone: string;
  readonly payload: string;
  readonly extra_attrs: string;
  readonly next_at: number | null;
  readonly created_at: number;
  readonly updated_at: number;
}

const toSchedule = (row: ScheduleRow): Schedule => ({
  id: row.id,
  vendorType: row.vendor_type,
  vendorId: row.vendor_id,
  projectId: row.project_id ?? undefined,
  cronType: row.cron_type,
  cron: row.cron,
  timeZone: row.time_zone,
  payload: JSON.parse(row.payload) as unknown,
  extraAttrs: JSON.parse(row.extra_attrs) as Attributes,
  nextAt: row.next_at ?? undefined,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

export function createScheduleStore(db: Db): ScheduleStore {
  return {
    async put(tx, schedule, at) {
      const set = {
        project_id: schedule.projectId ?? null,
        cron_type: schedule.cronType,
        cron: schedule.cron,
        time_zone: schedule.timeZone ?? 'UTC',
        payload: JSON.stringify(schedule.payload ?? null),
        extra_attrs: JSON.stringify(schedule.extraAttrs ?? {}),
        next_at: schedule.nextAt ?? null,
        updated_at: at,
      };
      const row = await within(tx)
        .insertInto('job_schedule')
        .values({ vendor_type: schedule.vendorType, vendor_id: schedule.vendorId, created_at: at, ...set })
        .onConflict((conflict) => conflict.columns(['vendor_type', 'vendor_id']).doUpdateSet(set))
        .returning('id')
        .executeTakeFirstOrThrow();
      return row.id;
    },

    async remove(tx, vendorType, vendorId) {
      const result = await within(tx)
        .deleteFrom('job_schedule')
        .where('vendor_type', '=', vendorType)
        .where('vendor_id', '=', vendorId)
        .executeTakeFirst();
      return result.numDeletedRows > 0n;
    },

    async find(vendorType, vendorId) {
      const row = await db.read
        .selectFrom('job_schedule')
        .selectAll()
        .where('vendor_type', '=', vendorType)
        .where('vendor_id', '=', vendorId)
        .executeTakeFirst();
      return row && toSchedule(row);
    },

    async findById(id) {
      const row = await db.read.selectFrom('job_schedule').selectAll().where('id', '=', id).executeTakeFirst();
      return row && toSchedule(row);
    },

    async setTimeZone(tx, id, timeZone, nextAt, at) {
      await within(tx)
        .updateTable('job_schedule')
        .set({ time_zone: timeZone, next_at: nextAt ?? null, updated_at: at })
        .where('id', '=', id)
        .execute();
    },

    async list({ offset, limit }) {
      const rows = await db.read
        .selectFrom('job_schedule')
        .selectAll()
        .orderBy('id')
        .offset(offset)
        .limit(limit)
        .execute();
      const total = await db.read
        .selectFrom('job_schedule')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      return { entries: rows.map(toSchedule), total: Number(total.count) };
    },

    async isAnyDue(at) {
      const row = await db.read
        .selectFrom('job_schedule')
        .select('id')
        .where('next_at', 'is not', null)
        .where('next_at', '<=', at)
        .limit(1)
        .executeTakeFirst();
      return row !== undefined;
    },

    async takeDue(tx, at, most) {
      const query = within(tx)
        .selectFrom('job_schedule')
        .selectAll()
        .where('next_at', 'is not', null)
        .where('next_at', '<=', at)
        .orderBy('next_at')
        .limit(most);
      const rows = await (db.kind === 'postgres' ? query.forUpdate().skipLocked() : query).execute();
      return rows.map(toSchedule);
    },

    async setNext(tx, id, nextAt) {
      await within(tx)
        .updateTable('job_schedule')
        .set({ next_at: nextAt ?? null })
        .where('id', '=', id)
        .execute();
    },

    async setPaused(tx, type, paused) {
      await within(tx)
        .insertInto('job_queue')
        .values({ type, paused: paused ? 1 : 0 })
        .onConflict((conflict) => conflict.column('type').doUpdateSet({ paused: paused ? 1 : 0 }))
        .execute();
    },

    async beatWorker(tx, worker, at, deadSince) {
      await within(tx).deleteFrom('job_worker').where('heartbeat_at', '<', deadSince).execute();
      await within(tx)
        .insertInto('job_worker')
        .values({
          id: worker.id,
          host: worker.host,
          pid: worker.pid,
          concurrency: worker.concurrency,
          started_at: worker.startedAt,
          heartbeat_at: at,
        })
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ heartbeat_at: at }))
        .execute();
    },

    async removeWorker(tx, id) {
      await within(tx).deleteFrom('job_worker').where('id', '=', id).execute();
    },
  };
}
