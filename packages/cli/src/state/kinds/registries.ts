import { createRegistry, deleteRegistry, listRegistries, updateRegistry } from '@entrepot/contract/harbor/registry';
import { UsageError } from '#src/failures/failures';
import { listAll } from '#src/management/list-all';
import { brief, type Kind, type Work } from '#src/state/kind';
import { flag, name, needed, optional, type ReadBy, record, secret, text } from '#src/state/read-value';
import { keptSecret, type SecretState } from '#src/state/secret';

const plain = record({
  name: needed(name),
  type: needed(name),
  url: needed(text({ pattern: /^https?:\/\/\S+$/, what: 'an address with https:// or http://', most: 2048 })),
  description: optional(text()),
  insecure: optional(flag),
  ca_certificate: optional(text({ most: 65_536 })),
  access_key: optional(text({ most: 4096 })),
  access_secret: optional(secret),
});

type Registry = Omit<ReadBy<typeof plain>, 'access_secret'> & { readonly access_secret: SecretState | undefined };

function valueOf(work: Work, access: SecretState | undefined): string | undefined {
  return access === undefined || 'kept' in access ? undefined : work.secretOf(access);
}

/** Registries that this one knows, for replication and for proxy projects. */
export const registries: Kind<Registry> = {
  noun: 'registry',
  read: plain,
  write: ({ insecure, ...registry }) => brief({ ...registry, insecure: insecure === true ? true : undefined }),
  keyOf: (registry) => registry.name,
  async list(client) {
    const found = await Array.fromAsync(listAll(client, listRegistries));
    return found.map((registry) => ({
      id: registry.id,
      entry: {
        name: registry.name ?? '',
        type: registry.type ?? '',
        url: registry.url ?? '',
        description: registry.description ?? '',
        insecure: registry.insecure ?? false,
        ca_certificate: registry.ca_certificate ?? '',
        access_key: registry.credential?.access_key ?? '',
        access_secret: registry.credential?.access_secret ? keptSecret : undefined,
      },
    }));
  },
  async create(work, { access_key: key, access_secret: access, ...registry }) {
    const credential = { type: 'basic' as const, access_key: key, access_secret: valueOf(work, access) };
    const body = { ...registry, ...(key === undefined && access === undefined ? {} : { credential }) };
    await work.client.call(createRegistry, { body });
  },
  async change(work, { access_secret: access, type, ...registry }, { id, entry }) {
    if (type !== entry.type) {
      throw new UsageError(`the type of a registry cannot be changed`, `remove the registry ${registry.name} first.`);
    }
    const body = { ...registry, access_secret: valueOf(work, access) };
    await work.client.call(updateRegistry, { params: { id }, body });
  },
  async remove({ client }, { id }) {
    await client.call(deleteRegistry, { params: { id } });
  },
};
