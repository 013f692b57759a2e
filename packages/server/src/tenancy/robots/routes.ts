import {
  createRobot,
  deleteRobot,
  getRobotById,
  listRobot,
  refreshSec,
  updateRobot,
} from '@entrepot/contract/harbor/robot';
import {
  createRobotV1,
  deleteRobotV1,
  getRobotByIdV1,
  listRobotV1,
  updateRobotV1,
} from '@entrepot/contract/harbor/robot-v1';
import { getRobotLimits, rotateRobot, setRobotLimits } from '@entrepot/contract/entrepot/robot';
import type { Permission } from '@entrepot/contract/permissions';
import type { Asker } from '#kernel/actor';
import { RegistryError } from '#kernel/errors';
import { type ListQuery, readListQuery } from '#kernel/list-query';
import { listReply, type ManagedRoute, serve } from '#platform/http/management';
import type { Access, Project } from '#tenancy/access';
import { type PermissionText, readPermissions, writePermissions } from './permission-text.ts';
import type { Robots, RobotSettings } from './service.ts';
import type { Robot } from './types.ts';

export interface RobotRoutesDeps {
  readonly robots: Robots;
  readonly access: Access;
  readonly findProject: (id: number) => Promise<Project | undefined>;
  readonly settings: () => RobotSettings;
}

const dayMs = 24 * 60 * 60 * 1000;
const overlapSeconds = 24 * 60 * 60;

