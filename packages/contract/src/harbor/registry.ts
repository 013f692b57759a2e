import { z } from 'zod';
import { type RouteRecord, route } from '#src/route';
import { harborErrors, onOne, signedIn } from './errors.ts';
import { listQuery } from './paging.ts';
import { id, time } from './params.ts';
import {
  address,
  certificates,
  givenName,
  optionalFlag,
  optionalId,
  optionalText,
  optionalWord,
} from './request-fields.ts';

const credentialTypes = ['basic', 'oauth', 'secret'] as const;

const credential = z
  .object({
    type: z.string().optional(),
    access_key: z.string().optional(),
    access_secret: z.string().optional().meta({ description: 'Never the secret: five asterisks where one is kept.' }),
  })
  .meta({ id: 'RegistryCredential' });

/** Another registry that replication and proxy projects use. */
export const registry = z
  .object({
    id: z.int().min(0),
    url: z.string().optional(),
    name: z.string().optional(),
    credential: credential.optional(),
    type: z.string().optional(),
    insecure: z.boolean().optional(),
    ca_certificate: z.string().nullish(),
    description: z.string().optional(),
    status: z.string().optional(),
    creation_time: time.optional(),
    update_time: time.optional(),
  })
  .meta({ id: 'Registry' });

const registryRequest = z
  .object({
    name: givenName,
    url: address,
    type: z.string().min(1).max(64),
    credential: z
      .object({
        type: optionalWord(credentialTypes),
        access_key: optionalText(4096),
        access_secret: optionalText(16_384),
      })
      .nullish(),
    insecure: optionalFlag,
    ca_certificate: certificates,
    description: optionalText(1024),
  })
  .meta({ id: 'RegistryRequest' });

const connection = {
  credential_type: optionalWord(credentialTypes),
  access_key: optionalText(4096),
  access_secret: optionalText(16_384),
  insecure: optionalFlag,
  ca_certificate: certificates,
};

const registryUpdate = z
  .object({
    name: givenName.nullish(),
    description: optionalText(1024),
    url: address.nullish(),
    ...connection,
  })
  .meta({ id: 'RegistryUpdate' });

const registryPing = z
  .object({ id: optionalId, type: optionalText(64), url: optionalText(2048), ...connection })
  .meta({ id: 'RegistryPing' });

const registryInfo = z
  .object({
    type: z.string().optional(),
    description: z.string().optional(),
    supported_resource_filters: z
      .array(
        z
          .object({
            type: z.string().optional(),
            style: z.string().optional(),
            values: z.array(z.string()).optional(),
          })
          .meta({ id: 'FilterStyle' }),
      )
      .optional(),
    supported_triggers: z.array(z.string()).optional(),
    supported_copy_by_chunk: z.boolean().optional(),
  })
  .meta({ id: 'RegistryInfo' });

const providerInfo = z
  .object({
    endpoint_pattern: z
      .object({
        endpoint_type: z.string().optional(),
        endpoints: z.array(z.object({ key: z.string().optional(), value: z.string().optional() })).optional(),
      })
      .optional(),
    credential_pattern: z
      .object({
        access_key_type: z.string().optional(),
        access_key_data: z.string().optional(),
        access_secret_type: z.string().optional(),
        access_secret_data: z.string().optional(),
      })
      .optional(),
  })
  .meta({ id: 'RegistryProviderInfo' });

const tag = 'registry';
const at = 'system';
const path = '/api/v2.0/registries';
const onePath = `${path}/{id}`;
const params = z.object({ id });

export const listRegistryProviderTypes = route({
  operationId: 'listRegistryProviderTypes',
  method: 'GET',
  path: '/api/v2.0/replication/adapters',
  tag,
  permission: 'replication-adapter:list',
  at,
  summary: 'List the kinds of registries that can be connected.',
  responses: { 200: z.array(z.string()), ...signedIn },
});

export const listRegistryProviderInfos = route({
  operationId: 'listRegistryProviderInfos',
  method: 'GET',
  path: '/api/v2.0/replication/adapterinfos',
  tag,
  permission: 'replication-adapter:list',
  at,
  summary: 'Tell for each kind of registry which addresses and credentials it takes.',
  responses: { 200: z.record(z.string(), providerInfo), ...signedIn },
});

export const createRegistry = route({
  operationId: 'createRegistry',
  method: 'POST',
  path,
  tag,
  permission: 'registry:create',
  at,
  summary: 'Connect another registry.',
  body: registryRequest,
  responses: { 201: null, ...signedIn, 400: harborErrors, 409: harborErrors },
});

export const listRegistries = route({
  operationId: 'listRegistries',
  method: 'GET',
  path,
  tag,
  permission: 'registry:list',
  at,
  summary: 'List the connected registries.',
  query: z.object({ ...listQuery, name: z.string().max(255).optional() }),
  responses: { 200: z.array(registry), ...signedIn, 400: harborErrors },
});

export const pingRegistry = route({
  operationId: 'pingRegistry',
  method: 'POST',
  path: `${path}/ping`,
  tag,
  permission: 'registry:read',
  at,
  summary: 'Try a connection to another registry, a kept one or one just described.',
  body: registryPing,
  responses: { 200: null, ...onOne },
});

export const getRegistry = route({
  operationId: 'getRegistry',
  method: 'GET',
  path: onePath,
  tag,
  permission: 'registry:read',
  at,
  summary: 'Show one connected registry.',
  params,
  responses: { 200: registry, ...onOne },
});

export const deleteRegistry = route({
  operationId: 'deleteRegistry',
  method: 'DELETE',
  path: onePath,
  tag,
  permission: 'registry:delete',
  at,
  summary: 'Disconnect a registry that neither a policy nor a project uses.',
  params,
  responses: { 200: null, ...onOne, 412: harborErrors },
});

export const updateRegistry = route({
  operationId: 'updateRegistry',
  method: 'PUT',
  path: onePath,
  tag,
  permission: 'registry:update',
  at,
  summary: 'Change a connected registry; what is left out stays.',
  params,
  body: registryUpdate,
  responses: { 200: null, ...onOne, 409: harborErrors },
});

export const getRegistryInfo = route({
  operationId: 'getRegistryInfo',
  method: 'GET',
  path: `${onePath}/info`,
  tag,
  permission: 'registry:read',
  at,
  summary: 'Tell which filters and triggers replication with this registry may use.',
  params,
  responses: { 200: registryInfo, ...onOne },
});

export const registryRecords: readonly RouteRecord[] = [
  listRegistryProviderTypes,
  listRegistryProviderInfos,
  createRegistry,
  listRegistries,
  pingRegistry,
  getRegistry,
  deleteRegistry,
  updateRegistry,
  getRegistryInfo,
];
