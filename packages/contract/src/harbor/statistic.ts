import { z } from 'zod';
import { type RouteRecord, route } from '#src/route';
import { signedIn } from './errors.ts';

export const getStatistic = route({
  operationId: 'getStatistic',
  method: 'GET',
  path: '/api/v2.0/statistics',
  tag: 'statistic',
  permission: 'authenticated',
  summary: 'Count the projects and repositories that the caller may read; storage, for administrators only.',
  responses: {
    200: z.object({
      private_project_count: z.int(),
      private_repo_count: z.int(),
      public_project_count: z.int(),
      public_repo_count: z.int(),
      total_project_count: z.int(),
      total_repo_count: z.int(),
      total_storage_consumption: z.int().meta({ description: 'In bytes; 0 for everybody who is no administrator.' }),
    }),
    ...signedIn,
  },
});

export const statisticRecords: readonly RouteRecord[] = [getStatistic];
