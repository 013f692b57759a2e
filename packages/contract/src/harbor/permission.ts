import { z } from 'zod';
import { type RouteRecord, route } from '#src/route';
import { onOne } from './errors.ts';

export const permission = z
  .object({ resource: z.string().optional(), action: z.string().optional() })
  .meta({ id: 'Permission' });

export const getPermissions = route({
  operationId: 'getPermissions',
  method: 'GET',
  path: '/api/v2.0/permissions',
  tag: 'permissions',
  // Administrators of the registry get both lists, those of any project only the second, everybody else 403.
  permission: 'authenticated',
  summary: 'List what robots may be given.',
  responses: {
    200: z.object({ system: z.array(permission).optional(), project: z.array(permission).optional() }),
    ...onOne,
  },
});

export const permissionRecords: readonly RouteRecord[] = [getPermissions];
