import { listVerb } from '#src/management/list-verb';
import { listUsers } from '@entrepot/contract/harbor/user';

export const userLsVerb = listVerb({
  name: 'user ls',
  description: 'List the accounts of people; for administrators of the registry.',
  arguments: {},
  options: {},
  examples: [{ does: 'See who there is', command: 'entrepot user ls' }],
  record: listUsers,
  input: () => ({}),
  headings: ['NAME', 'EMAIL', 'REAL NAME', 'ADMINISTRATOR', 'CREATED'],
  row: (user) => [
    user.username,
    user.email,
    user.realname,
    user.sysadmin_flag || user.admin_role_in_auth ? 'yes' : 'no',
    user.creation_time,
  ],
});
