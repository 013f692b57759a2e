import { z } from 'zod';
import { type RouteRecord, route } from '#src/route';
import { harborErrors, onOne } from './errors.ts';
import { listQuery } from './paging.ts';
import { id, time } from './params.ts';

/** Of the whole registry, or of one project. */
const scope = z.enum(['g', 'p']);

export const label = z
  .object({
    id: z.int().optional(),
    name: z.string().optional(),
    description: z.string().optional(),
    color: z.string().optional(),
    scope: scope.optional(),
    project_id: z.int().optional(),
    creation_time: time.optional(),
    update_time: time.optional(),
  })
  .meta({ id: 'Label' });

const labelRequest = z.object({
  name: z.string().min(1).max(128),
  description: z.string().max(1024).nullish(),
  color: z.string().max(16).nullish(),
});

const labelParams = z.object({ label_id: id });

export const listLabels = route({
  operationId: 'ListLabels',
  method: 'GET',
  path: '/api/v2.0/labels',
  tag: 'label',
  permission: 'label:list',
  at: 'object',
  summary: 'List the labels of the registry (scope g) or of a project (scope p, which needs project_id).',
  query: z.object({
    ...listQuery,
    name: z.string().max(255).optional(),
    scope: scope.optional(),
    project_id: z.int().min(0).optional(),
  }),
  responses: { 200: z.array(label), ...onOne },
});

export const createLabel = route({
  operationId: 'CreateLabel',
  method: 'POST',
  path: '/api/v2.0/labels',
  tag: 'label',
  permission: 'label:create',
  at: 'object',
  summary: 'Create a label for the registry or for one project.',
  body: z.object({ ...labelRequest.shape, scope, project_id: z.int().min(0).nullish() }),
  responses: { 201: null, ...onOne, 409: harborErrors, 415: harborErrors },
});

export const getLabelById = route({
  operationId: 'GetLabelByID',
  method: 'GET',
  path: '/api/v2.0/labels/{label_id}',
  tag: 'label',
  permission: 'label:read',
  at: 'object',
  summary: 'Read a label.',
  params: labelParams,
  responses: { 200: label, ...onOne },
});

export const updateLabel = route({
  operationId: 'UpdateLabel',
  method: 'PUT',
  path: '/api/v2.0/labels/{label_id}',
  tag: 'label',
  permission: 'label:update',
  at: 'object',
  summary: 'Change the name, description or colour of a label; it stays where it belongs.',
  params: labelParams,
  body: z.object({ ...labelRequest.shape, name: z.string().max(128).nullish() }),
  responses: { 200: null, ...onOne, 409: harborErrors },
});

export const deleteLabel = route({
  operationId: 'DeleteLabel',
  method: 'DELETE',
  path: '/api/v2.0/labels/{label_id}',
  tag: 'label',
  permission: 'label:delete',
  at: 'object',
  summary: 'Delete a label and take it off every artifact.',
  params: labelParams,
  responses: { 200: null, ...onOne },
});

export const labelRecords: readonly RouteRecord[] = [listLabels, createLabel, getLabelById, updateLabel, deleteLabel];
