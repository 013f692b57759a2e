import { manageVerb } from '#src/management/manage-verb';
import { getRobotLimits } from '@entrepot/contract/entrepot/robot';
import { findRobot } from '#src/management/find-one';
import { formatFields } from '#src/output/table';

export const robotGetVerb = manageVerb({
  name: 'robot get',
  description: 'Show what a robot may, from where, and when it was used last.',
  arguments: { ROBOT: { kind: 'one', describes: 'Its name, such as team+builder.' } },
  options: {},
  examples: [{ does: 'Look at a robot', command: 'entrepot robot get team+builder' }],
  async work(client, { arguments: { ROBOT } }) {
    const robot = await findRobot(client, ROBOT);
    const { body: limits } = await client.call(getRobotLimits, { params: { robot_id: robot.id ?? 0 } });
    const given = (robot.permissions ?? []).map(
      ({ namespace, access }) =>
        `${namespace}: ${(access ?? []).map((one) => `${one.effect === 'deny' ? 'not ' : ''}${one.resource}:${one.action}`).join(', ')}`,
    );
    const said = formatFields([
      ['Name', robot.name],
      ['Description', robot.description],
      ['State', robot.disable ? 'disabled' : 'active'],
      ['Expires', (robot.expires_at ?? -1) === -1 ? 'never' : new Date((robot.expires_at ?? 0) * 1000).toISOString()],
      ['Last used', limits.last_used_at ?? 'never'],
      ['From', limits.addresses?.join(', ') ?? 'everywhere'],
      ['Repositories', limits.repositories?.join(', ') ?? 'all'],
      ...given.map((line) => ['May', line] as const),
    ]);
    return { data: { ...robot, limits }, said };
  },
});
