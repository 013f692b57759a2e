import { z } from 'zod';
import { type RouteRecord, route } from '#src/route';
import { harborErrors } from './errors.ts';

export const getPing = route({
  operationId: 'getPing',
  method: 'GET',
  path: '/api/v2.0/ping',
  tag: 'ping',
  permission: 'public',
  summary: 'Answer "Pong", so that clients know that something listens.',
  responses: { 200: z.string(), 401: harborErrors, 500: harborErrors },
  produces: 'text/plain',
});

export const pingRecords: readonly RouteRecord[] = [getPing];
