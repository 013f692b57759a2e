import { listJobSchedules } from '@entrepot/contract/entrepot/job';
import { listVerb } from '#src/management/list-verb';

export const scheduleLsVerb = listVerb({
  name: 'schedule ls',
  description: 'List what is done by itself, and when it is due.',
  arguments: {},
  options: {},
  examples: [{ does: 'See all schedules', command: 'entrepot schedule ls' }],
  record: listJobSchedules,
  input: () => ({}),
  headings: ['ID', 'TYPE', 'CRON', 'ZONE', 'NEXT'],
  row: (schedule) => [
    schedule.id,
    schedule.vendor_id === 1 ? schedule.vendor_type : `${schedule.vendor_type}/${schedule.vendor_id}`,
    schedule.cron,
    schedule.time_zone,
    schedule.next_time ?? 'never',
  ],
});
