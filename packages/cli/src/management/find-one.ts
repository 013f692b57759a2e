import { listLocalGroups } from '@entrepot/contract/entrepot/group';
import { listProjectMembers } from '@entrepot/contract/harbor/member';
import { getProject } from '@entrepot/contract/harbor/project';
import { listQuotas } from '@entrepot/contract/harbor/quota';
import { listRegistries } from '@entrepot/contract/harbor/registry';
import { listRobot } from '@entrepot/contract/harbor/robot';
import { listUserGroups } from '@entrepot/contract/harbor/user-group';
import { searchUsers } from '@entrepot/contract/harbor/user';
import { listWebhookPoliciesOfProject } from '@entrepot/contract/harbor/webhook';
import { MissingError } from '#src/failures/failures';
import type { ManagementClient } from './client.ts';
import { listAll } from './list-all.ts';

// People name things; the management API wants numbers.

/** A project is always meant by its name, digits or not. */
export const byName = { 'x-is-resource-name': 'true' } as const;

async function only<T>(entries: AsyncIterable<T>, isIt: (entry: T) => boolean, missing: MissingError): Promise<T> {
  for await (const entry of entries) {
    if (isIt(entry)) {
      return entry;
    }
  }
  throw missing;
}

/** Rejects with the API's answer when there is no such project. */
export async function findProject(client: ManagementClient, name: string) {
  const { body } = await client.call(getProject, { params: { project_name_or_id: name }, headers: byName });
  return body;
}

/** Rejects with MissingError when there is no such user. */
export async function findUser(client: ManagementClient, name: string) {
  return only(
    listAll(client, searchUsers, { query: { username: name } }),
    (user) => user.username === name,
    new MissingError(`there is no user ${name}`, 'see who is: entrepot user ls'),
  );
}

const noGroup = (name: string) => new MissingError(`there is no group ${name}`, 'see which are: entrepot group ls');

/** A group that is kept in the registry by hand. Rejects with MissingError when there is none of that name. */
export async function findLocalGroup(client: ManagementClient, name: string) {
  return only(
    listAll(client, listLocalGroups, { query: { name } }),
    (group) => group.name === name,
    new MissingError(`there is no group ${name} that is kept here`, 'see which are: entrepot group ls'),
  );
}

/** A group, whether kept here or of a directory or provider. Rejects with MissingError when there is no such one. */
export async function findGroup(client: ManagementClient, name: string): Promise<{ id: number; isLocal: boolean }> {
  for await (const group of listAll(client, listLocalGroups, { query: { name } })) {
    if (group.name === name) {
      return { id: group.id, isLocal: true };
    }
  }
  const groups = listAll(client, listUserGroups, { query: { group_name: name } });
  const { id = 0 } = await only(groups, (group) => group.group_name === name, noGroup(name));
  return { id, isLocal: false };
}

/** Rejects with MissingError when there is no such registry among those that this one knows. */
export async function findRegistry(client: ManagementClient, name: string) {
  return only(
    listAll(client, listRegistries, { query: { name } }),
    (registry) => registry.name === name,
    new MissingError(`there is no registry ${name}`, 'see which are: entrepot registry ls'),
  );
}

/** Rejects with MissingError when the project has no such webhook. */
export async function findWebhook(client: ManagementClient, project: string, name: string) {
  return only(
    listAll(client, listWebhookPoliciesOfProject, { params: { project_name_or_id: project }, headers: byName }),
    (policy) => policy.name === name,
    new MissingError(`${project} has no webhook ${name}`, `see which are: entrepot webhook ls ${project}`),
  );
}

/** By its full name, with or without the prefix: `robot$team+builder`. Rejects with MissingError when there is none. */
export async function findRobot(client: ManagementClient, name: string) {
  const bare = name.replace(/^[^$]*\$/, '');
  const project = bare.includes('+') ? await findProject(client, bare.slice(0, bare.indexOf('+'))) : undefined;
  const q = project === undefined ? {} : { q: `Level=project,ProjectID=${project.project_id}` };
  return only(
    listAll(client, listRobot, { query: q }),
    (robot) => robot.name === name || robot.name?.replace(/^[^$]*\$/, '') === bare,
    new MissingError(`there is no robot ${name}`, 'see which are: entrepot robot ls [--project NAME]'),
  );
}

/** The member of a project that is a user or a group of that name. Rejects with MissingError when there is none. */
export async function findMember(client: ManagementClient, project: string, name: string) {
  return only(
    listAll(client, listProjectMembers, {
      params: { project_name_or_id: project },
      headers: byName,
      query: { entityname: name },
    }),
    (member) => member.entity_name === name,
    new MissingError(`${name} is no member of ${project}`, `see who is: entrepot member ls ${project}`),
  );
}

/** The quota of a project. Rejects as `findProject` does. */
export async function findQuota(client: ManagementClient, name: string) {
  const project = await findProject(client, name);
  const query = { reference: 'project', reference_id: String(project.project_id) };
  return only(listAll(client, listQuotas, { query }), () => true, new MissingError(`${name} has no quota`));
}

/** `team/app` as the management API names a repository: the project and what is below it. */
export function splitRepository(name: string): { project_name: string; repository_name: string } {
  const slash = name.indexOf('/');
  if (slash < 1) {
    throw new MissingError(`${name} names no repository`, 'write PROJECT/REPOSITORY');
  }
  return { project_name: name.slice(0, slash), repository_name: name.slice(slash + 1) };
}
