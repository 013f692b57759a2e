import { z } from 'zod';
import { type RouteRecord, route } from '#src/route';
import { harborErrors, onOne, signedIn } from './errors.ts';
import { listQuery, pageQuery } from './paging.ts';
import { id } from './params.ts';

const dangerousCve = z
  .object({
    cve_id: z.string().optional(),
    severity: z.string().optional(),
    cvss_score_v3: z.number().optional(),
    desc: z.string().optional(),
    package: z.string().optional(),
    version: z.string().optional(),
  })
  .meta({ id: 'DangerousCVE' });

const dangerousArtifact = z
  .object({
    project_id: id.optional(),
    repository_name: z.string().optional(),
    digest: z.string().optional(),
    critical_cnt: z.int(),
    high_cnt: z.int(),
    medium_cnt: z.int(),
  })
  .meta({ id: 'DangerousArtifact' });

const securitySummary = z
  .object({
    critical_cnt: z.int(),
    high_cnt: z.int().optional(),
    medium_cnt: z.int(),
    low_cnt: z.int(),
    none_cnt: z.int().optional(),
    unknown_cnt: z.int().optional(),
    total_vuls: z.int(),
    scanned_cnt: z.int(),
    total_artifact: z.int(),
    fixable_cnt: z.int(),
    dangerous_cves: z.array(dangerousCve).optional(),
    dangerous_artifacts: z.array(dangerousArtifact).optional(),
  })
  .meta({ id: 'SecuritySummary' });

const vulnerability = z
  .object({
    project_id: id.optional(),
    repository_name: z.string().optional(),
    digest: z.string().optional(),
    tags: z.array(z.string()).optional(),
    cve_id: z.string().optional(),
    severity: z.string().optional(),
    status: z.string().optional(),
    cvss_v3_score: z.number().optional(),
    package: z.string().optional(),
    version: z.string().optional(),
    fixed_version: z.string().optional(),
    desc: z.string().optional(),
    links: z.array(z.string()).optional(),
  })
  .meta({ id: 'VulnerabilityItem' });

const tag = 'securityhub';
const at = 'system';
const flag = z.boolean().optional();

export const getSecuritySummary = route({
  operationId: 'getSecuritySummary',
  method: 'GET',
  path: '/api/v2.0/security/summary',
  tag,
  permission: 'security-hub:read',
  at,
  summary: 'Count the vulnerabilities of the whole registry, with the worst of them where asked for.',
  query: z.object({ with_dangerous_cve: flag, with_dangerous_artifact: flag }),
  responses: { 200: securitySummary, ...onOne },
});

export const listVulnerabilities = route({
  operationId: 'ListVulnerabilities',
  method: 'GET',
  path: '/api/v2.0/security/vul',
  tag,
  permission: 'security-hub:list',
  at,
  summary: 'Search the vulnerabilities of the whole registry.',
  query: z.object({ q: listQuery.q, ...pageQuery, tune_count: flag, with_tag: flag }),
  responses: { 200: z.array(vulnerability), ...signedIn, 400: harborErrors },
});

export const securityHubRecords: readonly RouteRecord[] = [getSecuritySummary, listVulnerabilities];
