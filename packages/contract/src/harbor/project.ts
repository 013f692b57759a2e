import { z } from 'zod';
import { type RouteRecord, route } from '#src/route';
import { acceptedReports, artifact, artifactParts } from './artifact.ts';
import { auditLog, auditLogExt } from './auditlog.ts';
import { cveAllowlist, cveAllowlistRequest } from './cve-allowlist.ts';
import { harborErrors, onOne } from './errors.ts';
import { listQuery } from './paging.ts';
import { projectHeaders, projectParams, time } from './params.ts';
import { resourceList } from './quota.ts';
import { registry } from './registry.ts';
import { namedProjectParams } from './repository.ts';
import { scannerRegistration } from './scanner.ts';

/** Harbor's booleans of metadata are text, and clients that leave one out may send an empty one. */
const flag = z.enum(['true', 'false', '']).nullish();

/** A whole number as text. */
const figure = z
  .string()
  .max(11)
  .regex(/^(-?\d+)?$/, 'Expected a whole number as text')
  .nullish();

/** Harbor's project metadata is strings throughout; absent, null and empty all say nothing. */
const metadataRequest = z
  .object({
    public: flag,
    enable_content_trust: flag,
    enable_content_trust_cosign: flag,
    prevent_vul: flag,
    severity: z.enum(['none', 'low', 'medium', 'high', 'critical', '']).nullish(),
    auto_scan: flag,
    auto_sbom_generation: flag,
    reuse_sys_cve_allowlist: flag,
    retention_id: z.string().max(20).nullish().meta({ description: 'May only be what it is already.' }),
    proxy_speed_kb: figure,
    max_upstream_conn: figure.meta({ description: '-1 for no limit.' }),
    proxy_cache_local_on_not_found: flag,
    proxy_referrer_api: flag,
    proxy_cache_filter_pattern: z.string().max(1024).nullish(),
    proxy_cache_filter_kind: z.enum(['doublestar', 'regex', '']).nullish(),
  })
  .meta({ id: 'ProjectMetadataRequest' });

const metadata = z
  .object({
    public: z.enum(['true', 'false']).optional(),
    enable_content_trust: z.string().optional(),
    enable_content_trust_cosign: z.string().optional(),
    prevent_vul: z.string().optional(),
    severity: z.string().optional(),
    auto_scan: z.string().optional(),
    auto_sbom_generation: z.string().optional(),
    reuse_sys_cve_allowlist: z.string().optional(),
    retention_id: z.string().optional(),
    proxy_speed_kb: z.string().optional(),
    max_upstream_conn: z.string().optional(),
    proxy_cache_local_on_not_found: z.string().optional(),
    proxy_referrer_api: z.string().optional(),
    proxy_cache_filter_pattern: z.string().optional(),
    proxy_cache_filter_kind: z.string().optional(),
  })
  .meta({ id: 'ProjectMetadata' });

export const project = z
  .object({
    project_id: z.int().optional(),
    owner_id: z.int().optional(),
    name: z.string().optional(),
    registry_id: z.int().optional().meta({ description: 'Of the upstream, where the project is a proxy cache.' }),
    creation_time: time.optional(),
    update_time: time.optional(),
    deleted: z.boolean().optional(),
    owner_name: z.string().optional(),
    togglable: z.boolean().optional(),
    current_user_role_id: z
      .int()
      .optional()
      .meta({ description: "The caller's strongest role, absent or 0 where he has none." }),
    current_user_role_ids: z.array(z.int()).nullish(),
    repo_count: z.int(),
    metadata: metadata.optional(),
    cve_allowlist: cveAllowlist.optional(),
  })
  .meta({ id: 'Project' });

const projectRequest = z.object({
  public: z.boolean().nullish(),
  metadata: metadataRequest.nullish(),
  cve_allowlist: cveAllowlistRequest.nullish(),
  storage_limit: z.int().min(-1).nullish().meta({
    description: "In bytes; -1 for no limit, 0 or nothing for the registry's default. Only administrators choose it.",
  }),
  registry_id: z.int().min(0).nullish().meta({ description: '0 is none. Only administrators choose it.' }),
});

export const listProjects = route({
  operationId: 'listProjects',
  method: 'GET',
  path: '/api/v2.0/projects',
  tag: 'project',
  permission: 'public',
  summary: 'List the projects that the caller may read; without credentials, the public ones.',
  query: z.object({
    ...listQuery,
    name: z.string().max(255).optional(),
    public: z.boolean().optional(),
    owner: z.string().max(255).optional(),
    with_detail: z.boolean().default(true),
  }),
  responses: {
    200: z.array(project),
    400: harborErrors,
    401: harborErrors,
    422: harborErrors,
    500: harborErrors,
  },
});

export const headProject = route({
  operationId: 'headProject',
  method: 'HEAD',
  path: '/api/v2.0/projects',
  tag: 'project',
  permission: 'authenticated',
  summary: 'Check whether a project of that name exists.',
  query: z.object({ project_name: z.string().min(1).max(255) }),
  responses: { 200: null, ...onOne },
});

export const createProject = route({
  operationId: 'createProject',
  method: 'POST',
  path: '/api/v2.0/projects',
  tag: 'project',
  permission: 'project:create',
  // The settings of the registry say whether everybody may.
  at: 'object',
  summary: 'Create a new project; the caller becomes its administrator.',
  headers: z.object({ 'x-resource-name-in-location': z.enum(['true', 'false']).optional() }),
  body: z.object({ ...projectRequest.shape, project_name: z.string().min(1).max(255) }),
  responses: { 201: null, ...onOne, 409: harborErrors },
});

