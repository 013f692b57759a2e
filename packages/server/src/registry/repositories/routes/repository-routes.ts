import {
  deleteRepository,
  getRepository,
  listAllRepositories,
  listRepositories,
  updateRepository,
} from '@entrepot/contract/harbor/repository';
import { listPins, pinRepository, unpinRepository } from '@entrepot/contract/entrepot/pin';
import { OciNameError } from '@entrepot/oci/name-error';
import { parseRepositoryName } from '@entrepot/oci/repository-name';
import { RegistryError } from '#kernel/errors';
import { readListQuery } from '#kernel/list-query';
import { listReply, type ManagedRoute, type RequestedProject, serve } from '#platform/http/management';
import type { ManifestUpkeep } from '#registry/manifests';
import {
  keepVisible,
  type Repositories,
  type RepositoryOverview,
  type RepositoryReadModel,
  type RepositoryStore,
} from '#registry/repositories';
import type { Access } from '#tenancy/access';

export interface RepositoryRoutesDeps {
  readonly overviews: RepositoryReadModel;
  readonly repositories: Repositories;
  readonly store: Pick<RepositoryStore, 'pinned'>;
  readonly upkeep: Pick<ManifestUpkeep, 'deleteRepository'>;
  readonly access: Pick<Access, 'viewerOf' | 'accountOfMay'>;
}

function render(repository: RepositoryOverview) {
  return {
    id: repository.id,
    project_id: repository.projectId,
    name: repository.name,
    description: repository.description,
    artifact_count: repository.artifactCount,
    pull_count: repository.pullCount,
    creation_time: new Date(repository.createdAt).toISOString(),
    update_time: new Date(repository.updatedAt).toISOString(),
  };
}

export function repositoryRoutes(deps: RepositoryRoutesDeps): ManagedRoute[] {
  const { overviews, repositories, store, upkeep, access } = deps;
  async function find(project: RequestedProject, name: string): Promise<RepositoryOverview> {
    const whole = `${project.name}/${name}`;
    const found = await overviews.find(project.id, whole);
    if (found === undefined) throw new RegistryError('repository-not-found', `repository ${whole} not found`);
    return found;
  }

  return [
    serve(listAllRepositories, async ({ asker, query, url }) => {
      const list = readListQuery(query);
      const { entries, total } = await overviews.list({ viewer: await access.viewerOf(asker.actor) }, list);
      const shown = await keepVisible(access, asker.actor, entries);
      return listReply(shown.map(render), total, list, url);
    }),
    serve(listRepositories, async ({ project, query, url }) => {
      const list = readListQuery(query);
      const { entries, total } = await overviews.list({ projectId: project.id }, list);
      return listReply(entries.map(render), total, list, url);
    }),
    serve(getRepository, async ({ project, params }) => ({
      status: 200,
      body: render(await find(project, params.repository_name)),
    })),
    serve(updateRepository, async ({ asker, project, params, body }) => {
      const repository = await find(project, params.repository_name);
      const description = body.description ?? '';
      if (description.includes('\0')) {
        throw new RegistryError('body-invalid', 'body.description: may not hold a NUL.');
      }
      await repositories.describe(asker, repository, description);
      return { status: 200 };
    }),
    serve(listPins, async ({ project }) => ({
      status: 200,
      body: (await store.pinned(project.id)).map((repository) => ({ repository })),
    })),
    serve(pinRepository, async ({ asker, project, params }) => {
      await repositories.pin(asker, await find(project, params.repository_name), true);
      return { status: 200 };
    }),
    serve(unpinRepository, async ({ asker, project, params }) => {
      await repositories.pin(asker, await find(project, params.repository_name), false);
      return { status: 200 };
    }),
    serve(deleteRepository, async ({ asker, project, params }) => {
      const { name } = await find(project, params.repository_name);
      await upkeep.deleteRepository(asker, project, parseName(name));
      return { status: 200 };
    }),
  ];
}

function parseName(name: string) {
  try {
    return parseRepositoryName(name);
  } catch (error) {
    if (error instanceof OciNameError) throw new RegistryError('name-invalid', error.message, { cause: error });
    throw error;
  }
}
