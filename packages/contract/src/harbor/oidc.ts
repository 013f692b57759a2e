import { z } from 'zod';
import { type RouteRecord, route } from '#src/route';
import { harborErrors, signedIn } from './errors.ts';

export const pingOidc = route({
  operationId: 'pingOIDC',
  method: 'POST',
  path: '/api/v2.0/system/oidc/ping',
  tag: 'oidc',
  permission: 'configuration:update',
  at: 'system',
  summary: 'Try to reach an OpenID provider.',
  // Clients written in Go leave a false out: absent is false.
  body: z.object({ url: z.string().min(1).max(2048), verify_cert: z.boolean().nullish() }),
  responses: { 200: null, ...signedIn, 400: harborErrors },
});

export const oidcRecords: readonly RouteRecord[] = [pingOidc];
