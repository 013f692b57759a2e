import { z } from 'zod';
import { type RouteRecord, route } from '#src/route';
import { harborErrors, onOne } from './errors.ts';
import { optionalWord } from './request-fields.ts';

const body = z.object({ scan_type: optionalWord(['vulnerability', 'sbom']) }).meta({ id: 'ScanType' });

const tag = 'scan';
const at = 'project';
const path = '/api/v2.0/projects/{project_name}/repositories/{repository_name}/artifacts/{reference}/scan';
const params = z.object({
  project_name: z.string().min(1).max(255),
  repository_name: z.string().min(1).max(255),
  reference: z.string().min(1).max(255),
});

export const scanArtifact = route({
  operationId: 'scanArtifact',
  method: 'POST',
  path,
  tag,
  permission: 'scan:create',
  at,
  summary: 'Scan an artifact for vulnerabilities, or make its bill of materials.',
  params,
  body,
  bodyOptional: true,
  responses: { 202: null, ...onOne, 422: harborErrors },
});

export const stopScanArtifact = route({
  operationId: 'stopScanArtifact',
  method: 'POST',
  path: `${path}/stop`,
  tag,
  permission: 'scan:stop',
  at,
  summary: 'Stop the scan of an artifact.',
  params,
  body,
  responses: { 202: null, ...onOne, 422: harborErrors },
});

export const getReportLog = route({
  operationId: 'getReportLog',
  method: 'GET',
  path: `${path}/{report_id}/log`,
  tag,
  permission: 'scan:read',
  at,
  summary: 'Read the log of one scan of an artifact.',
  params: params.extend({ report_id: z.string().min(1).max(128) }),
  responses: { 200: z.string(), ...onOne },
  produces: 'text/plain',
});

export const scanRecords: readonly RouteRecord[] = [scanArtifact, stopScanArtifact, getReportLog];
