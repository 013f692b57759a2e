import {
  createRegistry,
  deleteRegistry,
  getRegistry,
  getRegistryInfo,
  listRegistries,
  listRegistryProviderInfos,
  listRegistryProviderTypes,
  pingRegistry,
  updateRegistry,
} from '@entrepot/contract/harbor/registry';
import {
  type CredentialType,
  describeProvider,
  describeProviders,
  providerTypes,
  type Registries,
  type RemoteRegistry,
} from '#features/registries';
import { readListQuery } from '#kernel/list-query';
import { listReply, type ManagedRoute, serve } from '#platform/http/management';

/** What stands for a secret that is kept; sent back, it means that secret. */
const keptSecret = '*****';

const credentialTypeOf = (word: CredentialType | '' | null | undefined): CredentialType | undefined =>
  word === '' || word === null ? undefined : word;

/** An empty secret and the asterisks keep the one there is. */
const secretOf = (text: string | null | undefined): string | undefined =>
  text === keptSecret || text === '' || text === null ? undefined : text;

function showRegistry(registry: RemoteRegistry) {
  return {
    id: registry.id,
    name: registry.name,
    url: registry.url,
    type: registry.type,
    ...((registry.accessKey !== '' || registry.hasSecret) && {
      credential: {
        type: registry.credentialType,
        access_key: registry.accessKey,
        ...(registry.hasSecret && { access_secret: keptSecret }),
      },
    }),
    insecure: registry.insecure,
    ...(registry.caCertificate !== '' && { ca_certificate: registry.caCertificate }),
    description: registry.description,
    status: registry.status,
    creation_time: new Date(registry.createdAt).toISOString(),
    update_time: new Date(registry.updatedAt).toISOString(),
  };
}

interface ConnectionBody {
  readonly credential_type?: CredentialType | '' | null | undefined;
  readonly access_key?: string | null | undefined;
  readonly access_secret?: string | null | undefined;
  readonly insecure?: boolean | null | undefined;
  readonly ca_certificate?: string | null | undefined;
}

const readConnection = (body: ConnectionBody) => ({
  credentialType: credentialTypeOf(body.credential_type),
  accessKey: body.access_key ?? undefined,
  accessSecret: secretOf(body.access_secret),
  insecure: body.insecure ?? undefined,
  caCertificate: body.ca_certificate ?? undefined,
});

export function registryEndpointRoutes({ registries }: { readonly registries: Registries }): ManagedRoute[] {
  return [
    serve(listRegistryProviderTypes, async () => ({ status: 200, body: providerTypes })),
    serve(listRegistryProviderInfos, async () => ({ status: 200, body: describeProviders() })),
    serve(createRegistry, async ({ asker, body }) => {
      const id = await registries.create(asker, {
        name: body.name,
        description: body.description ?? '',
        type: body.type,
        url: body.url,
        credentialType: credentialTypeOf(body.credential?.type) ?? 'basic',
        accessKey: body.credential?.access_key ?? '',
        accessSecret: secretOf(body.credential?.access_secret),
        insecure: body.insecure ?? false,
        caCertificate: body.ca_certificate ?? '',
      });
      return { status: 201, headers: { Location: `/api/v2.0/registries/${id}` } };
    }),
    serve(listRegistries, async ({ query, url }) => {
      const asked = readListQuery(query);
      const { name = '' } = query;
      const conditions =
        name === '' ? asked.conditions : [...asked.conditions, { kind: 'like', field: 'name', value: name } as const];
      const list = { ...asked, conditions };
      const { entries, total } = await registries.list(list);
      return listReply(entries.map(showRegistry), total, list, url);
    }),
    serve(pingRegistry, async ({ body }) => {
      const id = (body.id ?? 0) === 0 ? undefined : (body.id ?? undefined);
      await registries.ping(id, {
        type: body.type || undefined,
        url: body.url || undefined,
        ...readConnection(body),
      });
      return { status: 200 };
    }),
    serve(getRegistry, async ({ params }) => ({ status: 200, body: showRegistry(await registries.get(params.id)) })),
    serve(updateRegistry, async ({ asker, params, body }) => {
      await registries.update(asker, params.id, {
        name: body.name ?? undefined,
        description: body.description ?? undefined,
        url: body.url ?? undefined,
        ...readConnection(body),
      });
      return { status: 200 };
    }),
    serve(deleteRegistry, async ({ asker, params }) => {
      await registries.delete(asker, params.id);
      return { status: 200 };
    }),
    serve(getRegistryInfo, async ({ params }) => ({
      status: 200,
      body: describeProvider((await registries.get(params.id)).type),
    })),
  ];
}
