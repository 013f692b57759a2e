import { search } from '@entrepot/contract/harbor/search';
import { getStatistic } from '@entrepot/contract/harbor/statistic';
import { isAdmin } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import { createExpiring } from '#platform/cache';
import { type ManagedRoute, serve } from '#platform/http/management';
import { keepVisible, type RepositoryReadModel } from '#registry/repositories';
import type { Access } from '#tenancy/access';
import type { SearchReadModel } from './read-model.ts';

export interface SearchRoutesDeps {
  readonly found: SearchReadModel;
  readonly repositories: Pick<RepositoryReadModel, 'search'>;
  readonly access: Pick<Access, 'viewerOf' | 'accountOfMay'>;
  readonly clock: Clock;
}

/** Of each kind; who looks for more looks for something narrower. */
const mostFound = 100;

/** All content is added up once in so long at most. */
const storageTtlMs = 30_000;

export function searchRoutes({ found, repositories, access, clock }: SearchRoutesDeps): ManagedRoute[] {
  const storage = createExpiring<Promise<number>>({ capacity: 1, ttlMs: storageTtlMs, clock });

  function storageUsed(): Promise<number> {
    const known = storage.get('');
    if (known !== undefined) return known;
    const asked = found.storage();
    storage.set('', asked);
    asked.catch(() => storage.delete(''));
    return asked;
  }

  return [
    serve(search, async ({ asker, query }) => {
      if (query.q.includes('\0')) throw new RegistryError('query-invalid', 'query.q: may not hold a NUL.');
      const viewer = await access.viewerOf(asker.actor);
      const projects = await found.projects(viewer, query.q, mostFound);
      const matching = await repositories.search(viewer, query.q, mostFound);
      const visible = await keepVisible(access, asker.actor, matching);
      return {
        status: 200,
        body: {
          project: projects.map((project) => ({
            project_id: project.id,
            name: project.name,
            ...(project.ownerId === undefined ? {} : { owner_id: project.ownerId }),
            creation_time: new Date(project.createdAt).toISOString(),
            update_time: new Date(project.updatedAt).toISOString(),
            repo_count: project.repositories,
            metadata: { public: project.public ? ('true' as const) : ('false' as const) },
          })),
          repository: visible.map((repository) => ({
            project_id: repository.projectId,
            project_name: repository.projectName,
            project_public: repository.projectPublic,
            repository_name: repository.name,
            pull_count: repository.pullCount,
            artifact_count: repository.artifactCount,
          })),
        },
      };
    }),
    serve(getStatistic, async ({ asker }) => {
      const counts = await found.count(await access.viewerOf(asker.actor));
      return {
        status: 200,
        body: {
          private_project_count: counts.privateProjects,
          private_repo_count: counts.privateRepositories,
          public_project_count: counts.publicProjects,
          public_repo_count: counts.publicRepositories,
          total_project_count: counts.privateProjects + counts.publicProjects,
          total_repo_count: counts.privateRepositories + counts.publicRepositories,
          total_storage_consumption: isAdmin(asker.actor) ? await storageUsed() : 0,
        },
      };
    }),
  ];
}
