import { manageVerb } from '#src/management/manage-verb';
import { getProjectSummary } from '@entrepot/contract/harbor/project';
import { byName, findProject } from '#src/management/find-one';
import { formatBytes } from '#src/output/byte-size';
import { formatFields } from '#src/output/table';

export const projectGetVerb = manageVerb({
  name: 'project get',
  description: 'Show a project, its quota and how many members it has.',
  arguments: { PROJECT: { kind: 'one', describes: 'The name of the project.' } },
  options: {},
  examples: [{ does: 'Look at a project', command: 'entrepot project get team' }],
  async work(client, { arguments: { PROJECT } }) {
    const project = await findProject(client, PROJECT);
    const { body: summary } = await client.call(getProjectSummary, {
      params: { project_name_or_id: PROJECT },
      headers: byName,
    });
    const { hard, used } = summary.quota ?? {};
    const limit = hard?.['storage'] === undefined || hard['storage'] < 0 ? 'unlimited' : formatBytes(hard['storage']);
    const members = [
      summary.project_admin_count,
      summary.maintainer_count,
      summary.developer_count,
      summary.guest_count,
      summary.limited_guest_count,
    ].reduce<number>((sum, count) => sum + (count ?? 0), 0);
    const said = formatFields([
      ['Name', project.name],
      ['Id', String(project.project_id ?? '')],
      ['Public', project.metadata?.public === 'true' ? 'yes' : 'no'],
      ['Owner', project.owner_name],
      ['Repositories', String(summary.repo_count)],
      ['Members', String(members)],
      ['Storage', `${formatBytes(used?.['storage'] ?? 0)} of ${limit}`],
      ['Artifacts', `${used?.['count'] ?? 0} of ${(hard?.['count'] ?? -1) < 0 ? 'unlimited' : hard?.['count']}`],
      ['Created', project.creation_time],
    ]);
    return { data: { ...project, summary }, said };
  },
});