export function robotRoutes({ robots, access, findProject, settings }: RobotRoutesDeps): ManagedRoute[] {
  const nameOfProject = async (id: number) => (await findProject(id))?.name;

  /** The robot if the asker may do this to it; one that may not even be seen is not there. */
  async function permitted(asker: Asker, id: number, permission: Permission): Promise<Robot> {
    const robot = await robots.find(id);
    if (robot === undefined || !(await may(asker, robot, 'robot:read'))) throw notFound(id);
    if (!(await may(asker, robot, permission)))
      throw new RegistryError('denied', `You may not change the robot ${id}.`);
    return robot;
  }

  async function may(asker: Asker, robot: Robot, permission: Permission): Promise<boolean> {
    if (robot.projectId === undefined) return access.mayInSystem(asker.actor, permission);
    const project = await findProject(robot.projectId);
    return project !== undefined && (await access.accountOfMay(asker.actor, permission, project));
  }

  /** The project by its name, if the asker may see it: names of others' projects are not found out by giving them away. */
  async function visibleProject(asker: Asker, name: string): Promise<number | undefined> {
    const project = await access.findProject(name);
    const seen = project !== undefined && (await access.accountOfMay(asker.actor, 'project:read', project));
    return seen ? project.id : undefined;
  }

  const read = (asker: Asker, texts: readonly PermissionText[]) =>
    readPermissions(texts, (name) => visibleProject(asker, name));

  async function toBody(robot: Robot) {
    return {
      id: robot.id,
      name: `${settings().prefix}${robot.fullName}`,
      description: robot.description,
      level: robot.projectId === undefined ? ('system' as const) : ('project' as const),
      duration: robot.durationDays,
      editable: true,
      disable: robot.disabled,
      expires_at: robot.expiresAt === undefined ? -1 : Math.floor(robot.expiresAt / 1000),
      permissions: await writePermissions(robot.permissions, nameOfProject),
      creator_type: robot.creatorType,
      creator_ref: robot.creatorId,
      creation_time: iso(robot.createdAt),
      update_time: iso(robot.updatedAt),
    };
  }

  function toCreated(robot: Robot, secret: string, path: string) {
    const { id, name, creation_time, expires_at } = {
      id: robot.id,
      name: `${settings().prefix}${robot.fullName}`,
      creation_time: iso(robot.createdAt),
      expires_at: robot.expiresAt === undefined ? -1 : Math.floor(robot.expiresAt / 1000),
    };
    return {
      status: 201,
      body: { id, name, secret, creation_time, expires_at },
      headers: { Location: `${path}/${id}` },
    };
  }

  async function listOf(projectId: number | undefined, list: ListQuery, url: string) {
    const { robots: found, total } = await robots.list(projectId, list);
    return listReply(await Promise.all(found.map(toBody)), total, list, url);
  }

  /** A robot of a project by an id in that project. */
  async function ofProject(project: { readonly id: number }, id: number): Promise<Robot> {
    const robot = await robots.find(id);
    if (robot?.projectId !== project.id) throw notFound(id);
    return robot;
  }

  return [
    serve(listRobot, async ({ asker, query, url }) => {
      const list = readListQuery(query);
      const { projectId, rest } = splitPlace(list);
      if (projectId === undefined) await access.demandInSystem(asker.actor, 'robot:list');
      else {
        const project = await findProject(projectId);
        if (project === undefined) throw new RegistryError('project-not-found', `project ${projectId} not found`);
        await access.demand(asker.actor, 'robot:list', { project });
      }
      return listOf(projectId, rest, url);
    }),
    serve(createRobot, async ({ asker, body }) => {
      const permissions = await read(asker, body.permissions);
      let projectId: number | undefined;
      if (body.level === 'project') {
        const place = permissions[0]?.place;
        if (permissions.length !== 1 || typeof place !== 'number') {
          throw new RegistryError('body-invalid', 'body.permissions: a robot of a project has those of that project.');
        }
        projectId = place;
        await access.demand(asker.actor, 'robot:create', { project: (await findProject(place)) as Project });
      } else await access.demandInSystem(asker.actor, 'robot:create');
      const { robot, secret } = await robots.create(asker, {
        name: body.name,
        projectId,
        description: body.description ?? '',
        permissions,
        disabled: body.disable ?? false,
        durationDays: body.duration === 0 ? undefined : (body.duration ?? undefined),
      });
      return toCreated(robot, secret, '/api/v2.0/robots');
    }),
    serve(getRobotById, async ({ asker, params }) => ({
      status: 200,
      body: await toBody(await permitted(asker, params.robot_id, 'robot:read')),
    })),
    serve(updateRobot, async ({ asker, params, body }) => {
      const robot = await permitted(asker, params.robot_id, 'robot:update');
      const named = body.name === undefined || body.name === null || body.name === '';
      const level = robot.projectId === undefined ? 'system' : 'project';
      if (!named && body.name !== `${settings().prefix}${robot.fullName}` && body.name !== robot.name) {
        throw new RegistryError('body-invalid', 'body.name: the name of a robot stays what it is.');
      }
      if ((body.level ?? level) !== level) {
        throw new RegistryError('body-invalid', 'body.level: the level of a robot stays what it is.');
      }
      const permissions = await read(asker, body.permissions);
      if (robot.projectId !== undefined && (permissions.length !== 1 || permissions[0]?.place !== robot.projectId)) {
        throw new RegistryError('body-invalid', 'body.permissions: a robot of a project has those of that project.');
      }
      await robots.update(asker, robot, {
        description: body.description ?? '',
        permissions,
        disabled: body.disable ?? false,
        ...(body.duration === undefined || body.duration === null || body.duration === 0
          ? {}
          : { durationDays: body.duration }),
      });
      return { status: 200 };
    }),
    serve(refreshSec, async ({ asker, params, body }) => {
      const robot = await permitted(asker, params.robot_id, 'robot:update');
      const given = body.secret === null || body.secret === '' ? undefined : body.secret;
      const secret = await robots.setSecret(asker, robot, given);
      return { status: 200, body: given === undefined ? { secret } : {} };
    }),
    serve(deleteRobot, async ({ asker, params }) => {
      await robots.delete(asker, await permitted(asker, params.robot_id, 'robot:delete'));
      return { status: 200 };
    }),
    serve(listRobotV1, ({ project, query, url }) => listOf(project.id, readListQuery(query), url)),
    serve(createRobotV1, async ({ asker, project, body, params }) => {
      const access = body.access.map((entry) => ({ ...entry, resource: withoutProject(entry.resource, project.id) }));
      const texts = [{ kind: 'project' as const, namespace: project.name, access }];
      const { robot, secret } = await robots.create(asker, {
        name: body.name,
        projectId: project.id,
        description: body.description ?? '',
        permissions: await read(asker, texts),
        disabled: false,
        durationDays: daysUntil(body.expires_at),
      });
      return toCreated(robot, secret, `/api/v2.0/projects/${params.project_name_or_id}/robots`);
    }),
    serve(getRobotByIdV1, async ({ project, params }) => ({
      status: 200,
      body: await toBody(await ofProject(project, params.robot_id)),
    })),
    serve(updateRobotV1, async ({ asker, project, params, body }) => {
      const robot = await ofProject(project, params.robot_id);
      await robots.update(asker, robot, { disabled: body.disable ?? false });
      return { status: 200 };
    }),
    serve(deleteRobotV1, async ({ asker, project, params }) => {
      await robots.delete(asker, await ofProject(project, params.robot_id));
      return { status: 200 };
    }),
    serve(getRobotLimits, async ({ asker, params }) => {
      const robot = await permitted(asker, params.robot_id, 'robot:read');
      const { id, addresses = null, repositories = null, lastUsedAt } = robot;
      const name = `${settings().prefix}${robot.fullName}`;
      const last_used_at = lastUsedAt === undefined ? null : iso(lastUsedAt);
      return { status: 200, body: { id, name, addresses, repositories, last_used_at } };
    }),
    serve(setRobotLimits, async ({ asker, params, body }) => {
      const robot = await permitted(asker, params.robot_id, 'robot:update');
      await robots.update(asker, robot, {
        ...(body.addresses === undefined ? {} : { addresses: body.addresses ?? undefined }),
        ...(body.repositories === undefined ? {} : { repositories: body.repositories ?? undefined }),
      });
      return { status: 200 };
    }),
    serve(rotateRobot, async ({ asker, params, body }) => {
      const robot = await permitted(asker, params.robot_id, 'robot:update');
      const overlapMs = (body?.overlap_seconds ?? overlapSeconds) * 1000;
      const { secret, oldUntil } = await robots.rotate(asker, robot, overlapMs);
      return { status: 200, body: { secret, old_until: iso(oldUntil) } };
    }),
  ];
}

