import { z } from 'zod';
import { type RouteRecord, route } from '#src/route';
import { harborErrors, onOne } from './errors.ts';
import { listQuery } from './paging.ts';
import { time } from './params.ts';

export const namedProjectParams = z.object({ project_name: z.string().min(1).max(255) });

/** The name without its project. Clients encode it once or twice; here it is decoded. */
export const repositoryParams = z.object({
  ...namedProjectParams.shape,
  repository_name: z.string().min(1).max(255),
});

const repository = z
  .object({
    id: z.int().optional(),
    project_id: z.int().optional(),
    name: z.string().optional().meta({ description: "With the project's." }),
    description: z.string().optional(),
    artifact_count: z.int(),
    pull_count: z.int(),
    creation_time: time.nullish(),
    update_time: time.optional(),
  })
  .meta({ id: 'Repository' });

export const listAllRepositories = route({
  operationId: 'listAllRepositories',
  method: 'GET',
  path: '/api/v2.0/repositories',
  tag: 'repository',
  permission: 'public',
  summary: 'List the repositories of every project that the caller may read.',
  query: z.object(listQuery),
  responses: { 200: z.array(repository), 400: harborErrors, 401: harborErrors, 500: harborErrors },
});

export const listRepositories = route({
  operationId: 'listRepositories',
  method: 'GET',
  path: '/api/v2.0/projects/{project_name}/repositories',
  tag: 'repository',
  permission: 'repository:list',
  at: 'project',
  summary: 'List the repositories of a project.',
  params: namedProjectParams,
  query: z.object(listQuery),
  responses: { 200: z.array(repository), ...onOne, 422: harborErrors },
});

export const getRepository = route({
  operationId: 'getRepository',
  method: 'GET',
  path: '/api/v2.0/projects/{project_name}/repositories/{repository_name}',
  tag: 'repository',
  permission: 'repository:read',
  at: 'project',
  summary: 'Read a repository.',
  params: repositoryParams,
  responses: { 200: repository, ...onOne },
});

export const updateRepository = route({
  operationId: 'updateRepository',
  method: 'PUT',
  path: '/api/v2.0/projects/{project_name}/repositories/{repository_name}',
  tag: 'repository',
  permission: 'repository:update',
  at: 'project',
  summary: 'Change the description of a repository.',
  params: repositoryParams,
  // Clients send the whole repository back; its description is all that can be changed.
  body: z.object({ description: z.string().max(65_536).nullish() }),
  responses: { 200: null, ...onOne },
});

export const deleteRepository = route({
  operationId: 'deleteRepository',
  method: 'DELETE',
  path: '/api/v2.0/projects/{project_name}/repositories/{repository_name}',
  tag: 'repository',
  permission: 'repository:delete',
  at: 'project',
  summary: 'Delete a repository and everything in it.',
  params: repositoryParams,
  responses: { 200: null, ...onOne, 412: harborErrors },
});

export const repositoryRecords: readonly RouteRecord[] = [
  listAllRepositories,
  listRepositories,
  getRepository,
  updateRepository,
  deleteRepository,
];
