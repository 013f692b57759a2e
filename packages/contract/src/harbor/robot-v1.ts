import { z } from 'zod';
import { type RouteRecord, route } from '#src/route';
import { harborErrors, onOne } from './errors.ts';
import { listQuery } from './paging.ts';
import { id, projectHeaders, projectParams } from './params.ts';
import { accessRequest, robot, robotCreated } from './robot.ts';

// Harbor dropped these operations in 2.13; its client for Go still has them.

const robotParams = z.object({ ...projectParams.shape, robot_id: id });

export const listRobotV1 = route({
  operationId: 'ListRobotV1',
  method: 'GET',
  path: '/api/v2.0/projects/{project_name_or_id}/robots',
  tag: 'robotv1',
  permission: 'robot:list',
  at: 'project',
  summary: 'List the robots of a project.',
  params: projectParams,
  query: z.object(listQuery),
  headers: projectHeaders,
  responses: { 200: z.array(robot), ...onOne },
  deprecated: true,
});

export const createRobotV1 = route({
  operationId: 'CreateRobotV1',
  method: 'POST',
  path: '/api/v2.0/projects/{project_name_or_id}/robots',
  tag: 'robotv1',
  permission: 'robot:create',
  at: 'project',
  summary: 'Create a robot of a project; the answer alone shows its secret.',
  params: projectParams,
  headers: projectHeaders,
  body: z.object({
    name: z.string().min(1).max(255),
    description: z.string().max(1024).nullish(),
    expires_at: z.int().min(-1).nullish().meta({ description: 'Seconds since 1970; -1 for never.' }),
    /** Resources are named `/project/<id>/<resource>`. */
    access: accessRequest,
  }),
  responses: { 201: robotCreated, ...onOne, 409: harborErrors },
  deprecated: true,
});

export const getRobotByIdV1 = route({
  operationId: 'GetRobotByIDV1',
  method: 'GET',
  path: '/api/v2.0/projects/{project_name_or_id}/robots/{robot_id}',
  tag: 'robotv1',
  permission: 'robot:read',
  at: 'project',
  summary: 'Read a robot of a project.',
  params: robotParams,
  headers: projectHeaders,
  responses: { 200: robot, ...onOne },
  deprecated: true,
});

export const updateRobotV1 = route({
  operationId: 'UpdateRobotV1',
  method: 'PUT',
  path: '/api/v2.0/projects/{project_name_or_id}/robots/{robot_id}',
  tag: 'robotv1',
  permission: 'robot:update',
  at: 'project',
  summary: 'Disable a robot of a project or enable it again; nothing else changes.',
  params: robotParams,
  headers: projectHeaders,
  body: z.object({ disable: z.boolean().nullish() }),
  responses: { 200: null, ...onOne, 409: harborErrors },
  deprecated: true,
});

export const deleteRobotV1 = route({
  operationId: 'DeleteRobotV1',
  method: 'DELETE',
  path: '/api/v2.0/projects/{project_name_or_id}/robots/{robot_id}',
  tag: 'robotv1',
  permission: 'robot:delete',
  at: 'project',
  summary: 'Delete a robot of a project.',
  params: robotParams,
  headers: projectHeaders,
  responses: { 200: null, ...onOne },
  deprecated: true,
});

export const robotV1Records: readonly RouteRecord[] = [
  listRobotV1,
  createRobotV1,
  getRobotByIdV1,
  updateRobotV1,
  deleteRobotV1,
];
