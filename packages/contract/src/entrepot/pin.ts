import { z } from 'zod';
import { onOne } from '#src/harbor/errors';
import { namedProjectParams, repositoryParams } from '#src/harbor/repository';
import { type RouteRecord, route } from '#src/route';

const tag = 'repository';
const path = '/api/entrepot/v1/projects/{project_name}/repositories/{repository_name}/pin';

export const listPins = route({
  operationId: 'listPins',
  method: 'GET',
  path: '/api/entrepot/v1/projects/{project_name}/pins',
  tag,
  permission: 'repository:list',
  at: 'project',
  summary: 'List the repositories of a project that neither retention nor collection deletes anything from.',
  params: namedProjectParams,
  responses: {
    200: z.array(z.object({ repository: z.string().meta({ description: "With the project's name." }) })),
    ...onOne,
  },
});

export const pinRepository = route({
  operationId: 'pinRepository',
  method: 'PUT',
  path,
  tag,
  permission: 'repository:update',
  at: 'project',
  summary: 'Keep a repository as it is: neither retention nor collection deletes anything there.',
  params: repositoryParams,
  responses: { 200: null, ...onOne },
});

export const unpinRepository = route({
  operationId: 'unpinRepository',
  method: 'DELETE',
  path,
  tag,
  permission: 'repository:update',
  at: 'project',
  summary: 'Let retention and collection delete in a repository again.',
  params: repositoryParams,
  responses: { 200: null, ...onOne },
});

export const pinRecords: readonly RouteRecord[] = [listPins, pinRepository, unpinRepository];
