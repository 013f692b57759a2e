import { listRobot } from '@entrepot/contract/harbor/robot';
import { manageVerb } from '#src/management/manage-verb';
import { findProject } from '#src/management/find-one';
import { listAll } from '#src/management/list-all';
import { formatTable } from '#src/output/table';

export const robotLsVerb = manageVerb({
  name: 'robot ls',
  description: 'List the robots of the registry, or of a project.',
  arguments: {},
  options: { project: { kind: 'text', flags: '--project <name>', describes: 'Those of this project.' } },
  examples: [{ does: 'See the robots of a project', command: 'entrepot robot ls --project team' }],
  async work(client, { options: { project } }) {
    const id = project === undefined ? undefined : (await findProject(client, project)).project_id;
    const query = id === undefined ? {} : { q: `Level=project,ProjectID=${id}` };
    const robots = await Array.fromAsync(listAll(client, listRobot, { query }));
    const said = formatTable(
      ['NAME', 'EXPIRES', 'STATE', 'DESCRIPTION'],
      robots.map((robot) => [
        robot.name ?? '',
        (robot.expires_at ?? -1) === -1 ? 'never' : new Date((robot.expires_at ?? 0) * 1000).toISOString(),
        robot.disable ? 'disabled' : 'active',
        robot.description ?? '',
      ]),
    );
    return { data: robots, said };
  },
});
