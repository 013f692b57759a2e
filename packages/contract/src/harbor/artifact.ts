import { z } from 'zod';
import { type RouteRecord, route } from '#src/route';
import { harborErrors, onOne } from './errors.ts';
import { label } from './label.ts';
import { listQuery, pageQuery } from './paging.ts';
import { id, time } from './params.ts';
import { repositoryParams } from './repository.ts';
import { vulnerabilityReports } from './vulnerability-report.ts';

export const artifactParams = z.object({
  ...repositoryParams.shape,
  reference: z.string().min(1).max(255).meta({ description: 'A tag or a digest.' }),
});

/** Media types of vulnerability reports in the order of preference, divided by commas. */
export const acceptedReports = z.object({ 'x-accept-vulnerabilities': z.string().max(1024).optional() });

/** What artifacts are listed with. */
export const artifactParts = {
  with_tag: z.boolean().default(true),
  with_label: z.boolean().default(false),
  with_scan_overview: z.boolean().default(false),
  with_sbom_overview: z.boolean().default(false),
  with_immutable_status: z.boolean().default(false),
  with_accessory: z.boolean().default(false),
  with_inherited_accessory: z.boolean().default(false),
};

const scanner = z.object({
  name: z.string().optional(),
  vendor: z.string().optional(),
  version: z.string().optional(),
});

const reportSummary = z
  .object({
    report_id: z.string().optional(),
    scan_status: z.string().optional(),
    severity: z.string().optional(),
    duration: z.int().optional().meta({ description: 'In seconds.' }),
    summary: z
      .object({ total: z.int(), fixable: z.int(), summary: z.record(z.string(), z.int()).optional() })
      .optional(),
    start_time: time.optional(),
    end_time: time.optional(),
    complete_percent: z.int().optional(),
    scanner: scanner.optional(),
  })
  .meta({ id: 'NativeReportSummary' });

const sbomOverview = z
  .object({
    start_time: time.optional(),
    end_time: time.optional(),
    scan_status: z.string().optional(),
    sbom_digest: z.string().optional(),
    report_id: z.string().optional(),
    duration: z.int().optional().meta({ description: 'In seconds.' }),
    scanner: scanner.optional(),
  })
  .meta({ id: 'SBOMOverview' });

const tag = z
  .object({
    id: z.int().optional(),
    repository_id: z.int().optional(),
    artifact_id: z.int().optional(),
    name: z.string().optional(),
    push_time: time.optional(),
    pull_time: time.optional(),
    immutable: z.boolean(),
  })
  .meta({ id: 'Tag' });

const annotations = z.record(z.string(), z.string());

const reference = z
  .object({
    parent_id: z.int().optional(),
    child_id: z.int().optional(),
    child_digest: z.string().optional(),
    platform: z
      .object({
        architecture: z.string().optional(),
        os: z.string().optional(),
        'os.version': z.string().optional(),
        'os.features': z.array(z.string()).optional(),
        variant: z.string().optional(),
      })
      .optional(),
    annotations: annotations.optional(),
    urls: z.array(z.string()).optional(),
  })
  .meta({ id: 'Reference' });

const accessory = z
  .object({
    id: z.int().optional(),
    artifact_id: z.int(),
    subject_artifact_id: z.int().optional(),
    subject_artifact_digest: z.string(),
    subject_artifact_repo: z.string(),
    size: z.int(),
    digest: z.string(),
    type: z.string(),
    icon: z.string(),
    creation_time: time.optional(),
  })
  .meta({ id: 'Accessory' });

export const artifact = z
  .object({
    id: z.int().optional(),
    type: z.string().optional(),
    media_type: z.string().optional(),
    manifest_media_type: z.string().optional(),
    artifact_type: z.string().optional(),
    project_id: z.int().optional(),
    repository_id: z.int().optional(),
    repository_name: z.string().optional(),
    digest: z.string().optional(),
    size: z.int().optional(),
    icon: z.string().optional(),
    push_time: time.optional(),
    pull_time: time.optional(),
    extra_attrs: z.record(z.string(), z.unknown()).optional(),
    annotations: annotations.nullish(),
    references: z.array(reference).nullish(),
    tags: z.array(tag).nullish(),
    addition_links: z.record(z.string(), z.object({ href: z.string().optional(), absolute: z.boolean() })).optional(),
    labels: z.array(label).nullish(),
    scan_overview: z
      .record(z.string(), reportSummary)
      .optional()
      .meta({ description: 'By the media type of the report.' }),
    sbom_overview: sbomOverview.optional(),
    accessories: z.array(accessory).nullish(),
    inherited_accessories: z.array(accessory).nullish(),
  })
  .meta({ id: 'Artifact' });

const artifactsPath = '/api/v2.0/projects/{project_name}/repositories/{repository_name}/artifacts';
const artifactPath = `${artifactsPath}/{reference}` as const;

export const listArtifacts = route({
  operationId: 'listArtifacts',
  method: 'GET',
  path: artifactsPath,
  tag: 'artifact',
  permission: 'artifact:list',
  at: 'project',
  summary: 'List the artifacts of a repository.',
  params: repositoryParams,
  query: z.object({ ...listQuery, ...artifactParts }),
  headers: acceptedReports,
  responses: { 200: z.array(artifact), ...onOne, 422: harborErrors },
});

