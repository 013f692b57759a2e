import { getRobotLimits, setRobotLimits } from '@entrepot/contract/entrepot/robot';
import { createRobot, deleteRobot, listRobot, updateRobot } from '@entrepot/contract/harbor/robot';
import { findProject } from '#src/management/find-one';
import { listAll } from '#src/management/list-all';
import { foldPermissions, toAccess } from '#src/management/read-permissions';
import { brief, type Kind, type Work } from '#src/state/kind';
import { flag, integer, name, needed, optional, type Read, record, set, text } from '#src/state/read-value';
import { noteOrigin } from '#src/state/origins';
import { permissionList } from './roles.ts';

interface Robot {
  readonly name: string;
  readonly description: string | undefined;
  readonly disabled: boolean | undefined;
  readonly permissions: readonly string[];
  /** -1 for ever. */
  readonly days: number | undefined;
  readonly repositories: readonly string[] | undefined;
  readonly from: readonly string[] | undefined;
}

const plain = record({
  name: needed(text({ pattern: /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/, what: 'a name of lower-case letters and digits' })),
  description: optional(text()),
  disabled: optional(flag),
  permissions: needed(permissionList),
  days: optional(integer(1, 36_500)),
  forever: optional(flag),
  repositories: optional(set(name)),
  from: optional(set(name)),
});

const read: Read<Robot> = (value, place) => {
  const given = plain(value, place);
  if (given === undefined) {
    return undefined;
  }
  const { forever, days, ...robot } = given;
  if (forever === true && days !== undefined) {
    place.fault('expected either days or forever');
  }
  return noteOrigin({ ...robot, days: forever === true ? -1 : days }, place);
};

/** `robot$team+builder` is `builder` in its project. */
const bareName = (full: string) => full.slice(full.indexOf('+') + 1);

async function limit({ client }: Work, id: number, { repositories, from }: Robot): Promise<void> {
  const limits = {
    ...(repositories === undefined ? {} : { repositories: repositories.length === 0 ? null : [...repositories] }),
    ...(from === undefined ? {} : { addresses: from.length === 0 ? null : [...from] }),
  };
  if (Object.keys(limits).length > 0) {
    await client.call(setRobotLimits, { params: { robot_id: id }, body: limits });
  }
}

/** The robots of a project. */
export const robots: Kind<Robot> = {
  noun: 'robot',
  read,
  write: ({ days, disabled, permissions, ...robot }) =>
    brief({
      ...robot,
      disabled: disabled === true ? true : undefined,
      permissions: foldPermissions(permissions),
      ...(days === -1 ? { forever: true } : { days }),
    }),
  keyOf: (robot) => robot.name,
  async list(client, project) {
    const { project_id: id } = await findProject(client, project ?? '');
    const found = await Array.fromAsync(listAll(client, listRobot, { query: { q: `Level=project,ProjectID=${id}` } }));
    const withLimits = found.map(async (robot) => {
      const robotId = robot.id ?? 0;
      const { body: limits } = await client.call(getRobotLimits, { params: { robot_id: robotId } });
      const access = (robot.permissions ?? []).flatMap((given) => given.access ?? []);
      const elsewhere = (robot.permissions ?? []).some(({ namespace }) => namespace !== project);
      const denies = access.some(({ effect }) => effect === 'deny');
      return {
        id: robotId,
        entry: {
          name: bareName(robot.name ?? ''),
          description: robot.description ?? '',
          disabled: robot.disable,
          permissions: [...new Set(access.map(({ resource, action }) => `${resource}:${action}`))].sort(),
          days: robot.duration ?? undefined,
          repositories: limits.repositories?.toSorted() ?? [],
          from: limits.addresses?.toSorted() ?? [],
        },
        ...(elsewhere || denies ? { unsayable: 'it has permissions that are denied, or are for elsewhere' } : {}),
      };
    });
    return Promise.all(withLimits);
  },
  async create(work, robot, project) {
    const { body } = await work.client.call(createRobot, {
      body: {
        name: robot.name,
        level: 'project',
        description: robot.description ?? '',
        disable: robot.disabled,
        duration: robot.days,
        permissions: [{ kind: 'project', namespace: project ?? '', access: toAccess(robot.permissions) }],
      },
    });
    await work.keepDrawn(body.name ?? robot.name, body.secret ?? '');
    await limit(work, body.id ?? 0, robot);
  },
  async change(work, robot, { id }, project) {
    await work.client.call(updateRobot, {
      params: { robot_id: id },
      body: {
        description: robot.description,
        disable: robot.disabled,
        duration: robot.days,
        permissions: [{ kind: 'project', namespace: project ?? '', access: toAccess(robot.permissions) }],
      },
    });
    await limit(work, id, robot);
  },
  async remove({ client }, { id }) {
    await client.call(deleteRobot, { params: { robot_id: id } });
  },
};
