import { updateJobSchedule } from '@entrepot/contract/entrepot/job';
import { UsageError } from '#src/failures/failures';
import { manageVerb } from '#src/management/manage-verb';

export const scheduleZoneVerb = manageVerb({
  name: 'schedule zone',
  description: 'Have a schedule count its times in a time zone, which it keeps when its times are changed.',
  arguments: {
    ID: { kind: 'one', describes: 'The id of the schedule, as "entrepot schedule ls" shows it.' },
    ZONE: { kind: 'one', describes: "One of IANA's names, such as Europe/Paris or UTC." },
  },
  options: {},
  examples: [{ does: 'Collect at night where the people are', command: 'entrepot schedule zone 3 Asia/Shanghai' }],
  async work(client, { arguments: { ID, ZONE } }) {
    if (!/^[1-9]\d{0,15}$/.test(ID)) {
      throw new UsageError(`${JSON.stringify(ID)} is no id of a schedule`, 'see which there are: entrepot schedule ls');
    }
    const { body } = await client.call(updateJobSchedule, {
      params: { schedule_id: Number(ID) },
      body: { time_zone: ZONE },
    });
    return { data: body, said: `schedule ${ID} is due at ${body.next_time ?? 'no time'}\n` };
  },
});