export const copyArtifact = route({
  operationId: 'CopyArtifact',
  method: 'POST',
  path: artifactsPath,
  tag: 'artifact',
  permission: 'artifact:create',
  at: 'project',
  summary: 'Copy an artifact from another repository; reading it there needs artifact:read.',
  params: repositoryParams,
  query: z.object({
    from: z.string().min(1).max(1024).meta({ description: '`project/repository:tag` or `project/repository@digest`.' }),
  }),
  responses: { 201: null, ...onOne, 405: harborErrors, 409: harborErrors, 412: harborErrors },
});

export const getArtifact = route({
  operationId: 'getArtifact',
  method: 'GET',
  path: artifactPath,
  tag: 'artifact',
  permission: 'artifact:read',
  at: 'project',
  summary: 'Read an artifact by its tag or digest.',
  params: artifactParams,
  query: z.object({ ...pageQuery, ...artifactParts, with_signature: z.boolean().default(false) }),
  headers: acceptedReports,
  responses: { 200: artifact, ...onOne },
});

export const deleteArtifact = route({
  operationId: 'deleteArtifact',
  method: 'DELETE',
  path: artifactPath,
  tag: 'artifact',
  permission: 'artifact:delete',
  at: 'project',
  summary: 'Delete an artifact with its tags and accessories.',
  params: artifactParams,
  responses: { 200: null, ...onOne, 412: harborErrors },
});

export const createTag = route({
  operationId: 'createTag',
  method: 'POST',
  path: `${artifactPath}/tags`,
  tag: 'artifact',
  permission: 'tag:create',
  at: 'project',
  summary: 'Give an artifact one more tag.',
  params: artifactParams,
  body: z.object({ name: z.string().min(1).max(128) }),
  responses: { 201: null, ...onOne, 405: harborErrors, 409: harborErrors, 412: harborErrors },
});

export const listTags = route({
  operationId: 'listTags',
  method: 'GET',
  path: `${artifactPath}/tags`,
  tag: 'artifact',
  permission: 'tag:list',
  at: 'project',
  summary: 'List the tags of an artifact.',
  params: artifactParams,
  query: z.object({ ...listQuery, with_immutable_status: z.boolean().default(false) }),
  responses: { 200: z.array(tag), ...onOne, 422: harborErrors },
});

export const deleteTag = route({
  operationId: 'deleteTag',
  method: 'DELETE',
  path: `${artifactPath}/tags/{tag_name}`,
  tag: 'artifact',
  permission: 'tag:delete',
  at: 'project',
  summary: 'Take a tag off an artifact, which stays.',
  params: z.object({ ...artifactParams.shape, tag_name: z.string().min(1).max(128) }),
  responses: { 200: null, ...onOne, 412: harborErrors },
});

export const listAccessories = route({
  operationId: 'listAccessories',
  method: 'GET',
  path: `${artifactPath}/accessories`,
  tag: 'artifact',
  permission: 'accessory:list',
  at: 'project',
  summary: 'List what is attached to an artifact: signatures, SBOMs and the like.',
  params: artifactParams,
  query: z.object(listQuery),
  responses: { 200: z.array(accessory), ...onOne },
});

export const getVulnerabilitiesAddition = route({
  operationId: 'getVulnerabilitiesAddition',
  method: 'GET',
  path: `${artifactPath}/additions/vulnerabilities`,
  tag: 'artifact',
  permission: 'artifact-addition:read',
  at: 'project',
  summary: 'Read the vulnerability reports of an artifact, by media type.',
  params: artifactParams,
  headers: acceptedReports,
  responses: { 200: vulnerabilityReports, ...onOne },
});

export const getAddition = route({
  operationId: 'getAddition',
  method: 'GET',
  path: `${artifactPath}/additions/{addition}`,
  tag: 'artifact',
  permission: 'artifact-addition:read',
  at: 'project',
  summary: 'Read something that belongs to an artifact of its kind, as JSON or text.',
  params: z.object({
    ...artifactParams.shape,
    addition: z.enum(['build_history', 'values.yaml', 'readme.md', 'dependencies', 'sbom', 'license', 'files']),
  }),
  // Text for values.yaml, readme.md and license, JSON for the others.
  responses: { 200: z.unknown(), ...onOne, 422: harborErrors },
});

export const addLabel = route({
  operationId: 'addLabel',
  method: 'POST',
  path: `${artifactPath}/labels`,
  tag: 'artifact',
  permission: 'artifact-label:create',
  at: 'project',
  summary: 'Put a label of the project or of the registry on an artifact.',
  params: artifactParams,
  // Clients send a whole label; only which one it is counts.
  body: z.object({ id }),
  responses: { 200: null, ...onOne, 409: harborErrors },
});

export const removeLabel = route({
  operationId: 'removeLabel',
  method: 'DELETE',
  path: `${artifactPath}/labels/{label_id}`,
  tag: 'artifact',
  permission: 'artifact-label:delete',
  at: 'project',
  summary: 'Take a label off an artifact.',
  params: z.object({ ...artifactParams.shape, label_id: id }),
  responses: { 200: null, ...onOne, 409: harborErrors },
});

export const artifactRecords: readonly RouteRecord[] = [
  listArtifacts,
  copyArtifact,
  getArtifact,
  deleteArtifact,
  createTag,
  listTags,
  deleteTag,
  listAccessories,
  getVulnerabilitiesAddition,
  getAddition,
  addLabel,
  removeLabel,
];
