import { z } from 'zod';
import { type RouteRecord, route } from '#src/route';
import { harborErrors, onOne, signedIn } from './errors.ts';
import { id, time } from './params.ts';
import { optionalText } from './request-fields.ts';

const request = z
  .object({
    job_name: optionalText(255),
    projects: z.array(id).max(100).nullish(),
    labels: z.array(id).max(100).nullish(),
    // Texts in Harbor's own notation: a list in braces, or names between commas.
    repositories: optionalText(8192),
    cveIds: optionalText(8192),
    tags: optionalText(8192),
  })
  .meta({ id: 'ScanDataExportRequest' });

const execution = z
  .object({
    id: id.optional(),
    user_id: z.int().optional(),
    status: z.string().optional(),
    trigger: z.string().optional(),
    start_time: time.optional(),
    end_time: time.optional(),
    status_text: z.string(),
    user_name: z.string(),
    file_present: z.boolean(),
  })
  .meta({ id: 'ScanDataExportExecution' });

const tag = 'scan data export';
// Which projects an export is about stands in the export, not in the path.
const at = 'object';
const path = '/api/v2.0/export/cve';
const params = z.object({ execution_id: id });

export const exportScanData = route({
  operationId: 'exportScanData',
  method: 'POST',
  path,
  tag,
  permission: 'export-cve:create',
  at,
  summary: 'Start an export of what scans found in the projects named.',
  headers: z.object({ 'x-scan-data-type': z.string().min(1).max(255) }),
  body: request,
  responses: {
    200: z.object({ id: id.optional() }).meta({ id: 'ScanDataExportJob' }),
    ...onOne,
    405: harborErrors,
    409: harborErrors,
  },
});

export const getScanDataExportExecution = route({
  operationId: 'getScanDataExportExecution',
  method: 'GET',
  path: `${path}/execution/{execution_id}`,
  tag,
  permission: 'export-cve:read',
  at,
  summary: 'Show how far an export is.',
  params,
  responses: { 200: execution, ...onOne },
});

export const getScanDataExportExecutionList = route({
  operationId: 'getScanDataExportExecutionList',
  method: 'GET',
  path: `${path}/executions`,
  tag,
  permission: 'export-cve:read',
  at,
  summary: "List the caller's exports.",
  responses: {
    200: z.object({ items: z.array(execution).optional() }).meta({ id: 'ScanDataExportExecutionList' }),
    ...signedIn,
    404: harborErrors,
  },
});

export const downloadScanData = route({
  operationId: 'downloadScanData',
  method: 'GET',
  path: `${path}/download/{execution_id}`,
  tag,
  permission: 'export-cve:read',
  at,
  summary: 'Download a finished export; afterwards it is gone.',
  params,
  query: z.object({ format: z.string().max(16).optional() }),
  responses: { 200: z.string(), ...onOne },
  produces: 'text/csv',
});

export const scanDataExportRecords: readonly RouteRecord[] = [
  exportScanData,
  getScanDataExportExecution,
  getScanDataExportExecutionList,
  downloadScanData,
];
