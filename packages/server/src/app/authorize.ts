import type { RouteRecord } from '@entrepot/contract/route';
import type { Permission } from '@entrepot/contract/permissions';
import type { Actor } from '#kernel/actor';
import { RegistryError } from '#kernel/errors';
import type { Authorize, RequestedProject } from '#platform/http/management';
import { type Access, projectNotFound } from '#tenancy/access';
import type { Projects } from '#tenancy/projects';

/**
 * Asks the permission of a record where the record says: in the project that the path names, or in the registry. What
 * only the handler can find, the handler asks for itself.
 */
export function createAuthorize(access: Access, projects: Pick<Projects, 'find'>): Authorize {
  async function inProject(
    actor: Actor,
    record: RouteRecord,
    params: Readonly<Record<string, string>>,
    isName: boolean,
  ): Promise<RequestedProject> {
    const named = params['project_name'];
    const nameOrId = named ?? params['project_name_or_id'] ?? '';
    const project = await projects.find(nameOrId, named !== undefined || isName);
    if (project === undefined) {
      // Nobody learns what there is: who is not signed in is asked to sign in, whether it is there or not.
      if (actor.kind === 'anonymous') throw new RegistryError('unauthorized', 'unauthorized: sign in first.');
      throw projectNotFound(nameOrId);
    }
    const repository = params['repository_name'];
    const place = { project, repository: repository === undefined ? undefined : `${project.name}/${repository}` };
    try {
      await access.demand(actor, record.permission as Permission, place);
    } catch (error) {
      // The same words as for a project that is not there, which is named as it was asked for.
      if (error instanceof RegistryError && error.code === 'project-not-found') throw projectNotFound(nameOrId);
      throw error;
    }
    return project;
  }

  return async (actor, record, params, { isName }) => {
    if (record.permission === 'public' || record.permission === 'authenticated') return undefined;
    if (record.at === 'project') return inProject(actor, record, params, isName);
    if (record.at === 'system') await access.demandInSystem(actor, record.permission);
    return undefined;
  };
}
