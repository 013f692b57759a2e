import { z } from 'zod';
import { harborErrors, onOne } from '#src/harbor/errors';
import { id, time } from '#src/harbor/params';
import { type RouteRecord, route } from '#src/route';

const robotParams = z.object({ robot_id: id });

const limits = {
  addresses: z
    .array(z.string().max(64))
    .max(100)
    .nullable()
    .meta({ description: 'Networks such as 10.0.0.0/8 that the robot may act from; null for everywhere.' }),
  repositories: z
    .array(z.string().min(1).max(255))
    .max(100)
    .nullable()
    .meta({ description: 'Patterns of repository names behind the project that it is limited to; null for none.' }),
};

export const getRobotLimits = route({
  operationId: 'getRobotLimits',
  method: 'GET',
  path: '/api/entrepot/v1/robots/{robot_id}',
  tag: 'robot',
  permission: 'robot:read',
  at: 'object',
  summary: 'Read from where a robot may act and on which repositories, and when it was used last.',
  params: robotParams,
  responses: {
    200: z.object({ id: z.int(), name: z.string(), ...limits, last_used_at: time.nullable() }),
    ...onOne,
  },
});

export const setRobotLimits = route({
  operationId: 'setRobotLimits',
  method: 'PATCH',
  path: '/api/entrepot/v1/robots/{robot_id}',
  tag: 'robot',
  permission: 'robot:update',
  at: 'object',
  summary: 'Limit a robot to networks and repositories. A field that is absent stays, null takes the limit away.',
  params: robotParams,
  body: z.object({ addresses: limits.addresses.optional(), repositories: limits.repositories.optional() }),
  responses: { 200: null, ...onOne },
});

export const rotateRobot = route({
  operationId: 'rotateRobot',
  method: 'POST',
  path: '/api/entrepot/v1/robots/{robot_id}/rotate',
  tag: 'robot',
  permission: 'robot:update',
  at: 'object',
  summary: 'Draw a new secret; the old one goes on for a while, so that it can be replaced without a gap.',
  params: robotParams,
  body: z.object({
    overlap_seconds: z
      .int()
      .min(0)
      .max(30 * 24 * 3600)
      .optional()
      .meta({ description: 'How long the old secret goes on; a day when absent.' }),
  }),
  bodyOptional: true,
  responses: { 200: z.object({ secret: z.string(), old_until: time }), ...onOne, 409: harborErrors },
});

export const robotLimitRecords: readonly RouteRecord[] = [getRobotLimits, setRobotLimits, rotateRobot];
