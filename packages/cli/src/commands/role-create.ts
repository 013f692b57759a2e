import { manageVerb } from '#src/management/manage-verb';
import { createRole } from '@entrepot/contract/entrepot/role';
import { expandPermissions, readPermissions } from '#src/management/read-permissions';

export const roleCreateVerb = manageVerb({
  name: 'role create',
  description: 'Make a role of permissions that you have yourself, to be given in projects or in some repositories.',
  arguments: { NAME: { kind: 'one', describes: 'The name of the role.' } },
  options: {
    allow: {
      kind: 'list',
      flags: '-a, --allow <permission>',
      describes: 'What it may: pull, push, delete, or resource:action; several times. Pull when left out.',
    },
    system: {
      kind: 'flag',
      flags: '--system',
      describes: 'It is given in the whole registry and reaches into every project.',
    },
    description: { kind: 'text', flags: '--description <text>', describes: 'What it is for.', default: '' },
  },
  examples: [
    {
      does: 'A role that pushes and moves tags',
      command: 'entrepot role create releaser -a pull -a push -a tag:delete',
    },
  ],
  async work(client, { arguments: { NAME }, options: { allow, system, description } }) {
    const words = allow.length === 0 ? ['pull'] : allow;
    readPermissions(words);
    const permissions = expandPermissions(words);
    const level = system ? 'system' : 'project';
    await client.call(createRole, { body: { name: NAME, level, description, permissions } });
    return { data: { role: NAME, level, permissions, created: true }, said: `Created the role ${NAME}\n` };
  },
});
