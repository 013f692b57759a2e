import { z } from 'zod';
import { id, time } from './params.ts';
import { cron, optionalWord } from './request-fields.ts';

const scheduleTypes = ['Hourly', 'Daily', 'Weekly', 'Custom', 'Manual', 'None', 'Schedule'] as const;

/** When a job of the whole registry runs. */
export const scheduleTime = z
  .object({
    type: z.enum(scheduleTypes).optional(),
    cron: z.string().optional(),
    next_scheduled_time: time.optional(),
  })
  .meta({ id: 'ScheduleObj' });

export const schedule = z
  .object({
    id: id.optional(),
    status: z.string().optional(),
    creation_time: time.optional(),
    update_time: time.optional(),
    schedule: scheduleTime.optional(),
    parameters: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ id: 'Schedule' });

/** Sets, moves or ends a schedule, or asks for a run now (`Manual`), with what the job is to be told. */
export const scheduleRequest = <P extends z.ZodType>(name: string, parameters: P) =>
  z
    .object({
      schedule: z.object({ type: optionalWord(scheduleTypes), cron }),
      parameters,
    })
    .meta({ id: name });
