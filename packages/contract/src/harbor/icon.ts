import { z } from 'zod';
import { type RouteRecord, route } from '#src/route';
import { harborErrors } from './errors.ts';

export const getIcon = route({
  operationId: 'getIcon',
  method: 'GET',
  path: '/api/v2.0/icons/{digest}',
  tag: 'icon',
  permission: 'public',
  summary: 'Read the icon of a kind of artifact, in base64.',
  params: z.object({ digest: z.string().min(1).max(255) }),
  responses: {
    200: z.object({ 'content-type': z.string().optional(), content: z.string().optional() }),
    400: harborErrors,
    401: harborErrors,
    404: harborErrors,
    500: harborErrors,
  },
});

export const iconRecords: readonly RouteRecord[] = [getIcon];
