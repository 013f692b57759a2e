import { manageVerb } from '#src/management/manage-verb';
import { getCurrentUserInfo } from '@entrepot/contract/harbor/user';
import { formatFields } from '#src/output/table';

export const whoamiVerb = manageVerb({
  name: 'whoami',
  description: 'Show as whom you work with a registry, by the credentials that are kept for it.',
  arguments: {},
  options: {},
  examples: [{ does: 'See who you are', command: 'entrepot whoami --host hub.example.com' }],
  async work(client) {
    const { body } = await client.call(getCurrentUserInfo);
    const said = formatFields([
      ['Registry', client.registry],
      ['User', body.username],
      ['Email', body.email],
      ['Administrator', body.sysadmin_flag || body.admin_role_in_auth ? 'yes' : 'no'],
    ]);
    return { data: { registry: client.registry, ...body }, said };
  },
});
