import { z } from 'zod';
import { type RouteRecord, route } from '#src/route';
import { harborErrors, onOne } from './errors.ts';
import { listQuery } from './paging.ts';
import { id, time } from './params.ts';

const level = z.enum(['system', 'project']);
const effect = z.enum(['allow', 'deny', '']);

/** What a robot may; the words are checked against the vocabulary of permissions. */
export const accessRequest = z
  .array(
    z.object({
      resource: z.string().min(1).max(128),
      action: z.string().min(1).max(64),
      effect: effect.nullish(),
    }),
  )
  .min(1)
  .max(500);

const permissionsRequest = z
  .array(
    z.object({
      kind: level,
      namespace: z
        .string()
        .max(255)
        .nullish()
        .meta({ description: 'The name of a project, `*` for all of them, `/` for the registry itself.' }),
      access: accessRequest,
    }),
  )
  .min(1)
  .max(1000);

export const robot = z
  .object({
    id: z.int().optional(),
    name: z.string().optional().meta({ description: 'In full: `robot$project+name`.' }),
    description: z.string().optional(),
    secret: z.literal('').optional().meta({ description: 'Harbor has the field; it is always empty here.' }),
    level: level.optional(),
    duration: z.int().nullish().meta({ description: 'In days; -1 for ever.' }),
    editable: z.boolean(),
    disable: z.boolean(),
    expires_at: z.int().optional().meta({ description: 'Seconds since 1970; -1 for never.' }),
    permissions: z
      .array(
        z.object({
          kind: level.optional(),
          namespace: z.string().optional(),
          access: z
            .array(
              z.object({
                resource: z.string().optional(),
                action: z.string().optional(),
                effect: effect.optional(),
              }),
            )
            .optional(),
        }),
      )
      .nullish(),
    creator_type: z.string().optional(),
    creator_ref: z.int().optional(),
    creation_time: time.optional(),
    update_time: time.optional(),
  })
  .meta({ id: 'Robot' });

/** The only answer beside that of a refreshed secret that shows one. */
export const robotCreated = z
  .object({
    id: z.int().optional(),
    name: z.string().optional(),
    secret: z.string().optional(),
    creation_time: time.optional(),
    expires_at: z.int().optional(),
  })
  .meta({ id: 'RobotCreated' });

/** Harbor counts days in 32 bits. */
const duration = z
  .int()
  .min(-1)
  .max(2 ** 31 - 2);

const robotParams = z.object({ robot_id: id });

export const listRobot = route({
  operationId: 'ListRobot',
  method: 'GET',
  path: '/api/v2.0/robots',
  tag: 'robot',
  permission: 'robot:list',
  at: 'object',
  summary: 'List the robots of the registry, or with q=Level=project,ProjectID=n those of a project.',
  query: z.object(listQuery),
  responses: { 200: z.array(robot), ...onOne },
});

export const createRobot = route({
  operationId: 'CreateRobot',
  method: 'POST',
  path: '/api/v2.0/robots',
  tag: 'robot',
  permission: 'robot:create',
  at: 'object',
  summary: 'Create a robot of the registry or of a project; the answer alone shows its secret.',
  // A secret that a client chooses is dropped: the registry draws it, and it can be set afterwards.
  body: z.object({
    name: z.string().min(1).max(255),
    description: z.string().max(1024).nullish(),
    level,
    disable: z.boolean().nullish(),
    duration: duration.nullish().meta({ description: 'In days; -1 for ever, 0 or nothing for what the settings say.' }),
    permissions: permissionsRequest,
  }),
  responses: { 201: robotCreated, ...onOne, 409: harborErrors },
});

export const getRobotById = route({
  operationId: 'GetRobotByID',
  method: 'GET',
  path: '/api/v2.0/robots/{robot_id}',
  tag: 'robot',
  permission: 'robot:read',
  at: 'object',
  summary: 'Read a robot.',
  params: robotParams,
  responses: { 200: robot, ...onOne },
});

export const updateRobot = route({
  operationId: 'UpdateRobot',
  method: 'PUT',
  path: '/api/v2.0/robots/{robot_id}',
  tag: 'robot',
  permission: 'robot:update',
  at: 'object',
  summary: 'Change what a robot may, how long it lives and whether it is disabled; its name and level stay.',
  params: robotParams,
  // Clients send the whole robot back. Its name, in full, and its level may only be what they are.
  body: z.object({
    name: z.string().max(512).nullish(),
    description: z.string().max(1024).nullish(),
    level: level.nullish(),
    disable: z.boolean().nullish(),
    duration: duration.nullish(),
    permissions: permissionsRequest,
  }),
  responses: { 200: null, ...onOne, 409: harborErrors },
});

export const refreshSec = route({
  operationId: 'RefreshSec',
  method: 'PATCH',
  path: '/api/v2.0/robots/{robot_id}',
  tag: 'robot',
  permission: 'robot:update',
  at: 'object',
  summary: 'Replace the secret of a robot by the given one, or by a new one that the answer shows.',
  params: robotParams,
  body: z.object({ secret: z.string().max(128).nullish() }),
  responses: { 200: z.object({ secret: z.string().optional() }), ...onOne },
});

export const deleteRobot = route({
  operationId: 'DeleteRobot',
  method: 'DELETE',
  path: '/api/v2.0/robots/{robot_id}',
  tag: 'robot',
  permission: 'robot:delete',
  at: 'object',
  summary: 'Delete a robot.',
  params: robotParams,
  responses: { 200: null, ...onOne },
});

export const robotRecords: readonly RouteRecord[] = [
  listRobot,
  createRobot,
  getRobotById,
  updateRobot,
  refreshSec,
  deleteRobot,
];