/** Harbor asks for the robots of a project by `q=Level=project,ProjectID=n`. */
function splitPlace(list: ListQuery): { projectId: number | undefined; rest: ListQuery } {
  const value = (field: string) => {
    const found = list.conditions.find((condition) => condition.field.toLowerCase() === field);
    return found?.kind === 'is' ? found.value : undefined;
  };
  const conditions = list.conditions.filter(({ field }) => !['level', 'projectid'].includes(field.toLowerCase()));
  const rest = { ...list, conditions };
  if (value('level') !== 'project') return { projectId: undefined, rest };
  const projectId = Number(value('projectid'));
  if (Number.isSafeInteger(projectId) && projectId > 0) return { projectId, rest };
  throw new RegistryError('query-invalid', 'query.q: Level=project goes with ProjectID=<id>.');
}

/** `/project/7/repository` names `repository` of project 7, which has to be the one that the path names. */
function withoutProject(resource: string, projectId: number): string {
  const [, named, rest] = /^\/project\/([^/]*)\/(.*)$/.exec(resource) ?? [];
  if (rest === undefined) return resource;
  if (named === String(projectId)) return rest;
  throw new RegistryError('body-invalid', `body.access: ${resource} is not in this project.`);
}

function daysUntil(expiresAt: number | null | undefined): number | undefined {
  if (expiresAt === undefined || expiresAt === null || expiresAt === 0) return undefined;
  return expiresAt === -1 ? -1 : Math.max(1, Math.ceil((expiresAt * 1000 - Date.now()) / dayMs));
}

const iso = (at: number) => new Date(at).toISOString();

function notFound(id: number): RegistryError {
  return new RegistryError('not-found', `robot ${id} not found`);
}
