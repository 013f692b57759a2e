import { listProjects } from '@entrepot/contract/harbor/project';
import { RegistryResponseError } from '@entrepot/oci/client/errors';
import { type CliContext, tell } from '#src/context';
import { MissingError } from '#src/failures/failures';
import type { ManagementClient } from '#src/management/client';
import { listAll } from '#src/management/list-all';
import { writeSize } from '#src/management/read-size';
import { type ReachOptions, reachManagement } from '#src/management/reach';
import { writeOut } from '#src/output/write-result';
import { fetchProject } from './fetch-project.ts';
import { brief, type Found, type Kind } from './kind.ts';
import { groups } from './kinds/groups.ts';
import { labels } from './kinds/labels.ts';
import { members } from './kinds/members.ts';
import { registries } from './kinds/registries.ts';
import { repositoryMembers } from './kinds/repository-members.ts';
import { robots } from './kinds/robots.ts';
import { roles } from './kinds/roles.ts';
import { systemMembers } from './kinds/system-members.ts';
import { webhooks } from './kinds/webhooks.ts';
import { immutableTags } from './kinds/immutable-tags.ts';
import { retention } from './kinds/retention.ts';
import { workloadIdentities } from './kinds/workload-identities.ts';
import { listKind } from './plan-list.ts';
import { roleWithinProject } from './role-names.ts';
import { isSecret } from './secret.ts';
import { fetchSettings } from './settings.ts';

interface ExportOptions extends ReachOptions {
  readonly project: readonly string[];
  readonly output: 'yaml' | 'json';
}

const variablePart = (text: string) => text.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_');

/** Secrets stay in the registry; in their places stand variables that are named after them. */
function nameSecrets(value: unknown, path: readonly string[], variables: string[]): unknown {
  if (isSecret(value)) {
    const variable = path.map(variablePart).join('_');
    variables.push(variable);
    return `\${${variable}}`;
  }
  if (Array.isArray(value)) {
    return value.map((one, place) =>
      nameSecrets(one, value.length > 1 ? [...path, String(place + 1)] : path, variables),
    );
  }
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, nameSecrets(one, [...path, key], variables)]))
    : value;
}

/** What the asker may not list is left out, and told: whoever administers a project only may not see all there is. */
async function listPermitted<E extends object>(
  kind: Kind<E>,
  client: ManagementClient,
  project: string | undefined,
  context: CliContext,
): Promise<Found<E>[]> {
  try {
    return (await listKind(kind, client, project)) ?? [];
  } catch (error) {
    if (!(error instanceof RegistryResponseError) || error.status !== 403) {
      throw error;
    }
    tell(
      context,
      `left out: every ${kind.noun}${project === undefined ? '' : ` of ${project}`}, which you may not list`,
    );
    return [];
  }
}

interface Exporter {
  list<E extends object>(kind: Kind<E>, project?: string, isWanted?: (entry: E) => boolean): Promise<unknown[]>;
}

function createExporter(client: ManagementClient, variables: string[], context: CliContext): Exporter {
  return {
    async list(kind, project, isWanted = () => true) {
      const found = await listPermitted(kind, client, project, context);
      const said = found.filter(({ entry, unsayable }) => {
        if (unsayable !== undefined) {
          tell(context, `left out: the ${kind.noun} ${kind.keyOf(entry)}, for ${unsayable}`);
        }
        return unsayable === undefined && isWanted(entry);
      });
      return said
        .toSorted((a, b) => (kind.keyOf(a.entry) < kind.keyOf(b.entry) ? -1 : 1))
        .map(({ entry }) => {
          const path = [project ?? '', kind.noun, kind.keyOf(entry)].filter((part) => part !== '');
          return nameSecrets(kind.write(entry, project), path, variables);
        });
    },
  };
}

async function exportProject(client: ManagementClient, name: string, exporter: Exporter): Promise<object> {
  const project = await fetchProject(client, name);
  if (project === undefined) {
    throw new MissingError(`there is no project ${name}`, 'see which are: entrepot project ls');
  }
  const { quota, metadata, cve_allowlist: allowed } = project;
  return brief({
    name,
    public: project.public,
    quota: quota === undefined ? undefined : writeSize(quota.storage),
    artifact_quota: quota === undefined ? undefined : quota.count === -1 ? 'unlimited' : quota.count,
    metadata: Object.keys(metadata).length === 0 ? undefined : metadata,
    cve_allowlist: allowed,
    labels: await exporter.list(labels, name),
    roles: await exporter.list(roles, name),
    members: await exporter.list(members, name),
    repository_members: await exporter.list(repositoryMembers, name),
    robots: await exporter.list(robots, name),
    workload_identities: await exporter.list(workloadIdentities, name),
    webhooks: await exporter.list(webhooks, name),
    immutable_tags: await exporter.list(immutableTags, name),
    retention: (await exporter.list(retention, name))[0],
  });
}

/**
 * Writes what a registry is as a file that `apply` takes: all of it, or of some projects with nothing around them.
 * Rejects as the API does.
 */
export async function exportState(options: ExportOptions, context: CliContext): Promise<void> {
  using client = await reachManagement(options, context);
  const variables: string[] = [];
  const exporter = createExporter(client, variables, context);
  const all = options.project.length === 0;
  const names = all
    ? (await Array.fromAsync(listAll(client, listProjects))).map(({ name = '' }) => name).sort()
    : [...new Set(options.project)];
  const projects: object[] = [];
  for (const name of names) {
    projects.push(await exportProject(client, name, exporter));
  }
  const ofProject = (role: string) => names.some((name) => roleWithinProject(name, role) !== undefined);
  const state = brief({
    ...(all
      ? {
          settings: await fetchSettings(client),
          labels: await exporter.list(labels),
          groups: await exporter.list(groups),
          registries: await exporter.list(registries),
          roles: await exporter.list(roles, undefined, ({ name }) => !ofProject(name)),
          members: await exporter.list(systemMembers),
        }
      : {}),
    projects,
  });
  const { stringify } = await import('yaml');
  await writeOut(
    context,
    options.output === 'json'
      ? `${JSON.stringify(state, undefined, 2)}\n`
      : stringify(state, { lineWidth: 0, aliasDuplicateObjects: false }),
  );
  if (variables.length > 0) {
    tell(context, `secrets are not exported; before you apply this, set ${variables.join(', ')}`);
  }
}
