import { z } from 'zod';
import { type RouteRecord, route } from '#src/route';
import { harborErrors } from './errors.ts';

const status = z.enum(['healthy', 'unhealthy']);

export const getHealth = route({
  operationId: 'getHealth',
  method: 'GET',
  path: '/api/v2.0/health',
  tag: 'health',
  permission: 'public',
  summary: "Tell whether the registry works, under the names of Harbor's components.",
  responses: {
    200: z.object({
      status: status.optional(),
      components: z
        .array(z.object({ name: z.string().optional(), status: status.optional(), error: z.string().optional() }))
        .optional(),
    }),
    401: harborErrors,
    500: harborErrors,
  },
});

export const healthRecords: readonly RouteRecord[] = [getHealth];
