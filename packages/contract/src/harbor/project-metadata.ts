import { z } from 'zod';
import { type RouteRecord, route } from '#src/route';
import { harborErrors, onOne } from './errors.ts';
import { projectHeaders, projectParams } from './params.ts';

const metadata = z.record(z.string(), z.string());

/** Exactly one pair at a time is taken; which keys and values there are, the server knows. */
const metadataRequest = z.record(z.string().min(1).max(255), z.string().max(1024));

const entryParams = z.object({ ...projectParams.shape, meta_name: z.string().min(1).max(255) });

export const listProjectMetadatas = route({
  operationId: 'listProjectMetadatas',
  method: 'GET',
  path: '/api/v2.0/projects/{project_name_or_id}/metadatas/',
  tag: 'projectMetadata',
  permission: 'metadata:list',
  at: 'project',
  summary: 'Read the metadata of a project.',
  params: projectParams,
  headers: projectHeaders,
  responses: { 200: metadata, ...onOne },
});

export const addProjectMetadatas = route({
  operationId: 'addProjectMetadatas',
  method: 'POST',
  path: '/api/v2.0/projects/{project_name_or_id}/metadatas/',
  tag: 'projectMetadata',
  permission: 'metadata:create',
  at: 'project',
  summary: 'Set an entry of the metadata of a project that is not set yet.',
  params: projectParams,
  headers: projectHeaders,
  body: metadataRequest,
  responses: { 200: null, ...onOne, 409: harborErrors },
});

export const getProjectMetadata = route({
  operationId: 'getProjectMetadata',
  method: 'GET',
  path: '/api/v2.0/projects/{project_name_or_id}/metadatas/{meta_name}',
  tag: 'projectMetadata',
  permission: 'metadata:read',
  at: 'project',
  summary: 'Read one entry of the metadata of a project.',
  params: entryParams,
  headers: projectHeaders,
  responses: { 200: metadata, ...onOne },
});

export const updateProjectMetadata = route({
  operationId: 'updateProjectMetadata',
  method: 'PUT',
  path: '/api/v2.0/projects/{project_name_or_id}/metadatas/{meta_name}',
  tag: 'projectMetadata',
  permission: 'metadata:update',
  at: 'project',
  summary: 'Change one entry of the metadata of a project; the body names it again.',
  params: entryParams,
  headers: projectHeaders,
  body: metadataRequest,
  responses: { 200: null, ...onOne, 409: harborErrors },
});

export const deleteProjectMetadata = route({
  operationId: 'deleteProjectMetadata',
  method: 'DELETE',
  path: '/api/v2.0/projects/{project_name_or_id}/metadatas/{meta_name}',
  tag: 'projectMetadata',
  permission: 'metadata:delete',
  at: 'project',
  summary: 'Remove one entry of the metadata of a project.',
  params: entryParams,
  headers: projectHeaders,
  responses: { 200: null, ...onOne, 409: harborErrors },
});

export const projectMetadataRecords: readonly RouteRecord[] = [
  listProjectMetadatas,
  addProjectMetadatas,
  getProjectMetadata,
  updateProjectMetadata,
  deleteProjectMetadata,
];
