import { manageVerb } from '#src/management/manage-verb';
import { listLocalGroups } from '@entrepot/contract/entrepot/group';
import { listUserGroups } from '@entrepot/contract/harbor/user-group';
import { listAll } from '#src/management/list-all';
import { formatTable } from '#src/output/table';

/** By Harbor's numbers, from one. */
const origins = ['LDAP', 'HTTP', 'OIDC'];

export const groupLsVerb = manageVerb({
  name: 'group ls',
  description: 'List groups: those that are kept here by hand, and those of a directory or a provider that are known.',
  arguments: {},
  options: { name: { kind: 'text', flags: '--name <text>', describes: 'Only groups with this text in their name.' } },
  examples: [{ does: 'See the groups', command: 'entrepot group ls' }],
  async work(client, { options: { name } }) {
    const here = listAll(client, listLocalGroups, { query: { name } });
    const elsewhere = listAll(client, listUserGroups, { query: { group_name: name } });
    const groups = [
      ...(await Array.fromAsync(here, (group) => ({ id: group.id, name: group.name, from: 'here', dn: '' }))),
      ...(await Array.fromAsync(elsewhere, (group) => ({
        id: group.id ?? 0,
        name: group.group_name ?? '',
        from: origins[(group.group_type ?? 0) - 1] ?? 'elsewhere',
        dn: group.ldap_group_dn ?? '',
      }))),
    ];
    const rows = groups.map((group) => [group.name, group.from, group.dn]);
    return { data: groups, said: formatTable(['NAME', 'FROM', 'DN'], rows) };
  },
});
