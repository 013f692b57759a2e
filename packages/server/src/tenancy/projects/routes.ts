import { createProject, deleteProject, headProject } from '@entrepot/contract/harbor/project';
import type { Asker } from '#kernel/actor';
import { RegistryError } from '#kernel/errors';
import { type ManagedRoute, serve } from '#platform/http';
import type { Access } from '#tenancy/access';
import type { Projects } from './service.ts';
import type { Project } from '#tenancy/access';

export interface ProjectRoutesDeps {
  readonly projects: Projects;
  readonly access: Access;
  readonly readOnly: boolean;
}

export function projectRoutes({ projects, access, readOnly }: ProjectRoutesDeps): ManagedRoute[] {
  /** The project if the asker may know of it; what he may not see is not there. */
  async function seen(asker: Asker, nameOrId: string, isName: boolean): Promise<Project> {
    const project = await projects.find(nameOrId, isName);
    if (project !== undefined && (await access.accountOfMay(asker.actor, 'project:read', project))) return project;
    throw new RegistryError('project-not-found', `project ${nameOrId} not found`);
  }

  function assertWritable(): void {
    if (readOnly) throw new RegistryError('read-only', 'The registry is read-only at the moment.');
  }

  return [
    serve(createProject, async ({ asker, body, headers }) => {
      assertWritable();
      const project = await projects.create(asker, {
        name: body.project_name,
        public: (body.metadata?.public ?? String(body.public ?? false)) === 'true',
      });
      const named = headers['x-resource-name-in-location'] === 'true';
      return { status: 201, headers: { Location: `/api/v2.0/projects/${named ? project.name : project.id}` } };
    }),
    serve(deleteProject, async ({ asker, params, headers }) => {
      assertWritable();
      const project = await seen(asker, params.project_name_or_id, headers['x-is-resource-name'] === 'true');
      if (!(await access.accountOfMay(asker.actor, 'project:delete', project))) {
        throw new RegistryError('denied', `You may not delete the project ${project.name}.`);
      }
      await projects.delete(asker, project);
      return { status: 200 };
    }),
    serve(headProject, async ({ asker, query }) => {
      await seen(asker, query.project_name, true);
      return { status: 200 };
    }),
  ];
}
