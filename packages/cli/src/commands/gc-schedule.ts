import { getGcSchedule, updateGcSchedule } from '@entrepot/contract/harbor/gc';
import { manageVerb } from '#src/management/manage-verb';

export const gcScheduleVerb = manageVerb({
  name: 'gc schedule',
  description:
    'Show when collections run by a schedule, or set it: six fields, seconds first, in UTC; "off" takes it away. ' +
    'Beside it the registry looks by itself now and then (gc.interval).',
  arguments: { CRON: { kind: 'optional', describes: 'Six fields in quotes, or off. Shows the schedule when absent.' } },
  options: {
    untagged: { kind: 'flag', flags: '--untagged', describes: 'Delete artifacts that lost their last tag, too.' },
  },
  examples: [
    { does: 'Every night at half past two', command: 'entrepot gc schedule "0 30 2 * * *" --untagged' },
    { does: 'No more', command: 'entrepot gc schedule off' },
  ],
  async work(client, { arguments: { CRON }, options: { untagged } }) {
    if (CRON !== undefined) {
      const schedule = CRON === 'off' ? { type: 'None' as const, cron: '' } : { type: 'Custom' as const, cron: CRON };
      await client.call(updateGcSchedule, {
        body: { schedule, parameters: { delete_untagged: untagged === true, dry_run: false } },
      });
    }
    const { body } = await client.call(getGcSchedule);
    const cron = body.schedule?.cron;
    const said =
      cron === undefined
        ? 'There is no schedule.\n'
        : `${cron}, the next time at ${body.schedule?.next_scheduled_time ?? 'no time'}\n`;
    return { data: body, said };
  },
});
