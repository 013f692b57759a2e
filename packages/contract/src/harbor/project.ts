import { z } from 'zod';
import { route } from '#src/route';
import { harborErrors } from './errors.ts';

/** A switch that this release does not have yet: clients of Harbor send it, and off is what it is. */
const off = z.enum(['false', '']).nullish();

/** Harbor's project metadata is strings throughout. */
const projectMetadata = z
  .object({
    public: z.enum(['true', 'false']).optional(),
    enable_content_trust: off,
    enable_content_trust_cosign: off,
    prevent_vul: off,
    auto_scan: off,
    auto_sbom_generation: off,
    reuse_sys_cve_allowlist: z.enum(['true', 'false', '']).nullish(),
    severity: z.string().max(20).nullish(),
  })
  .strict();

const projectParams = z.object({ project_name_or_id: z.string().min(1).max(255) });
const projectHeaders = z.object({ 'x-is-resource-name': z.enum(['true', 'false']).optional() });

export const createProject = route({
  operationId: 'createProject',
  method: 'POST',
  path: '/api/v2.0/projects',
  permission: 'project:create',
  summary: 'Create a new project; the caller becomes its administrator.',
  headers: z.object({ 'x-resource-name-in-location': z.enum(['true', 'false']).optional() }),
  body: z
    .object({
      project_name: z.string().min(1).max(255),
      public: z.boolean().nullish(),
      metadata: projectMetadata.nullish(),
      // Without a limit and without an upstream, which is how every project of this release is.
      storage_limit: z.literal([-1, 0]).nullish(),
      registry_id: z.literal(0).nullish(),
    })
    .strict(),
  responses: { 201: null, 400: harborErrors, 401: harborErrors, 403: harborErrors, 409: harborErrors },
});

export const deleteProject = route({
  operationId: 'deleteProject',
  method: 'DELETE',
  path: '/api/v2.0/projects/{project_name_or_id}',
  permission: 'project:delete',
  summary: 'Delete an empty project.',
  params: projectParams,
  headers: projectHeaders,
  responses: { 200: null, 401: harborErrors, 403: harborErrors, 404: harborErrors, 412: harborErrors },
});

export const headProject = route({
  operationId: 'headProject',
  method: 'HEAD',
  path: '/api/v2.0/projects',
  permission: 'authenticated',
  summary: 'Check whether a project of that name exists.',
  query: z.object({ project_name: z.string().min(1).max(255) }),
  responses: { 200: null, 401: harborErrors, 404: harborErrors },
});
