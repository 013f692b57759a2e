import { z } from 'zod';
import { harborErrors, onOne } from '#src/harbor/errors';
import { projectHeaders, projectParams } from '#src/harbor/params';
import { type RouteRecord, route } from '#src/route';

const decision = z
  .object({
    allowed: z.boolean(),
    rule: z.string().nullable().meta({ description: 'The rule that allows it; null where nothing does.' }),
    considered: z
      .array(z.object({ rule: z.string(), allows: z.boolean() }))
      .meta({ description: 'Everything that was looked at, in this order.' }),
  })
  .meta({ id: 'Decision' });

const name = z.string().min(1).max(255).optional();

const question = {
  permission: z.string().min(1).max(64).meta({ description: 'As resource:action, such as repository:push.' }),
  user: name.meta({ description: 'The name of a user. Without user, robot and group it is about nobody.' }),
  robot: name.meta({ description: 'The whole name of a robot, with its prefix.' }),
  group: name.meta({ description: 'The name or the id of a group.' }),
  repository: name.meta({ description: 'Without the name of the project.' }),
};

export const explainPermission = route({
  operationId: 'explainPermission',
  method: 'GET',
  path: '/api/entrepot/v1/permissions/explain',
  tag: 'role',
  permission: 'access:explain',
  at: 'system',
  summary: 'Tell whether somebody may do something, in a project or in the registry, and which rule decides.',
  query: z.object({
    ...question,
    project: name.meta({
      description: 'The name or the id of a project; without one it is about the registry itself.',
    }),
  }),
  responses: { 200: decision, ...onOne },
});

export const explainPermissionInProject = route({
  operationId: 'explainPermissionInProject',
  method: 'GET',
  path: '/api/entrepot/v1/projects/{project_name_or_id}/permissions/explain',
  tag: 'role',
  permission: 'access:explain',
  at: 'project',
  summary: 'Tell whether somebody may do something in a project, and which rule decides.',
  params: projectParams,
  query: z.object(question),
  headers: projectHeaders,
  responses: { 200: decision, ...onOne, 400: harborErrors },
});

export const explainRecords: readonly RouteRecord[] = [explainPermission, explainPermissionInProject];
