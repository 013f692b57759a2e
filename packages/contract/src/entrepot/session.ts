import { z } from 'zod';
import { harborErrors, onOne, signedIn } from '#src/harbor/errors';
import { pageQuery } from '#src/harbor/paging';
import { id, time } from '#src/harbor/params';
import { type RouteRecord, route } from '#src/route';

const session = z.object({
  id: z.string(),
  user_id: z.int(),
  username: z.string(),
  source: z.string().meta({ description: 'How it began: local, ldap or oidc.' }),
  address: z.string().meta({ description: 'Where it began.' }),
  user_agent: z.string(),
  creation_time: time,
  last_seen_time: time.meta({ description: 'To the minute.' }),
  current: z.boolean().meta({ description: 'Whether the list was asked for in this session.' }),
});

export const listSessions = route({
  operationId: 'listSessions',
  method: 'GET',
  path: '/api/entrepot/v1/sessions',
  tag: 'session',
  permission: 'session:list',
  at: 'system',
  summary: 'List the browser sessions of everybody, the newest first.',
  query: z.object({ ...pageQuery, user_id: id.optional() }),
  responses: { 200: z.array(session), ...signedIn, 400: harborErrors },
});

export const listOwnSessions = route({
  operationId: 'listOwnSessions',
  method: 'GET',
  path: '/api/entrepot/v1/sessions/own',
  tag: 'session',
  permission: 'authenticated',
  summary: 'List the own browser sessions, the newest first.',
  query: z.object(pageQuery),
  responses: { 200: z.array(session), ...signedIn, 400: harborErrors },
});

export const deleteOwnSessions = route({
  operationId: 'deleteOwnSessions',
  method: 'DELETE',
  path: '/api/entrepot/v1/sessions/own',
  tag: 'session',
  permission: 'authenticated',
  summary: 'End all own sessions but the one that asks.',
  responses: { 200: z.object({ ended: z.int() }), ...signedIn },
});

export const deleteSession = route({
  operationId: 'deleteSession',
  method: 'DELETE',
  path: '/api/entrepot/v1/sessions/{session_id}',
  tag: 'session',
  permission: 'session:delete',
  at: 'object',
  summary: 'End a session; everybody may end his own.',
  params: z.object({ session_id: z.string().min(1).max(64) }),
  responses: { 200: null, ...onOne },
});

export const sessionRecords: readonly RouteRecord[] = [listSessions, listOwnSessions, deleteOwnSessions, deleteSession];
