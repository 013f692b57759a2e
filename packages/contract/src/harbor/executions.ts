import { z } from 'zod';
import { id, time } from './params.ts';

/** What a job left behind beyond its status, whose shape is the job's own. */
export const extraAttributes = z.record(z.string(), z.unknown()).meta({ id: 'ExtraAttrs' });

const taskCounts = z
  .object({
    task_count: z.int().optional(),
    success_task_count: z.int().optional(),
    error_task_count: z.int().optional(),
    pending_task_count: z.int().optional(),
    running_task_count: z.int().optional(),
    scheduled_task_count: z.int().optional(),
    stopped_task_count: z.int().optional(),
  })
  .meta({ id: 'Metrics' });

/** One run of a policy, in Harbor's shape, for webhooks and preheating alike. */
export const execution = z
  .object({
    id: id.optional(),
    vendor_type: z.string().optional(),
    vendor_id: z.int().optional(),
    status: z.string().optional(),
    status_message: z.string().optional(),
    metrics: taskCounts.optional(),
    trigger: z.string().optional(),
    extra_attrs: extraAttributes.optional(),
    start_time: z.string().optional(),
    end_time: z.string().optional(),
  })
  .meta({ id: 'Execution' });

/** One piece of work of a run. */
export const task = z
  .object({
    id: id.optional(),
    execution_id: id.optional(),
    status: z.string().optional(),
    status_message: z.string().optional(),
    run_count: z.int().optional(),
    extra_attrs: extraAttributes.optional(),
    creation_time: z.string().optional(),
    update_time: z.string().optional(),
    start_time: z.string().optional(),
    end_time: z.string().optional(),
  })
  .meta({ id: 'Task' });

/** The last runs of a job of the whole registry (garbage collection, purging the audit log). */
export const jobRun = <S extends z.ZodType>(name: string, schedule: S) =>
  z
    .object({
      id: z.int().min(0).optional(),
      job_name: z.string().optional(),
      job_kind: z.string().optional(),
      /** JSON as text. */
      job_parameters: z.string().optional(),
      schedule: schedule.optional(),
      job_status: z.string().optional(),
      deleted: z.boolean().optional(),
      creation_time: time.optional(),
      update_time: time.optional(),
    })
    .meta({ id: name });
