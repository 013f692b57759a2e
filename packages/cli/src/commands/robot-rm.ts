import { manageVerb } from '#src/management/manage-verb';
import { deleteRobot } from '@entrepot/contract/harbor/robot';
import { findRobot } from '#src/management/find-one';

export const robotRmVerb = manageVerb({
  name: 'robot rm',
  description: 'Remove a robot; its secret and its tokens are good for nothing within a minute.',
  arguments: { ROBOT: { kind: 'one', describes: 'Its name, such as team+builder.' } },
  options: {},
  examples: [{ does: 'Remove a robot, asked first', command: 'entrepot robot rm team+builder' }],
  question: ({ arguments: { ROBOT } }) => `Remove the robot ${ROBOT}?`,
  async work(client, { arguments: { ROBOT } }) {
    const robot = await findRobot(client, ROBOT);
    await client.call(deleteRobot, { params: { robot_id: robot.id ?? 0 } });
    return { data: { robot: robot.name, removed: true }, said: `Removed the robot ${robot.name}\n` };
  },
});
