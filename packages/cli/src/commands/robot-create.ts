import { manageVerb } from '#src/management/manage-verb';
import { createRobot } from '@entrepot/contract/harbor/robot';
import { setRobotLimits } from '@entrepot/contract/entrepot/robot';
import { readPermissions } from '#src/management/read-permissions';
import { formatFields } from '#src/output/table';

export const robotCreateVerb = manageVerb({
  name: 'robot create',
  description:
    'Create a robot of a project, or of the registry without --project, and show its secret: nobody sees it again. ' +
    'A robot may what it is given, and you can give what you have.',
  arguments: { NAME: { kind: 'one', describes: 'Its name, without the project.' } },
  options: {
    project: { kind: 'text', flags: '--project <name>', describes: 'The project it belongs to.' },
    allow: {
      kind: 'list',
      flags: '-a, --allow <permission>',
      describes: 'What it may: pull, push, delete, or resource:action; several times. Pull when left out.',
    },
    days: {
      kind: 'integer',
      flags: '--days <number>',
      describes: 'How long it lives.',
      min: 1,
      max: 36_500,
      default: 30,
    },
    forever: { kind: 'flag', flags: '--forever', describes: 'It never expires.' },
    description: { kind: 'text', flags: '--description <text>', describes: 'What it is for.', default: '' },
    repository: {
      kind: 'list',
      flags: '--repository <pattern>',
      describes: 'Only repositories whose name behind the project matches; several times.',
    },
    from: {
      kind: 'list',
      flags: '--from <network>',
      describes: 'Only from this network, as 10.0.0.0/8; several times.',
    },
  },
  examples: [
    { does: 'A robot that pulls', command: 'entrepot robot create puller --project team' },
    {
      does: 'A builder for one repository that lives 90 days',
      command: 'entrepot robot create builder --project team -a pull -a push --repository app --days 90',
    },
    { does: 'A robot that pulls from every project', command: 'entrepot robot create cluster --forever' },
  ],
  async work(client, { arguments: { NAME }, options }) {
    const { project, allow, days, forever, description, repository, from } = options;
    const access = readPermissions(allow.length === 0 ? ['pull'] : allow);
    const { body: robot } = await client.call(createRobot, {
      body: {
        name: NAME,
        level: project === undefined ? 'system' : 'project',
        description,
        duration: forever ? -1 : days,
        permissions: [{ kind: 'project', namespace: project ?? '*', access }],
      },
    });
    if (repository.length > 0 || from.length > 0) {
      await client.call(setRobotLimits, {
        params: { robot_id: robot.id ?? 0 },
        body: {
          ...(repository.length > 0 ? { repositories: [...repository] } : {}),
          ...(from.length > 0 ? { addresses: [...from] } : {}),
        },
      });
    }
    const said = formatFields([
      ['Name', robot.name],
      ['Secret', robot.secret],
    ]);
    return { data: robot, said };
  },
});
