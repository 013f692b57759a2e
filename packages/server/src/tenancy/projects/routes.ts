import { createProject, deleteProject, headProject } from '@entrepot/contract/harbor/project';
import { type ManagedRoute, serve } from '#platform/http/management';
import { type Access, projectNotFound } from '#tenancy/access';
import type { Projects } from './service.ts';

export interface ProjectRoutesDeps {
  readonly projects: Projects;
  readonly access: Access;
}

export function projectRoutes({ projects, access }: ProjectRoutesDeps): ManagedRoute[] {
  return [
    serve(createProject, async ({ asker, body, headers }) => {
      const project = await projects.create(asker, {
        name: body.project_name,
        public: (body.metadata?.public ?? String(body.public ?? false)) === 'true',
      });
      const named = headers['x-resource-name-in-location'] === 'true';
      return { status: 201, headers: { Location: `/api/v2.0/projects/${named ? project.name : project.id}` } };
    }),
    serve(deleteProject, async ({ asker, project }) => {
      await projects.delete(asker, project);
      return { status: 200 };
    }),
    serve(headProject, async ({ asker, query }) => {
      const project = await projects.find(query.project_name, true);
      if (project === undefined) throw projectNotFound(query.project_name);
      await access.demand(asker.actor, 'project:read', { project });
      return { status: 200 };
    }),
  ];
}
