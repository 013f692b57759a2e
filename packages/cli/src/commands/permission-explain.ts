import { manageVerb } from '#src/management/manage-verb';
import { explainPermission, explainPermissionInProject } from '@entrepot/contract/entrepot/explain';
import { UsageError } from '#src/failures/failures';
import { byName, splitRepository } from '#src/management/find-one';
import { formatFields } from '#src/output/table';

/** What a short word asks for in the end: the permission that a pull, a push or a removal fails without. */
const decisive: Readonly<Record<string, string>> = {
  pull: 'repository:pull',
  push: 'repository:push',
  delete: 'artifact:delete',
};

export const permissionExplainVerb = manageVerb({
  name: 'permission explain',
  description:
    'Say whether somebody may do something, and which rule decides: a role in a project, in some repositories or in the ' +
    'registry, a permission of a robot, or that a project is public. Without --user, --robot and --group it is about ' +
    'somebody who is not signed in.',
  arguments: {
    PERMISSION: { kind: 'one', describes: 'pull, push, delete, or resource:action such as member:create.' },
  },
  options: {
    user: { kind: 'text', flags: '--user <name>', describes: 'The user it is about.' },
    robot: { kind: 'text', flags: '--robot <name>', describes: 'The robot it is about, by its whole name.' },
    group: { kind: 'text', flags: '--group <name>', describes: 'The group it is about.' },
    project: { kind: 'text', flags: '--project <name>', describes: 'In this project.' },
    repository: { kind: 'text', flags: '--repository <name>', describes: 'In this repository, as PROJECT/REPOSITORY.' },
  },
  examples: [
    {
      does: 'See why somebody cannot push',
      command: 'entrepot permission explain push --user anna --repository team/app',
    },
    {
      does: 'See whether a robot may remove',
      command: "entrepot permission explain delete --robot 'robot$team+ci' --project team",
    },
  ],
  async work(client, { arguments: { PERMISSION }, options }) {
    const { user, robot, group, repository } = options;
    if ([user, robot, group].filter((one) => one !== undefined).length > 1) {
      throw new UsageError('it is about one of them only', 'leave one of --user, --robot and --group.');
    }
    const place = repository === undefined ? undefined : splitRepository(repository);
    const project = place?.project_name ?? options.project;
    const permission = (Object.hasOwn(decisive, PERMISSION) ? decisive[PERMISSION] : undefined) ?? PERMISSION;
    const query = { permission, user, robot, group, repository: place?.repository_name };
    const { body } =
      project === undefined
        ? await client.call(explainPermission, { query })
        : await client.call(explainPermissionInProject, {
            params: { project_name_or_id: project },
            headers: byName,
            query,
          });
    const considered = body.considered.map(({ rule, allows }) => `${allows ? 'yes' : 'no '}  ${rule}`);
    const said = formatFields([
      ['Allowed', body.allowed ? 'yes' : 'no'],
      ['Rule', body.rule ?? 'none allows it'],
    ]);
    const looked = considered.length === 0 ? '' : `Looked at:\n${considered.map((line) => `  ${line}\n`).join('')}`;
    return { data: { permission, ...body }, said: `${said}${looked}` };
  },
});