export const getProject = route({
  operationId: 'getProject',
  method: 'GET',
  path: '/api/v2.0/projects/{project_name_or_id}',
  tag: 'project',
  permission: 'project:read',
  at: 'project',
  summary: 'Read a project.',
  params: projectParams,
  headers: projectHeaders,
  responses: { 200: project, ...onOne },
});

export const updateProject = route({
  operationId: 'updateProject',
  method: 'PUT',
  path: '/api/v2.0/projects/{project_name_or_id}',
  tag: 'project',
  permission: 'project:update',
  at: 'project',
  summary: 'Change the metadata and the list of permitted vulnerabilities of a project.',
  params: projectParams,
  headers: projectHeaders,
  body: z.object({ ...projectRequest.shape, project_name: z.string().max(255).nullish() }),
  responses: { 200: null, ...onOne },
});

export const deleteProject = route({
  operationId: 'deleteProject',
  method: 'DELETE',
  path: '/api/v2.0/projects/{project_name_or_id}',
  tag: 'project',
  permission: 'project:delete',
  at: 'project',
  summary: 'Delete an empty project.',
  params: projectParams,
  headers: projectHeaders,
  responses: { 200: null, ...onOne, 412: harborErrors },
});

export const getProjectDeletable = route({
  operationId: 'getProjectDeletable',
  method: 'GET',
  path: '/api/v2.0/projects/{project_name_or_id}/_deletable',
  tag: 'project',
  permission: 'project:delete',
  at: 'project',
  summary: 'Tell whether a project could be deleted, and what is in the way.',
  params: projectParams,
  headers: projectHeaders,
  responses: {
    200: z.object({ deletable: z.boolean().optional(), message: z.string().optional() }),
    ...onOne,
  },
});

export const getProjectSummary = route({
  operationId: 'getProjectSummary',
  method: 'GET',
  path: '/api/v2.0/projects/{project_name_or_id}/summary',
  tag: 'project',
  permission: 'project:read',
  at: 'project',
  summary: 'Count what is in a project: repositories, members by role, storage.',
  params: projectParams,
  headers: projectHeaders,
  responses: {
    200: z.object({
      repo_count: z.int(),
      project_admin_count: z.int().optional(),
      maintainer_count: z.int().optional(),
      developer_count: z.int().optional(),
      guest_count: z.int().optional(),
      limited_guest_count: z.int().optional(),
      quota: z.object({ hard: resourceList.optional(), used: resourceList.optional() }).optional(),
      registry: registry.optional(),
    }),
    ...onOne,
  },
});

export const listArtifactsOfProject = route({
  operationId: 'listArtifactsOfProject',
  method: 'GET',
  path: '/api/v2.0/projects/{project_name_or_id}/artifacts',
  tag: 'project',
  permission: 'artifact:list',
  at: 'project',
  summary: 'List the artifacts of all repositories of a project.',
  params: projectParams,
  query: z.object({ ...listQuery, ...artifactParts, latest_in_repository: z.boolean().default(false) }),
  headers: z.object({ ...projectHeaders.shape, ...acceptedReports.shape }),
  responses: { 200: z.array(artifact), ...onOne, 422: harborErrors },
});

export const getScannerOfProject = route({
  operationId: 'getScannerOfProject',
  method: 'GET',
  path: '/api/v2.0/projects/{project_name_or_id}/scanner',
  tag: 'project',
  permission: 'scanner:read',
  at: 'project',
  summary: 'Read which scanner a project uses.',
  params: projectParams,
  headers: projectHeaders,
  responses: { 200: scannerRegistration, ...onOne },
});

export const setScannerOfProject = route({
  operationId: 'setScannerOfProject',
  method: 'PUT',
  path: '/api/v2.0/projects/{project_name_or_id}/scanner',
  tag: 'project',
  permission: 'scanner:create',
  at: 'project',
  summary: 'Choose the scanner of a project.',
  params: projectParams,
  headers: projectHeaders,
  body: z.object({ uuid: z.string().min(1).max(64) }),
  responses: { 200: null, ...onOne },
});

export const listScannerCandidatesOfProject = route({
  operationId: 'listScannerCandidatesOfProject',
  method: 'GET',
  path: '/api/v2.0/projects/{project_name_or_id}/scanner/candidates',
  tag: 'project',
  permission: 'scanner:create',
  at: 'project',
  summary: 'List the scanners that a project may choose from.',
  params: projectParams,
  query: z.object(listQuery),
  headers: projectHeaders,
  responses: { 200: z.array(scannerRegistration), ...onOne },
});

export const getLogs = route({
  operationId: 'getLogs',
  method: 'GET',
  path: '/api/v2.0/projects/{project_name}/logs',
  tag: 'project',
  permission: 'log:list',
  at: 'project',
  summary: 'List the audit log of a project in its older shape.',
  params: namedProjectParams,
  query: z.object(listQuery),
  responses: { 200: z.array(auditLog), ...onOne },
  deprecated: true,
});

export const getLogExts = route({
  operationId: 'getLogExts',
  method: 'GET',
  path: '/api/v2.0/projects/{project_name}/auditlog-exts',
  tag: 'project',
  permission: 'log:list',
  at: 'project',
  summary: 'List the audit log of a project.',
  params: namedProjectParams,
  query: z.object(listQuery),
  responses: { 200: z.array(auditLogExt), ...onOne },
});

export const projectRecords: readonly RouteRecord[] = [
  listProjects,
  headProject,
  createProject,
  getProject,
  updateProject,
  deleteProject,
  getProjectDeletable,
  getProjectSummary,
  listArtifactsOfProject,
  getScannerOfProject,
  setScannerOfProject,
  listScannerCandidatesOfProject,
  getLogs,
  getLogExts,
];
