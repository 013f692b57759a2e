import { z } from 'zod';
import { type RouteRecord, route } from '#src/route';
import { harborErrors } from './errors.ts';
import { project } from './project.ts';

const foundRepository = z
  .object({
    project_id: z.int().optional(),
    project_name: z.string().optional(),
    project_public: z.boolean().optional(),
    repository_name: z.string().optional(),
    pull_count: z.int().optional(),
    artifact_count: z.int().optional(),
  })
  .meta({ id: 'SearchRepository' });

export const search = route({
  operationId: 'search',
  method: 'GET',
  path: '/api/v2.0/search',
  tag: 'search',
  permission: 'public',
  summary: 'Find projects and repositories by a part of their name, among those that the caller may read.',
  // Plain text here, not the filter language of the lists; nothing finds everything.
  query: z.object({ q: z.string().max(255).default('') }),
  responses: {
    200: z.object({ project: z.array(project).optional(), repository: z.array(foundRepository).optional() }),
    400: harborErrors,
    401: harborErrors,
    500: harborErrors,
  },
});

export const searchRecords: readonly RouteRecord[] = [search];
