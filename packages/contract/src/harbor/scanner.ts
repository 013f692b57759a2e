import { z } from 'zod';
import { type RouteRecord, route } from '#src/route';
import { harborErrors, onOne, signedIn } from './errors.ts';
import { listQuery } from './paging.ts';
import { time } from './params.ts';
import { address, givenName, optionalFlag, optionalText, optionalWord } from './request-fields.ts';

/** A scanner that speaks the pluggable scanner API. */
export const scannerRegistration = z
  .object({
    uuid: z.string().optional(),
    name: z.string().optional(),
    description: z.string(),
    url: z.string().optional(),
    disabled: z.boolean(),
    is_default: z.boolean(),
    auth: z.string(),
    access_credential: z.string().meta({ description: 'Never the credential itself.' }),
    skip_certVerify: z.boolean(),
    use_internal_addr: z.boolean(),
    create_time: time.optional(),
    update_time: time.optional(),
    adapter: z.string().optional(),
    vendor: z.string().optional(),
    version: z.string().optional(),
    health: z.string().optional(),
    capabilities: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ id: 'ScannerRegistration' });

const access = {
  name: givenName,
  url: address,
  auth: optionalWord(['Basic', 'Bearer', 'APIKey']),
  access_credential: optionalText(16_384),
};

const registrationRequest = z
  .object({
    ...access,
    description: optionalText(1024),
    skip_certVerify: optionalFlag,
    use_internal_addr: optionalFlag,
    disabled: optionalFlag,
  })
  .meta({ id: 'ScannerRegistrationReq' });

const adapterMetadata = z
  .object({
    scanner: z
      .object({
        name: z.string().optional(),
        vendor: z.string().optional(),
        version: z.string().optional(),
      })
      .meta({ id: 'Scanner' })
      .optional(),
    capabilities: z
      .array(
        z
          .object({
            type: z.string(),
            consumes_mime_types: z.array(z.string()).optional(),
            produces_mime_types: z.array(z.string()).optional(),
          })
          .meta({ id: 'ScannerCapability' }),
      )
      .optional(),
    properties: z.record(z.string(), z.string()).optional(),
  })
  .meta({ id: 'ScannerAdapterMetadata' });

const tag = 'scanner';
const at = 'system';
const path = '/api/v2.0/scanners';
const onePath = `${path}/{registration_id}`;
const params = z.object({ registration_id: z.string().min(1).max(64) });

export const listScanners = route({
  operationId: 'listScanners',
  method: 'GET',
  path,
  tag,
  permission: 'scanner:list',
  at,
  summary: 'List the scanners of the registry.',
  query: z.object(listQuery),
  responses: { 200: z.array(scannerRegistration), ...signedIn, 400: harborErrors },
});

export const createScanner = route({
  operationId: 'createScanner',
  method: 'POST',
  path,
  tag,
  permission: 'scanner:create',
  at,
  summary: 'Connect a scanner.',
  body: registrationRequest,
  responses: { 201: null, ...signedIn, 400: harborErrors, 409: harborErrors },
});

export const pingScanner = route({
  operationId: 'pingScanner',
  method: 'POST',
  path: `${path}/ping`,
  tag,
  permission: 'scanner:read',
  at,
  summary: 'Try a connection to a scanner.',
  body: z.object({ ...access, skip_certVerify: optionalFlag }).meta({ id: 'ScannerRegistrationSettings' }),
  responses: { 200: null, ...signedIn, 400: harborErrors },
});

export const getScanner = route({
  operationId: 'getScanner',
  method: 'GET',
  path: onePath,
  tag,
  permission: 'scanner:read',
  at,
  summary: 'Show one scanner.',
  params,
  responses: { 200: scannerRegistration, ...onOne },
});

export const updateScanner = route({
  operationId: 'updateScanner',
  method: 'PUT',
  path: onePath,
  tag,
  permission: 'scanner:update',
  at,
  summary: 'Replace a scanner.',
  params,
  body: registrationRequest,
  responses: { 200: null, ...onOne, 409: harborErrors },
});

export const deleteScanner = route({
  operationId: 'deleteScanner',
  method: 'DELETE',
  path: onePath,
  tag,
  permission: 'scanner:delete',
  at,
  summary: 'Disconnect a scanner; the answer is what was kept about it.',
  params,
  responses: { 200: scannerRegistration, ...onOne },
});

export const setScannerAsDefault = route({
  operationId: 'setScannerAsDefault',
  method: 'PATCH',
  path: onePath,
  tag,
  permission: 'scanner:update',
  at,
  summary: 'Make a scanner the one that projects use unless they chose another.',
  params,
  body: z.object({ is_default: optionalFlag }).meta({ id: 'IsDefault' }),
  responses: { 200: null, ...onOne },
});

export const getScannerMetadata = route({
  operationId: 'getScannerMetadata',
  method: 'GET',
  path: `${onePath}/metadata`,
  tag,
  permission: 'scanner:read',
  at,
  summary: 'Ask a scanner who it is and what it can.',
  params,
  responses: { 200: adapterMetadata, ...onOne },
});

export const scannerRecords: readonly RouteRecord[] = [
  listScanners,
  createScanner,
  pingScanner,
  getScanner,
  updateScanner,
  deleteScanner,
  setScannerAsDefault,
  getScannerMetadata,
];
