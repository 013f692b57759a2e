import { manageVerb } from '#src/management/manage-verb';
import { rotateRobot } from '@entrepot/contract/entrepot/robot';
import { findRobot } from '#src/management/find-one';
import { formatFields } from '#src/output/table';

export const robotRotateVerb = manageVerb({
  name: 'robot rotate',
  description:
    'Give a robot a new secret and show it. The old one goes on for a while, so that nothing stops meanwhile.',
  arguments: { ROBOT: { kind: 'one', describes: 'Its name, such as team+builder.' } },
  options: {
    overlap: {
      kind: 'integer',
      flags: '--overlap <hours>',
      describes: 'How many hours the old secret goes on; 0 ends it now.',
      min: 0,
      max: 720,
      default: 24,
    },
  },
  examples: [
    { does: 'Rotate with a day to spare', command: 'entrepot robot rotate team+builder' },
    { does: 'Replace a secret that leaked', command: 'entrepot robot rotate team+builder --overlap 0' },
  ],
  async work(client, { arguments: { ROBOT }, options: { overlap } }) {
    const robot = await findRobot(client, ROBOT);
    const { body } = await client.call(rotateRobot, {
      params: { robot_id: robot.id ?? 0 },
      body: { overlap_seconds: overlap * 3600 },
    });
    const said = formatFields([
      ['Name', robot.name],
      ['Secret', body.secret],
      ['Old secret until', body.old_until],
    ]);
    return { data: { name: robot.name, ...body }, said };
  },
});
