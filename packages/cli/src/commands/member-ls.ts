import { listVerb } from '#src/management/list-verb';
import { listProjectMembers } from '@entrepot/contract/harbor/member';
import { byName } from '#src/management/find-one';

export const memberLsVerb = listVerb({
  name: 'member ls',
  description: 'List who has which role in a project.',
  arguments: { PROJECT: { kind: 'one', describes: 'The name of the project.' } },
  options: {},
  examples: [{ does: 'See who is in a project', command: 'entrepot member ls team' }],
  record: listProjectMembers,
  input: ({ arguments: { PROJECT } }) => ({ params: { project_name_or_id: PROJECT }, headers: byName }),
  headings: ['NAME', 'KIND', 'ROLE'],
  row: (member) => [member.entity_name, member.entity_type === 'g' ? 'group' : 'user', member.role_name],
});
