import { listVerb } from '#src/management/list-verb';
import { listRoles } from '@entrepot/contract/entrepot/role';
import { foldPermissions } from '#src/management/read-permissions';

export const roleLsVerb = listVerb({
  name: 'role ls',
  description: 'List the roles that were made here, beside the five that are always there, and what they may.',
  arguments: {},
  options: {},
  examples: [{ does: 'See the roles', command: 'entrepot role ls' }],
  record: listRoles,
  input: () => ({}),
  headings: ['NAME', 'IN', 'PERMISSIONS'],
  row: (role) => [
    role.name,
    role.level === 'system' ? 'registry' : 'projects',
    foldPermissions(role.permissions).join(', '),
  ],
});
