import { z } from 'zod';
import { type RouteRecord, route } from '#src/route';
import { harborErrors, onOne } from './errors.ts';
import { time } from './params.ts';

/** The second half is for those who are signed in. */
const generalInfo = z
  .object({
    auth_mode: z.string().nullish(),
    primary_auth_mode: z.boolean().nullish(),
    self_registration: z.boolean().nullish(),
    banner_message: z.string().nullish(),
    oidc_provider_name: z.string().nullish(),
    authproxy_settings: z
      .object({
        endpoint: z.string().optional(),
        // Harbor's spelling.
        tokenreivew_endpoint: z.string().optional(),
        skip_search: z.boolean().optional(),
        verify_cert: z.boolean().optional(),
        server_certificate: z.string().optional(),
      })
      .optional(),
    current_time: time.nullish(),
    registry_url: z.string().nullish(),
    external_url: z.string().nullish(),
    project_creation_restriction: z.string().nullish(),
    has_ca_root: z.boolean().nullish(),
    harbor_version: z.string().nullish(),
    registry_storage_provider_name: z.string().nullish(),
    read_only: z.boolean().nullish(),
    notification_enable: z.boolean().nullish(),
  })
  .meta({ id: 'GeneralInfo' });

export const getSystemInfo = route({
  operationId: 'getSystemInfo',
  method: 'GET',
  path: '/api/v2.0/systeminfo',
  tag: 'systeminfo',
  permission: 'public',
  summary: 'Read how one signs in here and, when signed in, what this registry is.',
  responses: { 200: generalInfo, 401: harborErrors, 500: harborErrors },
});

export const getVolumes = route({
  operationId: 'getVolumes',
  method: 'GET',
  path: '/api/v2.0/systeminfo/volumes',
  tag: 'systeminfo',
  permission: 'system-volumes:read',
  at: 'system',
  summary: 'Read how much room the storage has, in bytes.',
  responses: {
    200: z.object({
      storage: z.array(z.object({ total: z.int().optional(), free: z.int().optional() })).optional(),
    }),
    ...onOne,
  },
});

export const getCert = route({
  operationId: 'getCert',
  method: 'GET',
  path: '/api/v2.0/systeminfo/getcert',
  tag: 'systeminfo',
  permission: 'public',
  summary: 'Download the certificate that clients have to trust, where there is one.',
  responses: { 200: z.string(), 401: harborErrors, 404: harborErrors, 500: harborErrors },
  produces: 'application/octet-stream',
});

export const systeminfoRecords: readonly RouteRecord[] = [getSystemInfo, getVolumes, getCert];
