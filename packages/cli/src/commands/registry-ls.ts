import { listVerb } from '#src/management/list-verb';
import { listRegistries } from '@entrepot/contract/harbor/registry';

export const registryLsVerb = listVerb({
  name: 'registry ls',
  description: 'List the other registries that this one knows, and whether they answer.',
  arguments: {},
  options: {},
  examples: [{ does: 'See them', command: 'entrepot registry ls' }],
  record: listRegistries,
  input: () => ({}),
  headings: ['NAME', 'TYPE', 'ADDRESS', 'USER', 'STATE'],
  row: (registry) => [registry.name, registry.type, registry.url, registry.credential?.access_key, registry.status],
});
