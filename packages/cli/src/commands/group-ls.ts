import { listVerb } from '#src/management/list-verb';
import { listUserGroups } from '@entrepot/contract/harbor/user-group';

/** By Harbor's numbers, from one. */
const origins = ['LDAP', 'HTTP', 'OIDC', 'here'];

export const groupLsVerb = listVerb({
  name: 'group ls',
  description: 'List groups, and from where they are known.',
  arguments: {},
  options: { name: { kind: 'text', flags: '--name <text>', describes: 'Only groups with this text in their name.' } },
  examples: [{ does: 'See the groups', command: 'entrepot group ls' }],
  record: listUserGroups,
  input: ({ options }) => (options.name === undefined ? {} : { query: { group_name: options.name } }),
  headings: ['NAME', 'FROM', 'DN'],
  row: (group) => [group.group_name, origins[(group.group_type ?? 4) - 1], group.ldap_group_dn],
});
